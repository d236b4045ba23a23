"""The small moves that all others are made of: a state, a row that goes, a line in the trace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from .words import Claimed, Connection

# (contact_id, message_id, what happened, detail)
Line = tuple[int, int, str, dict[str, Any] | None]


def json_rows(rows: Iterable[dict[str, Any]]) -> str:
    """Rows as one JSON text, for json_to_recordset."""
    return msgspec.json.encode(list(rows)).decode()


def whole(numbers: Iterable[int]) -> str:
    """An array of whole numbers as PostgreSQL writes it; psycopg's own way takes ten times as long for a batch."""
    return f"{{{','.join(map(str, numbers))}}}"


def texts(values: Iterable[str]) -> str:
    """An array of texts as PostgreSQL writes it."""
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in quoted) + "}"


def flags(truths: Iterable[bool]) -> str:
    """An array of yes and no as PostgreSQL writes it."""
    return f"{{{','.join(['t' if truth else 'f' for truth in truths])}}}"


def ends(times: Iterable[datetime | None]) -> str:
    """An array of moments that may be missing, as PostgreSQL writes it."""
    return f"{{{','.join(['NULL' if time is None else time.isoformat() for time in times])}}}"


def moments(times: Iterable[datetime]) -> str:
    """An array of moments as seconds since 1970, for to_timestamp; exact to the microsecond."""
    return f"{{{','.join(repr(time.timestamp()) for time in times)}}}"


def move(db: Connection, messages: Iterable[Claimed], *, to: str, when_in: Sequence[str], reason: str = "") -> None:
    keys = sorted((message.contact_id, message.id) for message in messages)
    if not keys:
        return
    db.execute(
        """
        UPDATE messages SET state = %(to)s, reason = %(reason)s
          FROM unnest(%(contacts)s::bigint[], %(ids)s::bigint[]) AS k (contact_id, id)
         WHERE messages.contact_id = k.contact_id
           AND messages.id = k.id
           AND messages.state = ANY(%(when_in)s)
        """,
        {
            "to": to,
            "reason": reason,
            "contacts": whole(key[0] for key in keys),
            "ids": whole(key[1] for key in keys),
            "when_in": list(when_in),
        },
    )


def forget(db: Connection, channel_id: int, messages: Iterable[Claimed]) -> None:
    db.execute(
        """
        WITH gone AS MATERIALIZED (
            SELECT id FROM outbox WHERE channel_id = %(channel_id)s AND id = ANY(%(ids)s::bigint[])
             ORDER BY id FOR UPDATE
        )
        DELETE FROM outbox USING gone WHERE outbox.channel_id = %(channel_id)s AND outbox.id = gone.id
        """,
        {"channel_id": channel_id, "ids": whole(message.id for message in messages)},
    )


def tell_pages(db: Connection, messages: Iterable[Claimed]) -> None:
    """Tell open pages (inbox.hub) that something became of these, where they are replies: nobody watches others.

    With the caller's commit. A line names the customer alone; a page asks for what it may see.
    """
    contacts = {message.contact_id for message in messages if message.priority == 0}
    if contacts:
        db.execute(
            """
            SELECT pg_notify('inbox', json_build_object('what', 'receipt', 'contact', contact)::text)
              FROM unnest(%(contacts)s::bigint[]) AS c (contact)
            """,
            {"contacts": whole(sorted(contacts))},
        )


def note(db: Connection, lines: Iterable[tuple[Claimed, str, dict[str, Any] | None]]) -> None:
    note_rows(db, [(message.contact_id, message.id, what, detail) for message, what, detail in lines])


def note_rows(db: Connection, lines: Sequence[tuple[int, int, str, dict[str, Any] | None]]) -> None:
    if not lines:
        return
    db.execute(
        """
        INSERT INTO message_events (contact_id, message_id, what, detail)
        SELECT * FROM unnest(%(contacts)s::bigint[], %(messages)s::bigint[], %(whats)s::text[], %(details)s::jsonb[])
        """,
        {
            "contacts": [line[0] for line in lines],
            "messages": [line[1] for line in lines],
            "whats": [line[2] for line in lines],
            "details": [None if line[3] is None else Jsonb(line[3]) for line in lines],
        },
    )


def note_waits(db: Connection, waits: Sequence[tuple[int, int, dict[str, Any]]]) -> None:
    """A line for each wait: (contact_id, message_id, {"reason": …, "until": …}).

    Who waits again for the same reason has one line for all of it: since when, until when, how many times.
    """
    if not waits:
        return
    db.execute(
        """
        WITH said AS (
            SELECT s.*, last.id AS line, last.detail AS before
              FROM unnest(%(contacts)s::bigint[], %(messages)s::bigint[], %(details)s::jsonb[])
                   AS s (contact_id, message_id, detail)
              LEFT JOIN LATERAL (
                    SELECT e.id, e.what, e.detail FROM message_events e
                     WHERE e.contact_id = s.contact_id AND e.message_id = s.message_id
                     ORDER BY e.at DESC, e.id DESC LIMIT 1
                   ) AS last ON last.what = 'waits' AND last.detail ->> 'reason' = s.detail ->> 'reason'
        ),
        again AS (
            UPDATE message_events e
               SET detail = said.detail || jsonb_build_object(
                       'times', COALESCE((said.before ->> 'times')::int, 1) + 1, 'again_at', now())
              FROM said
             WHERE e.contact_id = said.contact_id AND e.id = said.line
        )
        INSERT INTO message_events (contact_id, message_id, what, detail)
        SELECT contact_id, message_id, 'waits', detail FROM said WHERE line IS NULL
        """,
        {
            "contacts": [wait[0] for wait in waits],
            "messages": [wait[1] for wait in waits],
            "details": [Jsonb(wait[2]) for wait in waits],
        },
    )
