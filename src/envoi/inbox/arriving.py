"""Customers' messages find their conversations, or open them: a batch in a few statements, whatever its size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from django.db import connection, transaction

from ..messaging.ledger import SAID_BY_NOBODY
from ..notifications.actions import notify
from ..notifications.models import Notification
from ..team.models import Staff
from . import assigning, clock, live
from .happenings import Line, note_events
from .models import Conversation
from .words import Arrived, Opened, path_of

# What needs no answer: it opens no conversation and begins no wait.
ASKS_NOTHING = (*SAID_BY_NOBODY, "reaction")

# conversation_open_once is the arbiter, so that two processes make one conversation. What stood before is read for the
# events alone. A provider's clock that goes ahead of ours is no message of the future.
RECEIVE = """
WITH said AS (
    SELECT r.contact_id, r.channel_id, r.count, r.text, r.kind,
           LEAST(r.first_at, now()) AS first_at, LEAST(r.last_at, now()) AS last_at
      FROM json_to_recordset(%(rows)s::json)
           AS r (contact_id bigint, channel_id bigint, count int, first_at timestamptz, last_at timestamptz, text text,
                 kind text)
),
before AS MATERIALIZED (
    SELECT c.contact_id, c.id, c.state, c.waiting_since, c.unread
      FROM said s
      JOIN conversations c ON c.contact_id = s.contact_id AND c.channel_id = s.channel_id AND NOT (c.state = 'closed')
),
kept AS (
    INSERT INTO conversations AS c (contact_id, channel_id, worth, unread, opened_at, last_at, last_text, last_kind,
                                    last_direction, inbound_at, first_inbound_at, waiting_since)
    SELECT s.contact_id, s.channel_id, LEAST(COALESCE(t.spend, 0), 2147483647)::int, s.count, now(), s.last_at, s.text,
           s.kind, 'in', s.last_at, s.first_at, s.first_at
      FROM said s LEFT JOIN order_totals t ON t.contact_id = s.contact_id
     ORDER BY s.contact_id, s.channel_id
    ON CONFLICT (contact_id, channel_id) WHERE NOT (state = 'closed') DO UPDATE
       SET state = 'open', snoozed_until = NULL, worth = EXCLUDED.worth, unread = c.unread + EXCLUDED.unread,
           last_at = GREATEST(c.last_at, EXCLUDED.last_at), last_text = EXCLUDED.last_text,
           last_kind = EXCLUDED.last_kind, last_direction = 'in',
           inbound_at = GREATEST(c.inbound_at, EXCLUDED.inbound_at),
           first_inbound_at = COALESCE(c.first_inbound_at, EXCLUDED.first_inbound_at),
           waiting_since = COALESCE(c.waiting_since, EXCLUDED.waiting_since)
    RETURNING c.*, c.xmax = 0 AS is_new
)
SELECT k.is_new, COALESCE(b.state, '') AS was, b.waiting_since AS waited, COALESCE(b.unread, 0) AS had_unread,
       COALESCE(NULLIF(p.name, ''), p.phone, '') AS name, {columns}
  FROM kept k
  JOIN contacts p ON p.id = k.contact_id
  LEFT JOIN before b ON b.contact_id = k.contact_id AND b.id = k.id
"""
COLUMNS = tuple(field.attname for field in Conversation._meta.concrete_fields)
FOUND = ("is_new", "was", "waited", "had_unread", "name")
# What a row can't say by itself: who gets it, and when the clock looks at it again.
SETTLE = """
UPDATE conversations c SET look_at = r.look_at, assignee_id = r.assignee_id
  FROM json_to_recordset(%(rows)s::json) AS r (contact_id bigint, id bigint, look_at timestamptz, assignee_id bigint)
 WHERE c.contact_id = r.contact_id AND c.id = r.id
"""
# conversation_open_once: one probe each.
OPEN = """
SELECT c.contact_id, c.channel_id, c.id, c.assignee_id
  FROM unnest(%(contacts)s::bigint[], %(channels)s::bigint[]) AS p (contact_id, channel_id)
  JOIN conversations c ON c.contact_id = p.contact_id AND c.channel_id = p.channel_id AND NOT (c.state = 'closed')
