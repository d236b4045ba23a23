"""Why a conversation stands where it stands in the queue, in sentences."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..orders.models import OrderSettings
from ..web.look import money
from .models import Conversation

# Further down nobody counts.
MOST_COUNTED = 99


def why_here(conversation: Conversation) -> list[str]:
    """What decides its place, the weightiest first: urgency, what they spend, how long they wait."""
    if conversation.state == Conversation.State.CLOSED:
        return [_("It is closed: nobody waits.")]
    if conversation.state == Conversation.State.SNOOZED:
        return [_("It is snoozed: it comes back at its time, or when they write.")]
    if conversation.waiting_since is None:
        return [_("Nobody waits: the last word was ours.")]
    sentences = [_place(conversation)]
    if conversation.priority == Conversation.Priority.URGENT:
        sentences.append(_("It is urgent, so it stands before all that are not."))
    elif conversation.priority == Conversation.Priority.HIGH:
        sentences.append(_("Its priority is high, so it stands before ordinary ones."))
    if conversation.worth > 0:
        spent = money(conversation.worth, OrderSettings.objects.values_list("currency", flat=True).first() or "")
        sentences.append(
            _("They have spent %(amount)s: among equals, who has spent more is first.") % {"amount": spent}
        )
    minutes = max(0, int((timezone.now() - conversation.waiting_since).total_seconds() // 60))
    waits = ngettext("They have waited for %(n)s minute.", "They have waited for %(n)s minutes.", minutes)
    sentences.append(waits % {"n": minutes})
    return sentences


def _place(one: Conversation) -> str:
    """Its number in the queue, in the queue's own order: conversations_waiting, from its head on."""
    same = Q(priority=one.priority)
    before = Q(priority__gt=one.priority) | same & Q(worth__gt=one.worth)
    before |= same & Q(worth=one.worth, waiting_since__lt=one.waiting_since)
    queue = Conversation.objects.filter(before, state=Conversation.State.OPEN, waiting_since__isnull=False)
    ahead = queue.order_by("-priority", "-worth", "waiting_since").values("id")[:MOST_COUNTED].count()
    if ahead == 0:
        return _("It is the first in the queue.")
    if ahead == MOST_COUNTED:
        return _("More than %(n)s stand before it in the queue.") % {"n": MOST_COUNTED - 1}
    return _("It is number %(n)s in the queue.") % {"n": ahead + 1}
