"""What keeps messages that have still to leave, and until when: for who waits at a page for one of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from .models import Message, State


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a message has not left yet, as its trace says it; until: None when nobody knows."""

    reason: str
    until: datetime | None


WAITING = """
-- One probe each of the outbox, and of the trace for its last line; what is being sent now waits for nothing.
SELECT o.id, c.state, l.state, l.reason, last.reason, CASE WHEN o.due_at > now() THEN o.due_at END
  FROM unnest(%(channels)s::bigint[], %(contacts)s::bigint[], %(ids)s::bigint[]) AS k (channel_id, contact_id, id)
  JOIN outbox o ON o.channel_id = k.channel_id AND o.id = k.id AND o.state = 'queued'
  JOIN channels c ON c.id = o.channel_id
  JOIN lanes l ON l.id = o.lane_id
  LEFT JOIN LATERAL (
        SELECT e.what, e.detail ->> 'reason' AS reason FROM message_events e
         WHERE e.contact_id = k.contact_id AND e.message_id = k.id
         ORDER BY e.at DESC, e.id DESC LIMIT 1
       ) AS last ON last.what = 'waits'
"""


def waits_of(messages: Iterable[Message]) -> dict[int, Wait]:
    """Those of the messages that are kept by something, by message id; what leaves as soon as it can is left out."""
    queued = [one for one in messages if one.direction == "out" and one.state == State.QUEUED]
    if not queued:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            WAITING,
            {
                "channels": [one.channel_id for one in queued],
                "contacts": [one.contact_id for one in queued],
                "ids": [one.id for one in queued],
            },
        )
        rows = cursor.fetchall()
    found: dict[int, Wait] = {}
    for message_id, channel, lane, held_because, reason, due_at in rows:
        if channel != "active":
            found[message_id] = Wait(f"channel_{channel}", None)
        elif lane == "held":
            found[message_id] = Wait(held_because or "held", None)
        elif reason and due_at:
            found[message_id] = Wait(reason, due_at)
    return found
