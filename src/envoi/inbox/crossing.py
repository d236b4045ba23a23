"""Two answers that cross: whoever sends right after a colleague has answered is asked first."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..messaging.models import Message
from ..team.models import Staff
from ..team.rights import require
from .errors import JustAnswered
from .holding import held
from .models import MessageAuthor

# After so long one has seen what the colleague wrote.
CROSSING_SECONDS = 60
NEVER_LEFT = ("cancelled", "failed", "skipped")


@transaction.atomic
def not_crossing(contact_id: int, conversation_id: int, *, by: Staff) -> None:
    """Hold the conversation, and raise JustAnswered where a colleague was the last to answer, a moment ago.

    Called before an answer in its transaction, so that of two who send at once the second is asked. What the customer
    has written since asks for an answer of its own.
    """
    require(by, "inbox.write")
    held(contact_id, conversation_id)
    since = timezone.now() - timedelta(seconds=CROSSING_SECONDS)
    written = MessageAuthor.objects.filter(
        contact_id=contact_id, conversation_id=conversation_id, staff__isnull=False, at__gte=since
    )
    for last in written.select_related("staff").order_by("-message_id"):
        message = Message.objects.filter(contact_id=contact_id, id=last.message_id).first()
        if message is None or message.state in NEVER_LEFT or message.kind == "reaction":
            continue
        if last.staff_id == by.pk or _wrote_after(message):
            return
        seconds = max(round((timezone.now() - message.created_at).total_seconds()), 1)
        words = _("%(name)s answered %(seconds)s s ago. Send yours as well?")
        raise JustAnswered(words % {"name": last.staff, "seconds": seconds})


def _wrote_after(message: Message) -> bool:
    later = Message.objects.filter(contact_id=message.contact_id, channel_id=message.channel_id, direction="in")
    return later.filter(id__gt=message.id).exclude(kind="reaction").exists()
