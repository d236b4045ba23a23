"""Back to the queue: what surely did not leave, and what was never tried."""

from __future__ import annotations

from collections.abc import Sequence

from .moves import note
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
    note(
        db,
        [
            (item.message, "waits", {"reason": item.reason, "until": item.until.isoformat(), **item.detail})
            for item in back
            if item.message.id in ours
        ],
    )


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
