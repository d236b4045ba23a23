"""Why a conversation stands where it stands in the queue, in sentences."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .models import Conversation


def why_here(conversation: Conversation) -> list[str]:
    """What decides its place, the weightiest first: urgency, what they spend, how long they wait."""
    if conversation.state == Conversation.State.CLOSED:
        return [_("It is closed: nobody waits.")]
    if conversation.state == Conversation.State.SNOOZED:
        return [_("It is snoozed: it comes back at its time, or when they write.")]
    if conversation.waiting_since is None:
        return [_("Nobody waits: the last word was ours.")]
    sentences = []
    if conversation.priority == Conversation.Priority.URGENT:
        sentences.append(_("It is urgent, so it stands before all that are not."))
    elif conversation.priority == Conversation.Priority.HIGH:
        sentences.append(_("Its priority is high, so it stands before ordinary ones."))
    if conversation.worth > 0:
        sentences.append(_("Among equals, who has spent more is answered first."))
    minutes = max(0, int((timezone.now() - conversation.waiting_since).total_seconds() // 60))
    waits = ngettext("They have waited for %(n)s minute.", "They have waited for %(n)s minutes.", minutes)
    sentences.append(waits % {"n": minutes})
    return sentences
