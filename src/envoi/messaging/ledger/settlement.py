"""Unknown outcomes, settled by a person or by a provider that knows a repetition when it sees one.

Each function takes hold of the outbox rows first, as receipts do: whoever comes second finds nothing left to settle,
so a receipt that arrives at the same moment doubles and loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from .moves import note_rows
from .words import Connection

# A message that is sent again by choice has this long to leave.
AGAIN_FOR = timedelta(hours=24)

# What a policy may say of an outcome that stayed unknown beyond its time, and the line of the trace for it.
DECIDED = {"leave": "left_uncertain", "ask": "person_asked"}

# (contact_id, message_id), as a message's primary key.
Key = tuple[int, int]


def consider_sent(db: Connection, keys: Sequence[Key], *, by: str) -> int:
    """Take these as sent; a receipt that comes later still moves them on. Returns how many were still uncertain."""
    held = _hold(db, keys)
    _forget(db, held)
    return _settle(db, held, state="accepted", choice="considered_sent", by=by)


def give_up(db: Connection, keys: Sequence[Key], *, by: str) -> int:
    """Call these failed. Their customers' 24 hours stay taken, as it may have reached them; so a late receipt says."""
    held = _hold(db, keys)
    _forget(db, held)
    return _settle(db, held, state="failed", choice="given_up", by=by)


def send_again(db: Connection, keys: Sequence[Key], *, by: str, why: str = "sent_again") -> int:
    """Queue these once more: perhaps their customers get them twice, which whoever chose this has been told."""
    held = _hold(db, keys)
    if not held:
        return 0
    for channel_id, ids in _by_channel(held).items():
        _open_lanes(db, channel_id, ids)
        db.execute(
            """
            UPDATE outbox
               SET state = 'queued', due_at = now(), lease_until = NULL,
                   expires_at = CASE WHEN expires_at IS NULL THEN NULL ELSE GREATEST(expires_at, now() + %(for)s) END
             WHERE channel_id = %(channel_id)s AND id = ANY(%(ids)s) AND state = 'uncertain'
            """,
            {"channel_id": channel_id, "ids": ids, "for": AGAIN_FOR},
        )
    return _settle(db, held, state="queued", choice=why, by=by)


def repeat_safely(db: Connection, channel_id: int, *, younger_than: timedelta, tries: int) -> int:
    """Send what is uncertain on a channel again under the same Idempotency-Key, where the provider honours it.

    Only for providers.repeats: there a repetition within `younger_than` gets the first answer and reaches nobody twice.
    """
    rows = db.execute(
        """
        SELECT o.contact_id, o.id
          FROM outbox o
         WHERE o.channel_id = %(channel_id)s AND o.state = 'uncertain' AND o.attempts < %(tries)s
           AND EXISTS (SELECT 1 FROM message_events e
                        WHERE e.contact_id = o.contact_id AND e.message_id = o.id AND e.what = 'uncertain'
                          AND e.at > now() - %(younger)s)
         ORDER BY o.id LIMIT 1000
        """,
        {"channel_id": channel_id, "tries": tries, "younger": younger_than},
    ).fetchall()
    return send_again(db, [(row[0], row[1]) for row in rows], by="", why="repeated_safely") if rows else 0


def note_policy(db: Connection, decided: Sequence[tuple[int, int, int, str]]) -> int:
    """Write down that a policy decided: (contact_id, message_id, after how many hours, "leave" or "ask") each.

    What a receipt settles at this moment is left out. Returns how many lines were written.
    """
    held = {(contact_id, message_id) for _, contact_id, message_id in _hold(db, [row[:2] for row in decided])}
    lines = [
        (contact_id, message_id, DECIDED[way], {"reason": "no_receipt_in_time", "hours": hours})
        for contact_id, message_id, hours, way in decided
        if (contact_id, message_id) in held and way in DECIDED
    ]
    note_rows(db, lines)
    return len(lines)


