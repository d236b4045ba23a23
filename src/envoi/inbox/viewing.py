"""Who has a conversation open: told to the pages that have it open too, and kept nowhere."""

from __future__ import annotations

from django.db import transaction

from ..team.models import Staff
from ..team.rights import require
from . import live


@transaction.atomic
def now_viewing(contact_id: int, conversation_id: int, *, by: Staff) -> None:
    """Say that somebody has a conversation open. Pages call it when it is opened, and again while it stays so."""
    require(by, "inbox.read")
    live.tell(contact_id, conversation_id, "presence", by=by.pk)
