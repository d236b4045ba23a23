"""After the provider's own cap on promotions to one person (131049): the customer rests, longer each time in a row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ...core.events import Failure
from ..limits import pair
from ..limits.customer import cool_down
from .words import Connection

# "In a row" ends with a promotion that was delivered since; asked here, where it is rare, and not at each receipt.
# The same failure told twice has the same time, and counts once.
COOL = """
WITH locked AS (
    SELECT id FROM contacts WHERE id = ANY(%(contacts)s) ORDER BY id FOR NO KEY UPDATE
),
met AS (
    SELECT c.id, k.at,
           CASE WHEN EXISTS (SELECT 1 FROM messages m
                              WHERE m.contact_id = c.id AND m.category = 'marketing' AND m.delivered_at > c.held_at)
                THEN 0 ELSE c.held_times END AS times
      FROM locked
      JOIN contacts c ON c.id = locked.id
      JOIN (SELECT contact_id, max(COALESCE(at, now())) AS at
              FROM unnest(%(contacts)s::bigint[], %(ats)s::timestamptz[]) AS k (contact_id, at)
             GROUP BY contact_id) AS k ON k.contact_id = c.id
     WHERE c.held_at IS NULL OR k.at > c.held_at
)
UPDATE contacts
   SET held_times = met.times + 1,
       held_at = met.at,
       held_until = GREATEST(held_until, met.at + (%(rests)s::interval[])[LEAST(met.times, 10) + 1])
  FROM met
 WHERE contacts.id = met.id
"""


def is_cap(failure: Failure | None) -> bool:
    """Whether this is the cap on promotions; "too many to this person" is another wait, of seconds (limits.pair)."""
    return failure is not None and failure.action == "wait" and failure.code not in pair.CODES


def cool(db: Connection, met: Sequence[tuple[int, datetime | None]]) -> None:
    """Let these customers rest: (contact_id, when the provider said so; None is now)."""
    if met:
        db.execute(
            COOL,
            {
                "contacts": [contact for contact, _ in met],
                "ats": [at for _, at in met],
                "rests": [cool_down(times) for times in range(11)],
            },
        )
