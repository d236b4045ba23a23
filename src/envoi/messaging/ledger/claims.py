"""Out of the outbox and back: claim, call lapsed claims uncertain, cancel.

A claim is the outbox row's alone: it says `sending` and until when, while `messages` still says `queued`. The row is
what must be committed before the network is touched; a second one for each message would say nothing more
(docs/decisions/0010).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from psycopg.rows import tuple_row

from .freeing import free_unsent
from .moves import note_rows
from .words import Claimed, Connection

REPLIES, LOWEST = 0, 2  # priorities of lanes

CLAIM = """
WITH due AS (
    -- outbox_due (channel_id, lane_id, due_at, id) WHERE state = 'queued': an index scan that stops at the limit.
    SELECT id
      FROM outbox
     WHERE channel_id = %(channel_id)s
       AND lane_id = %(lane_id)s
       AND state = 'queued'
       AND due_at <= now()
       AND EXISTS (SELECT 1 FROM lanes WHERE id = %(lane_id)s AND state = 'open')
     ORDER BY due_at, id
     LIMIT %(room)s
       FOR UPDATE SKIP LOCKED
)
UPDATE outbox
   SET state = 'sending',
       attempts = attempts + 1,
       lease_until = now() + %(lease)s
  FROM due
 WHERE outbox.channel_id = %(channel_id)s
   AND outbox.id = due.id
RETURNING outbox.id, outbox.contact_id, outbox.lane_id, outbox.recipient, outbox.promotional, outbox."values",
          outbox.content, outbox.attempts, outbox.expires_at
"""


def claim(
    db: Connection, channel_id: int, *, room: int, lease: timedelta, room_for_replies: int | None = None
) -> list[Claimed]:
    """Take up to `room` due messages of one channel, replies before campaigns; nobody else can take them.

    With `room_for_replies`, so many where they are replies (priority 0): there may be room for these alone.
    SKIP LOCKED lets dispatchers run side by side without waiting on each other. A lease that runs out means that its
    holder died: `park_lapsed` then calls the message uncertain, it is never sent again by itself.
    """
    taken: list[Claimed] = []
    lanes = db.execute(
        """
        -- Only lanes with something due share the room; one probe of outbox_due each, as a value: EXISTS became a join
        -- that read all that waits, some hundred milliseconds each time. In no order among equals: else where there is
        -- room for one, the oldest campaign would have it always.
        SELECT id, priority, now() + %(lease)s FROM lanes
         WHERE channel_id = %(channel_id)s AND state = 'open' AND priority <= %(lowest)s
           AND EXISTS (SELECT 1 FROM channels WHERE id = %(channel_id)s AND state = 'active')
           AND (SELECT true FROM outbox o WHERE o.channel_id = %(channel_id)s AND o.lane_id = lanes.id
                   AND o.state = 'queued' AND o.due_at <= now()
                 ORDER BY o.due_at, o.id LIMIT 1)
         ORDER BY priority, random()
           -- Whoever holds or closes a lane waits for the claims under way: after that commit there are none.
           FOR SHARE
        """,
        # Where there is room for replies alone, those of a campaign are not looked at: that takes longer than the rest.
        {"channel_id": channel_id, "lease": lease, "lowest": LOWEST if room > 0 else REPLIES},
    ).fetchall()
    with db.cursor(row_factory=tuple_row) as cursor:
        for position, (lane_id, priority, lease_until) in enumerate(lanes):
            # Campaigns of one priority share what is left evenly; what one does not use goes to the next.
            peers = sum(1 for _, other, _ in lanes[position:] if other == priority)
            most = room if priority or room_for_replies is None else room_for_replies
            share = -(-(most - len(taken)) // peers)
            if share <= 0:
                continue
            cursor.execute(
                CLAIM,
                {"channel_id": channel_id, "lane_id": lane_id, "room": share, "lease": lease},
            )
            # The lease is the same for all of a transaction: a time read for each row took longer than the rest of it.
            taken += [Claimed(*(*row, lease_until, priority)) for row in cursor.fetchall()]
    return taken


def park_lapsed(db: Connection, channel_id: int) -> int:
    """Call uncertain what a dead dispatcher had claimed; returns how many. Receipts that came meanwhile win."""
    rows = db.execute(
        """
        UPDATE outbox SET state = 'uncertain', lease_until = NULL
         WHERE channel_id = %(channel_id)s AND state = 'sending' AND lease_until < now()
        RETURNING contact_id, id
        """,
        {"channel_id": channel_id},
    ).fetchall()
    if not rows:
        return 0
    keys = {"contacts": [row[0] for row in rows], "ids": [row[1] for row in rows]}
    parked = db.execute(
        """
        UPDATE messages SET state = 'uncertain'
          FROM unnest(%(contacts)s::bigint[], %(ids)s::bigint[]) AS k (contact_id, id)
         WHERE messages.contact_id = k.contact_id AND messages.id = k.id
           AND messages.state IN ('queued', 'sending')
        RETURNING messages.contact_id, messages.id
        """,
        keys,
    ).fetchall()
    known = set(keys["ids"]) - {row[1] for row in parked}
    db.execute(
        "DELETE FROM outbox WHERE channel_id = %(channel_id)s AND id = ANY(%(ids)s)",
        {"channel_id": channel_id, "ids": list(known)},
    )
    note_rows(db, [(contact_id, id, "uncertain", {"reason": "the sender stopped"}) for contact_id, id in parked])
    return len(parked)


def end_waiting(
    db: Connection,
    channel_id: int,
    lane_id: int,
    *,
    state: Literal["cancelled", "skipped"],
    limit: int,
    reason: str = "",
) -> int:
    """Cancel or skip up to `limit` messages that still wait in a lane; returns how many, 0 when none does."""
    rows = db.execute(
        """
        -- In a CTE, which runs once: as a plain subquery it may run per row, and the limit would mean nothing.
        WITH waiting AS MATERIALIZED (
            SELECT id FROM outbox
             WHERE channel_id = %(channel_id)s AND lane_id = %(lane_id)s AND state = 'queued'
             ORDER BY due_at, id
             LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        )
        DELETE FROM outbox USING waiting
         WHERE outbox.channel_id = %(channel_id)s AND outbox.id = waiting.id
        RETURNING outbox.contact_id, outbox.id
        """,
        {"channel_id": channel_id, "lane_id": lane_id, "limit": limit},
    ).fetchall()
    db.execute(
        """
        UPDATE messages SET state = %(state)s, reason = %(reason)s
          FROM unnest(%(contacts)s::bigint[], %(ids)s::bigint[]) AS k (contact_id, id)
         WHERE messages.contact_id = k.contact_id AND messages.id = k.id AND messages.state = 'queued'
        """,
        {
            "contacts": [row[0] for row in rows],
            "ids": [row[1] for row in rows],
            "state": state,
            "reason": reason,
        },
    )
    free_unsent(db, rows)
    note_rows(db, [(contact_id, id, state, {"reason": reason} if reason else None) for contact_id, id in rows])
    return len(rows)


def make_promotional(db: Connection, channel_id: int, lane_id: int) -> None:
    """From now on the waiting messages of a lane are promotions: consent and 24 hours are asked at the send."""
    db.execute(
        """
        UPDATE outbox SET promotional = true
         WHERE channel_id = %(channel_id)s AND lane_id = %(lane_id)s AND NOT promotional
        """,
        {"channel_id": channel_id, "lane_id": lane_id},
    )
