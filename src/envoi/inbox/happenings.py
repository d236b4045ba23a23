"""Lines between the messages: opened, assigned, snoozed, closed, alarmed. Table: conversation_events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ..team.models import Staff
from .models import ConversationEvent


class Line(NamedTuple):
    """What happened to a conversation; at: when, None for now. What a customer's message caused happened with it."""

    contact_id: int
    conversation_id: int
    what: str
    detail: Mapping[str, Any]
    at: datetime | None = None


def note_event(
    contact_id: int,
    conversation_id: int,
    what: str,
    *,
    by: Staff | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write down what happened to a conversation, in the caller's transaction. `detail` names people by id and name."""
    note_events([Line(contact_id, conversation_id, what, detail or {})], by=by)


def note_events(lines: Sequence[Line], *, by: Staff | None = None) -> None:
    """`note_event` for many, in one statement."""
    ConversationEvent.objects.bulk_create(
        ConversationEvent(
            contact_id=one.contact_id,
            conversation_id=one.conversation_id,
            what=one.what,
            by=by,
            detail=dict(one.detail),
            **({} if one.at is None else {"at": one.at}),
        )
        for one in lines
    )
