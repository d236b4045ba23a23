"""Back to the queue: what surely did not leave, and what was never tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..limits import pair
from . import pairs
from .cooling import cool
from .moves import note_waits
from .words import Claimed, Connection, PutBack


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
    back = _rest(db, channel_id, back)
    note_waits(
        db,
        [
            (
                item.message.contact_id,
                item.message.id,
                {"reason": item.reason, "until": item.until.isoformat(), **item.detail},
            )
            for item in back
        ],
    )


# What dispatch calls an answer that this customer is to be left alone for a while.
CUSTOMER_WAITS = "customer_waits"


def _rest(db: Connection, channel_id: int, back: Sequence[PutBack]) -> list[PutBack]:
    """What the provider says of a customer holds for whatever else waits for them, not for this message alone."""
    told = [item for item in back if item.reason == CUSTOMER_WAITS]
    if not told:
        return list(back)
    capped = [item for item in told if item.detail.get("code") not in pair.CODES and item.message.promotional]
    cool(db, [(item.message.contact_id, None) for item in capped])
    crowded = {item.message.contact_id for item in told if item.detail.get("code") in pair.CODES}
    untils = pairs.rest(db, channel_id, sorted(crowded))
    db.execute(
        """
        UPDATE outbox SET due_at = LEAST(u.until, outbox.expires_at)
          FROM unnest(%(contacts)s::bigint[], %(untils)s::timestamptz[]) AS u (contact_id, until)
         WHERE outbox.channel_id = %(channel_id)s AND outbox.id = ANY(%(ids)s) AND outbox.contact_id = u.contact_id
        """,
        {
            "channel_id": channel_id,
            "ids": [item.message.id for item in told],
            "contacts": list(untils),
            "untils": list(untils.values()),
        },
    )
    return [replace(item, until=untils.get(item.message.contact_id, item.until)) for item in back]


def release(db: Connection, channel_id: int, unsent: Sequence[Claimed]) -> None:
    """Give back claims of which not a byte was sent, as if they had never been taken (a stop, a late slot)."""
    if not unsent:
        return
    db.execute(
        """
        UPDATE outbox
           SET state = 'queued', lease_until = NULL, attempts = attempts - 1
          FROM unnest(%(ids)s::bigint[], %(leases)s::timestamptz[]) AS b (id, lease)
         WHERE outbox.channel_id = %(channel_id)s AND outbox.id = b.id
           AND outbox.state = 'sending' AND outbox.lease_until = b.lease
        """,
        {
            "channel_id": channel_id,
            "ids": [message.id for message in unsent],
            "leases": [message.lease_until for message in unsent],
        },
    )