def _hold(db: Connection, keys: Sequence[Key]) -> list[tuple[int, int, int]]:
    """Lock the outbox rows that are uncertain still: (channel_id, contact_id, id), in the order that everybody uses."""
    found = db.execute(
        """
        SELECT m.channel_id, array_agg(m.id ORDER BY m.id)
          FROM unnest(%(contacts)s::bigint[], %(ids)s::bigint[]) AS k (contact_id, id)
          JOIN messages m ON m.contact_id = k.contact_id AND m.id = k.id
         WHERE m.state = 'uncertain'
         GROUP BY m.channel_id ORDER BY m.channel_id
        """,
        {"contacts": [key[0] for key in keys], "ids": [key[1] for key in keys]},
    ).fetchall()
    held: list[tuple[int, int, int]] = []
    for channel_id, ids in found:
        held += db.execute(
            """
            SELECT channel_id, contact_id, id FROM outbox
             WHERE channel_id = %(channel_id)s AND id = ANY(%(ids)s) AND state = 'uncertain'
             ORDER BY id FOR UPDATE
            """,
            {"channel_id": channel_id, "ids": ids},
        ).fetchall()
    return held


def _by_channel(held: Sequence[tuple[int, int, int]]) -> dict[int, list[int]]:
    channels: dict[int, list[int]] = {}
    for channel_id, _, message_id in held:
        channels.setdefault(channel_id, []).append(message_id)
    return channels


def _forget(db: Connection, held: Sequence[tuple[int, int, int]]) -> None:
    for channel_id, ids in _by_channel(held).items():
        db.execute(
            "DELETE FROM outbox WHERE channel_id = %(channel_id)s AND id = ANY(%(ids)s)",
            {"channel_id": channel_id, "ids": ids},
        )


def _open_lanes(db: Connection, channel_id: int, ids: Sequence[int]) -> None:
    """Nothing leaves a closed lane: messages of an ended campaign move to an open one with the same form."""
    closed = db.execute(
        """
        SELECT DISTINCT l.id FROM outbox o JOIN lanes l ON l.id = o.lane_id
         WHERE o.channel_id = %(channel_id)s AND o.id = ANY(%(ids)s) AND l.state = 'closed'
        """,
        {"channel_id": channel_id, "ids": list(ids)},
    ).fetchall()
    for (lane_id,) in closed:
        row = db.execute(
            """
            INSERT INTO lanes (channel_id, priority, state, form)
            SELECT channel_id, priority, 'open', form FROM lanes WHERE id = %(lane)s
            RETURNING id
            """,
            {"lane": lane_id},
        ).fetchone()
        assert row is not None
        db.execute(
            """
            UPDATE outbox SET lane_id = %(new)s
             WHERE channel_id = %(channel_id)s AND id = ANY(%(ids)s) AND lane_id = %(old)s
            """,
            {"new": row[0], "old": lane_id, "channel_id": channel_id, "ids": list(ids)},
        )


def _settle(db: Connection, held: Sequence[tuple[int, int, int]], *, state: str, choice: str, by: str) -> int:
    if not held:
        return 0
    moved = db.execute(
        """
        UPDATE messages
           SET state = %(state)s::text, reason = CASE WHEN %(state)s::text = 'failed' THEN %(choice)s::text ELSE '' END,
               failed_at = CASE WHEN %(state)s::text = 'failed' THEN now() ELSE failed_at END,
               accepted_at = CASE WHEN %(state)s::text = 'accepted' THEN now() ELSE accepted_at END
          FROM unnest(%(contacts)s::bigint[], %(ids)s::bigint[]) AS k (contact_id, id)
         WHERE messages.contact_id = k.contact_id AND messages.id = k.id AND messages.state = 'uncertain'
        RETURNING messages.contact_id, messages.id
        """,
        {
            "state": state,
            "choice": choice,
            "contacts": [row[1] for row in held],
            "ids": [row[2] for row in held],
        },
    ).fetchall()
    detail: dict[str, Any] = {"by": by} if by else {}
    note_rows(db, [(contact_id, message_id, choice, detail) for contact_id, message_id in moved])
    return len(moved)
