"""Out of the outbox and back: claim, ask the customers' limits, give back, call lapsed claims uncertain, cancel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from psycopg.rows import class_row

from .moves import forget, move, note, note_rows
from .words import PROMOTION_GAP, Claimed, Connection, PutBack, Refusal

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
          outbox.content, outbox.attempts, outbox.expires_at, outbox.lease_until
"""


def claim(db: Connection, channel_id: int, *, room: int, lease: timedelta) -> list[Claimed]:
    """Take up to `room` due messages of one channel, replies before campaigns; nobody else can take them.

    SKIP LOCKED lets dispatchers run side by side without waiting on each other. A lease that runs out means that its
    holder died: `park_lapsed` then calls the message uncertain, it is never sent again by itself.
    """
    taken: list[Claimed] = []
    lanes = db.execute(
        """
        -- Only lanes with something due share the room; one probe of outbox_due each. In no order among equals: else
        -- where there is room for one, the oldest campaign would have it always.
        SELECT id, priority FROM lanes
         WHERE channel_id = %(channel_id)s AND state = 'open'
           AND EXISTS (SELECT 1 FROM channels WHERE id = %(channel_id)s AND state = 'active')
           AND EXISTS (SELECT 1 FROM outbox o WHERE o.channel_id = %(channel_id)s AND o.lane_id = lanes.id
                          AND o.state = 'queued' AND o.due_at <= now())
         ORDER BY priority, random()
           -- Whoever holds or closes a lane waits for the claims under way: after that commit there are none.
           FOR SHARE
        """,
        {"channel_id": channel_id},
    ).fetchall()
    with db.cursor(row_factory=class_row(Claimed)) as cursor:
        for position, (lane_id, priority) in enumerate(lanes):
            # Campaigns of one priority share what is left evenly; what one does not use goes to the next.
            peers = sum(1 for _, other in lanes[position:] if other == priority)
            share = -(-(room - len(taken)) // peers)
            if share <= 0:
                break
            cursor.execute(CLAIM, {"channel_id": channel_id, "lane_id": lane_id, "room": share, "lease": lease})
            taken += cursor.fetchall()
    if taken:
        move(db, taken, to="sending", when_in=["queued"])
    return taken


# Nobody waits here for a row that somebody else is changing; in the order of their ids all the same.
HOLD = """
SELECT id FROM contacts WHERE id = ANY(%(contacts)s) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""
BUSY = timedelta(seconds=2)

RESERVE = """
WITH wanted AS (
    SELECT * FROM unnest(%(contacts)s::bigint[], %(messages)s::bigint[], %(ends)s::timestamptz[])
                  AS w (contact_id, message_id, ends)
     WHERE ends IS NULL OR ends > now()
)
UPDATE contacts
   SET promoted_at = now(),
       promoted_by = wanted.message_id
  FROM wanted
 WHERE contacts.id = wanted.contact_id
   AND contacts.id = ANY(%(held)s)
   AND contacts.marketing = 'granted'
   AND (contacts.held_until IS NULL OR contacts.held_until <= now())
   AND (contacts.promoted_at IS NULL OR contacts.promoted_at <= now() - %(gap)s
        OR contacts.promoted_by = wanted.message_id)
RETURNING contacts.promoted_by
"""


def reserve_customers(db: Connection, taken: Sequence[Claimed]) -> tuple[list[Claimed], list[Refusal]]:
    """Ask every customer's limits at the moment of sending; a promotion reserves its 24 hours in the same statement.

    Returns who may be sent to, and who not with the reason: `no_consent`, `opted_out`, `expired` (for good), or
    `promoted_recently`, `cooling_down`, `busy` (until a time). Busy is who is being changed at this moment, by an
    import for instance: the others do not wait for them.
    """
    contact_ids = [message.contact_id for message in taken]
    promotions = [message for message in taken if message.promotional]
    held = {row[0] for row in db.execute(HOLD, {"contacts": [message.contact_id for message in promotions]})}
    reserved = (
        {
            row[0]
            for row in db.execute(
                RESERVE,
                {
                    "contacts": [message.contact_id for message in promotions],
                    "messages": [message.id for message in promotions],
                    "ends": [message.expires_at for message in promotions],
                    "held": list(held),
                    "gap": PROMOTION_GAP,
                },
            )
        }
        if promotions
        else set()
    )
    rows = db.execute(
        "SELECT id, marketing, service, promoted_at, held_until, now() FROM contacts WHERE id = ANY(%(ids)s)",
        {"ids": contact_ids},
    )
    standing = {row[0]: row[1:] for row in rows}

    allowed: list[Claimed] = []
    refused: list[Refusal] = []
    for message in taken:
        marketing, service, promoted_at, held_until, now = standing.get(
            message.contact_id, ("withdrawn", "withdrawn", None, None, None)
        )
        if message.expires_at and now and message.expires_at <= now:
            refused.append(Refusal(message, "expired", None))
        elif not message.promotional:
            if service == "withdrawn":
                refused.append(Refusal(message, "opted_out", None))
            else:
                allowed.append(message)
        elif message.id in reserved:
            allowed.append(message)
        elif message.contact_id in standing and message.contact_id not in held:
            refused.append(Refusal(message, "busy", now + BUSY))
        elif marketing != "granted":
            refused.append(Refusal(message, "opted_out" if marketing == "withdrawn" else "no_consent", None))
        elif held_until and held_until > now:
            refused.append(_refusal(message, "cooling_down", held_until))
        else:
            refused.append(_refusal(message, "promoted_recently", (promoted_at or now) + PROMOTION_GAP))
    return allowed, refused


def _refusal(message: Claimed, reason: str, until: datetime) -> Refusal:
    # Waiting beyond the campaign's end would only keep it open: then it is for good, with the same reason.
    for_good = message.expires_at is not None and until >= message.expires_at
    return Refusal(message, reason, None if for_good else until)


def record_refusals(db: Connection, channel_id: int, refusals: Sequence[Refusal]) -> None:
    """Send back to wait, or skip, those whom `reserve_customers` refused; each with its line in the trace."""
    waiting = [
        PutBack(refusal.message, refusal.reason, refusal.until) for refusal in refusals if refusal.until is not None
    ]
    put_back(db, channel_id, waiting)
    ended = [refusal for refusal in refusals if refusal.until is None]
    for reason in sorted({refusal.reason for refusal in ended}):
        skipped = [refusal.message for refusal in ended if refusal.reason == reason]
        move(db, skipped, to="skipped", when_in=["queued", "sending"], reason=reason)
        forget(db, channel_id, skipped)
        free_unsent(db, [(message.contact_id, message.id) for message in skipped])
    note(db, [(refusal.message, "skipped", {"reason": refusal.reason}) for refusal in ended])


def put_back(db: Connection, channel_id: int, back: Sequence[PutBack]) -> None:
    """Queue again what surely did not leave: throttled, unreachable, waiting for the customer, or never tried."""
    if not back:
        return
    rows = db.execute(
        """
        UPDATE outbox
           SET state = 'queued', lease_until = NULL, due_at = LEAST(b.due_at, outbox.expires_at)
          FROM unnest(%(ids)s::bigint[], %(untils)s::timestamptz[], %(leases)s::timestamptz[]) AS b (id, due_at, lease)
         WHERE outbox.channel_id = %(channel_id)s
           AND outbox.id = b.id
           AND outbox.state = 'sending'
           -- Only the claim that was ours: told twice (a lost answer to COMMIT), it must not end somebody else's.
           AND outbox.lease_until = b.lease
        RETURNING outbox.id
        """,
        {
            "channel_id": channel_id,
            "ids": [item.message.id for item in back],
            "untils": [item.until for item in back],
            "leases": [item.message.lease_until for item in back],
        },
    ).fetchall()
    ours = {row[0] for row in rows}
    back = [item for item in back if item.message.id in ours]
    move(db, [item.message for item in back], to="queued", when_in=["sending"])
    note(
        db,
        [
            (item.message, "waits", {"reason": item.reason, "until": item.until.isoformat(), **item.detail})
            for item in back
        ],
    )


def release(db: Connection, channel_id: int, unsent: Sequence[Claimed]) -> None:
    """Give back claims of which not a byte was sent, as if they had never been taken (a stop, a late slot)."""
    if not unsent:
        return
    rows = db.execute(
        """
        UPDATE outbox
           SET state = 'queued', lease_until = NULL, attempts = attempts - 1
          FROM unnest(%(ids)s::bigint[], %(leases)s::timestamptz[]) AS b (id, lease)
         WHERE outbox.channel_id = %(channel_id)s AND outbox.id = b.id
           AND outbox.state = 'sending' AND outbox.lease_until = b.lease
        RETURNING outbox.id
        """,
        {
            "channel_id": channel_id,
            "ids": [message.id for message in unsent],
            "leases": [message.lease_until for message in unsent],
        },
    ).fetchall()
    ours = {row[0] for row in rows}
    move(db, [message for message in unsent if message.id in ours], to="queued", when_in=["sending"])


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


def free_unsent(db: Connection, keys: Sequence[tuple[int, int]]) -> None:
    """What waited and will never leave gives its customer's 24 hours back."""
    db.execute(
        """
        WITH locked AS (
            SELECT id FROM contacts WHERE id = ANY(%(contacts)s) AND promoted_by = ANY(%(ids)s)
             ORDER BY id FOR NO KEY UPDATE
        )
        UPDATE contacts SET promoted_at = NULL, promoted_by = NULL
          FROM locked WHERE contacts.id = locked.id AND contacts.promoted_by = ANY(%(ids)s)
        """,
        {"contacts": [key[0] for key in keys], "ids": [key[1] for key in keys]},
    )
