"""What each customer's limits say at the moment of sending: who may be written to, who waits, who is skipped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from .moves import forget, move, note
from .returns import put_back
from .words import PROMOTION_GAP, Claimed, Connection, PutBack, Refusal

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
