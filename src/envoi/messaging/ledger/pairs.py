"""One customer and one number: how many messages may follow each other, the last promotion, and rests.

A rest follows when the provider says "too many to this person".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from ..limits import pair
from .moves import whole
from .words import Connection

WINDOW = timedelta(hours=24)  # Meta sheet, A.2: free-form only within 24 h of the customer's own message

# Kinds that the provider says on a person's behalf: they open no window (Meta sheet, D.4 and H).
SAID_BY_NOBODY = ("system", "revoke", "edit")

# Asked again in the row itself: another dispatcher may have written to the same customer meanwhile. A promotion is
# written into the same row: elsewhere, and be it in a table of its own, it would be one row more for each message.
BORROW = """
INSERT INTO pairs (contact_id, channel_id, borrowed_until, promoted_at, promoted_by)
SELECT contact_id, %(channel)s, %(now)s + n * %(interval)s, CASE WHEN promotion > 0 THEN %(now)s END,
       NULLIF(promotion, 0)
  FROM unnest(%(contacts)s::bigint[], %(counts)s::int[], %(promotions)s::bigint[]) AS p (contact_id, n, promotion)
 ORDER BY contact_id
ON CONFLICT (contact_id, channel_id) DO UPDATE
   SET borrowed_until = GREATEST(pairs.borrowed_until, %(now)s) + (EXCLUDED.borrowed_until - %(now)s),
       promoted_at = COALESCE(EXCLUDED.promoted_at, pairs.promoted_at),
       promoted_by = COALESCE(EXCLUDED.promoted_by, pairs.promoted_by)
 WHERE COALESCE(GREATEST(pairs.borrowed_until, %(now)s) + (EXCLUDED.borrowed_until - %(now)s)
                <= %(now)s + %(tolerance)s + %(interval)s, true)
RETURNING contact_id
"""

REST = """
INSERT INTO pairs (contact_id, channel_id, blocked_until, blocked_times)
SELECT contact_id, %(channel)s, now() + %(first)s, 1 FROM unnest(%(contacts)s::bigint[]) AS p (contact_id)
 ORDER BY contact_id
ON CONFLICT (contact_id, channel_id) DO UPDATE
   SET blocked_times = CASE WHEN pairs.blocked_until > now() - %(remembered)s
                            THEN LEAST(pairs.blocked_times + 1, 10) ELSE 1 END,
       blocked_until = now() + (%(rests)s::interval[])[CASE WHEN pairs.blocked_until > now() - %(remembered)s
                                                            THEN LEAST(pairs.blocked_times + 1, 10) ELSE 1 END]
RETURNING contact_id, blocked_until
"""


def borrow(
    db: Connection, channel_id: int, counts: Mapping[int, int], *, promotions: Mapping[int, int], now: datetime
) -> set[int]:
    """Write down how many messages leave for each contact now; returns for whom the pair rate still has the room.

    promotions: of these contacts, who gets one, and which message it is; it has their next 24 hours.
    """
    if not counts:
        return set()
    contacts = sorted(counts)
    rows = db.execute(
        BORROW,
        {
            "channel": channel_id,
            "contacts": whole(contacts),
            "counts": whole(counts[contact] for contact in contacts),
            "promotions": whole(promotions.get(contact, 0) for contact in contacts),
            "now": now,
            "interval": pair.INTERVAL,
            "tolerance": pair.TOLERANCE,
        },
    ).fetchall()
    return {row[0] for row in rows}


def rest(db: Connection, channel_id: int, contacts: Sequence[int]) -> dict[int, datetime]:
    """The provider said "too many to this person": 4^n seconds for this pair alone; returns until when, by contact."""
    if not contacts:
        return {}
    rows = db.execute(
        REST,
        {
            "channel": channel_id,
            "contacts": sorted(set(contacts)),
            "first": pair.rest(0),
            "rests": [pair.rest(times) for times in range(10)],
            "remembered": pair.REMEMBERED,
        },
    )
    return {row[0]: row[1] for row in rows}


def open_windows(db: Connection, wrote_at: Mapping[tuple[int, int], datetime]) -> None:
    """When (contact_id, channel_id) wrote: free-form answers may go for WINDOW after; nothing shortens it."""
    if not wrote_at:
        return
    rows = sorted(wrote_at.items())
    db.execute(
        """
        INSERT INTO pairs (contact_id, channel_id, window_open_until)
        -- A provider's clock that goes ahead of ours opens nothing for longer.
        SELECT contact_id, channel_id, LEAST(wrote_at, now()) + %(window)s
          FROM unnest(%(contacts)s::bigint[], %(channels)s::bigint[], %(ats)s::timestamptz[])
               AS w (contact_id, channel_id, wrote_at)
        ON CONFLICT (contact_id, channel_id) DO UPDATE
           SET window_open_until = GREATEST(pairs.window_open_until, EXCLUDED.window_open_until)
        """,
        {
            "contacts": [contact_id for (contact_id, _channel_id), _at in rows],
            "channels": [channel_id for (_contact_id, channel_id), _at in rows],
            "ats": [at for _pair, at in rows],
            "window": WINDOW,
        },
    )
