"""Lets the counts of the last 30, 90 and 365 days fall as time passes, for those of whom a count has just changed."""

from __future__ import annotations

from django.db import connection, transaction

from . import totals

STRETCH = 5_000

# Whoever is being written to by somebody else is summed by them, or by the next pass.
STALE = """
SELECT c.id
  FROM contacts c
 WHERE c.id IN (SELECT contact_id FROM order_totals WHERE fresh_until <= now() ORDER BY fresh_until LIMIT %(limit)s)
 ORDER BY c.id
   FOR NO KEY UPDATE OF c SKIP LOCKED
"""


@transaction.atomic
def keep_stretch(limit: int = STRETCH) -> int:
    """Count anew for up to `limit` customers whose count no longer holds; returns how many there were."""
    with connection.cursor() as cursor:
        if not totals.may_write(cursor):
            # A file is being written: its buyers are counted with it, the others in a minute.
            return 0
        cursor.execute(STALE, {"limit": limit})
        ids = [row[0] for row in cursor.fetchall()]
        totals.refresh(cursor, ids)
    return len(ids)
