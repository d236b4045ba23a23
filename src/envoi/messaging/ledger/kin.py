"""Messages of people who were two records once: held for a merge, and found by receipts that name the other record."""

from __future__ import annotations

from collections.abc import Iterable

from .moves import note_rows
from .words import Connection

WAITING = """
SELECT o.state, o.channel_id, o.id FROM messages m JOIN outbox o ON o.channel_id = m.channel_id AND o.id = m.id
 WHERE m.contact_id = %(contact)s AND m.direction = 'out' AND m.state IN ('queued', 'sending', 'uncertain')
"""
# What the other contact gets, or has got, from the same campaign.
DOUBLES = """
SELECT m.channel_id, m.id
  FROM messages m JOIN outbox o ON o.channel_id = m.channel_id AND o.id = m.id AND o.state = 'queued'
 WHERE m.contact_id = %(gone)s AND m.campaign_id IS NOT NULL
   AND EXISTS (SELECT 1 FROM messages k WHERE k.contact_id = %(kept)s AND k.campaign_id = m.campaign_id
                  AND k.state NOT IN ('skipped', 'cancelled', 'failed'))
"""
# A message was sent for one record and stands at another one since: merged, or parted again.
FIND = """
WITH RECURSIVE kin AS (
    SELECT DISTINCT contact_id AS asked, contact_id AS id FROM unnest(%(contacts)s::bigint[]) AS a (contact_id)
     UNION
    SELECT kin.asked, CASE WHEN g.gone_id = kin.id THEN g.kept_id ELSE g.gone_id END
      FROM kin JOIN merges g ON kin.id IN (g.gone_id, g.kept_id)
)
SELECT k.contact_id, k.id, m.contact_id
  FROM unnest(%(contacts)s::bigint[], %(ids)s::bigint[]) AS k (contact_id, id)
  JOIN kin ON kin.asked = k.contact_id
  JOIN messages m ON m.contact_id = kin.id AND m.id = k.id
"""


def waiting(db: Connection, contact_id: int) -> list[str]:
    """The states of this customer's rows in the outbox."""
    return [row[0] for row in db.execute(WAITING, {"contact": contact_id})]


def hold(db: Connection, contact_id: int) -> list[str]:
    """`waiting`, with the rows held: no dispatcher claims them until the caller's transaction ends."""
    return [state for _channel_id, _id, state in hold_rows(db, contact_id)]


def hold_rows(db: Connection, contact_id: int) -> list[tuple[int, int, str]]:
    """`hold` with each row's channel and id before its state."""
    held = db.execute(WAITING + " ORDER BY o.channel_id, o.id FOR UPDATE OF o", {"contact": contact_id})
    return [(row[1], row[2], row[0]) for row in held]


def doubles(db: Connection, *, gone: int, kept: int) -> int:
    """How many messages wait for one record whose campaign the other has a message of."""
    return len(db.execute(DOUBLES, {"gone": gone, "kept": kept}).fetchall())


def cancel_doubles(db: Connection, *, gone: int, kept: int) -> int:
    """One person gets a campaign once: cancel what waits for the record that goes. Returns how many that were."""
    found = db.execute(DOUBLES, {"gone": gone, "kept": kept}).fetchall()
    cancel(db, gone, found, reason="merged")
    return len(found)


def cancel(db: Connection, contact_id: int, rows: Iterable[tuple[int, int]], *, reason: str) -> None:
    """Let these messages (channel_id, id) of one customer go unsent; their outbox rows are held by the caller."""
    keys = {"contact": contact_id, "reason": reason, "channels": [], "ids": []}
    for channel_id, message_id in rows:
        keys["channels"].append(channel_id)  # type: ignore[attr-defined]
        keys["ids"].append(message_id)  # type: ignore[attr-defined]
    if not keys["ids"]:
        return
    db.execute(
        """DELETE FROM outbox o USING unnest(%(channels)s::bigint[], %(ids)s::bigint[]) AS k (channel_id, id)
            WHERE o.channel_id = k.channel_id AND o.id = k.id""",
        keys,
    )
    db.execute(
        """UPDATE messages SET state = 'cancelled', reason = %(reason)s
            WHERE contact_id = %(contact)s AND id = ANY(%(ids)s) AND state = 'queued'""",
        keys,
    )
    note_rows(db, [(contact_id, message_id, "cancelled", {"reason": reason}) for message_id in keys["ids"]])  # type: ignore[attr-defined]


def find(db: Connection, lost: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Where messages stand now that are not where their token says: (contact_id, id) -> contact_id."""
    keys = sorted(lost)
    if not keys:
        return {}
    rows = db.execute(FIND, {"contacts": [key[0] for key in keys], "ids": [key[1] for key in keys]})
    return {(row[0], row[1]): row[2] for row in rows}
