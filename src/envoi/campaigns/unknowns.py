"""Unknown outcomes that no receipt settles in time: promotions are left as they are, for the rest a person is asked.

The policy says which and after how many hours. It moves no message: the decision is a line of the message's trace, once
for each time that its outcome became unknown. A receipt that comes later still settles it.
"""

from __future__ import annotations

from django.db import connection, transaction

from ..messaging.actions import ledger_db
from ..messaging.ledger import settlement
from .policy import Policy

STRETCH = 2_000

# Few outbox rows are uncertain; their events are read by events_by_message.
OVERDUE = """
SELECT m.contact_id, m.id, hours.n, ways.way
  FROM outbox o
  JOIN messages m ON m.contact_id = o.contact_id AND m.id = o.id
  LEFT JOIN campaigns g ON g.id = m.campaign_id
 CROSS JOIN LATERAL (SELECT COALESCE((g.policy ->> 'uncertain_hours')::int, %(hours)s) AS n) hours
 CROSS JOIN LATERAL (
        SELECT COALESCE(NULLIF(g.policy ->> 'uncertain', ''),
                        CASE WHEN m.category = 'marketing' THEN 'leave' ELSE 'ask' END) AS way
       ) ways
 CROSS JOIN LATERAL (SELECT max(at) AS at FROM message_events e
                      WHERE e.contact_id = m.contact_id AND e.message_id = m.id AND e.what = 'uncertain') since
 WHERE o.state = 'uncertain'
   AND since.at < now() - make_interval(hours => hours.n)
   AND NOT EXISTS (SELECT 1 FROM message_events e
                    WHERE e.contact_id = m.contact_id AND e.message_id = m.id
                      AND e.what = ANY(%(decided)s) AND e.at >= since.at)
 ORDER BY m.contact_id, m.id
 LIMIT %(limit)s
"""


def decide() -> int:
    """Write what the policies say of every outcome whose time is over; returns how many were decided."""
    done = 0
    while decided := _stretch():
        done += decided
    return done


@transaction.atomic
def _stretch() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            OVERDUE,
            {
                "hours": Policy().uncertain_hours,
                "decided": list(settlement.DECIDED.values()),
                "limit": STRETCH,
            },
        )
        found = cursor.fetchall()
    return settlement.note_policy(ledger_db(), found)