"""

Pair = tuple[int, int]  # contact, channel


@transaction.atomic(savepoint=False)  # in intake's transaction, once a batch
def receive(received: Sequence[Arrived]) -> dict[int, Opened]:
    """Give each new message its conversation, by message id; what asks nothing and meets no open one has none.

    The caller leaves out what came before. An answer that was snoozed is open again; after a closed conversation the
    next one begins, and goes to whom `assigning.choose` says.
    """
    asking: dict[Pair, list[Arrived]] = {}
    for one in received:
        if one.asks and one.kind not in ASKS_NOTHING:
            asking.setdefault((one.contact_id, one.channel_id), []).append(one)
    found = _open(asking)
    silent = {(one.contact_id, one.channel_id) for one in received} - found.keys()
    found |= _already_open(silent)
    live.tell_all(
        live.Told("message", contact, opened.conversation_id, assignee=opened.assignee_id)
        for (contact, _channel), opened in found.items()
    )
    return {
        one.message_id: found[one.contact_id, one.channel_id]
        for one in received
        if (one.contact_id, one.channel_id) in found
    }


def _open(asking: dict[Pair, list[Arrived]]) -> dict[Pair, Opened]:
    if not asking:
        return {}
    rows = [_row(pair, said) for pair, said in sorted(asking.items())]
    columns = ", ".join(f'k."{name}"' for name in COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(RECEIVE.format(columns=columns), {"rows": msgspec.json.encode(rows).decode()})
        found = [dict(zip((*FOUND, *COLUMNS), row, strict=True)) for row in cursor.fetchall()]
    return _settled([(Conversation(**{name: row[name] for name in COLUMNS}), row) for row in found])


def _row(pair: Pair, said: Sequence[Arrived]) -> dict[str, Any]:
    last = max(said, key=lambda one: one.at)
    return {
        "contact_id": pair[0],
        "channel_id": pair[1],
        "count": len(said),
        "first_at": min(one.at for one in said),
        "last_at": last.at,
        "text": " ".join(last.text.replace("\x00", "")[:1_000].split())[:200],
        "kind": last.kind[:16],
    }


def _settled(found: Sequence[tuple[Conversation, dict[str, Any]]]) -> dict[Pair, Opened]:
    """Assign what is new, set the clock where a wait begins, write the events and tell whose conversation it is."""
    events: list[Line] = []
    changed, told = [], []
    service = clock.current()  # once a batch
    for conversation, row in found:
        key = (conversation.contact_id, conversation.id)
        if row["is_new"]:
            # It began with their first message, and stands above it.
            events.append(Line(*key, "opened", {"wrote": True}, conversation.first_inbound_at))
            conversation.assignee_id = assigning.choose(conversation, service)
            if conversation.assignee_id is not None:
                name = str(Staff.objects.get(pk=conversation.assignee_id))
                events.append(Line(*key, "assigned", {"to": conversation.assignee_id, "name": name, "why": "chosen"}))
                told.append((conversation, Notification.Kind.ASSIGNED, row["name"]))
        elif row["was"] == Conversation.State.SNOOZED:
            events.append(Line(*key, "reopened", {"why": "message"}))
        if conversation.assignee_id is not None and not row["is_new"] and not row["had_unread"]:
            told.append((conversation, Notification.Kind.NEW_MESSAGE, row["name"]))
        if row["waited"] is None or row["was"] == Conversation.State.SNOOZED:
            conversation.look_at = service.next_look(conversation)
            changed.append(conversation)
    _write(changed)
    note_events(events)
    for conversation, kind, name in told:
        link, staff_id = path_of(conversation.contact_id, conversation.id), conversation.assignee_id
        notify([staff_id] if staff_id else [], kind, link=link, facts={"contact": name})
    return {
        (conversation.contact_id, conversation.channel_id): Opened(
            conversation.id, row["is_new"], conversation.assignee_id
        )
        for conversation, row in found
    }


def _write(changed: Iterable[Conversation]) -> None:
    rows = [
        {"contact_id": one.contact_id, "id": one.id, "look_at": one.look_at, "assignee_id": one.assignee_id}
        for one in changed
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(SETTLE, {"rows": msgspec.json.encode(rows).decode()})


def _already_open(pairs: set[Pair]) -> dict[Pair, Opened]:
    if not pairs:
        return {}
    ordered = sorted(pairs)
    with connection.cursor() as cursor:
        cursor.execute(OPEN, {"contacts": [one[0] for one in ordered], "channels": [one[1] for one in ordered]})
        return {(row[0], row[1]): Opened(row[2], False, row[3]) for row in cursor.fetchall()}
