"""Lines between the messages: opened, assigned, snoozed, closed, alarmed. Table: conversation_events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..team.models import Staff
from .models import ConversationEvent

# (contact_id, conversation_id, what, detail)
Line = tuple[int, int, str, Mapping[str, Any]]


def note_event(
    contact_id: int,
    conversation_id: int,
    what: str,
    *,
    by: Staff | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write down what happened to a conversation, in the caller's transaction. `detail` names people by id and name."""
    note_events([(contact_id, conversation_id, what, detail or {})], by=by)


def note_events(lines: Sequence[Line], *, by: Staff | None = None) -> None:
    """`note_event` for many, in one statement."""
    ConversationEvent.objects.bulk_create(
        ConversationEvent(contact_id=contact_id, conversation_id=conversation_id, what=what, by=by, detail=dict(detail))
        for contact_id, conversation_id, what, detail in lines
    )
