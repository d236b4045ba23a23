"""Lines between the messages: opened, assigned, snoozed, closed, alarmed. Table: conversation_events."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from ..team.models import Staff

# For every message that comes in: objects of Django took a fifth of the time that a batch of them has.
NOTE = """
INSERT INTO conversation_events (contact_id, conversation_id, what, by_id, detail, at)
SELECT contact_id, conversation_id, what, %(by)s::bigint, detail, COALESCE(at, statement_timestamp())
  FROM json_to_recordset(%(rows)s::json)
       AS r (position int, contact_id bigint, conversation_id bigint, what text, detail jsonb, at timestamptz)
 ORDER BY position
"""


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
    rows = [line._asdict() | {"position": position} for position, line in enumerate(lines)]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(NOTE, {"rows": json.dumps(rows, cls=DjangoJSONEncoder), "by": by.pk if by else None})
