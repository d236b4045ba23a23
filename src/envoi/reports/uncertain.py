"""Messages of which nobody can say whether they left: which, since when, why, and whether somebody has to decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from ..campaigns.policy import Policy
from ..core.paging import Page, whole
from ..team.models import Staff
from ..team.rights import require

HOURS = Policy().uncertain_hours

# What no receipt settled in the campaign's time: promotions are left as they are, for all others a person is asked.
FOUND = """
SELECT o.id, m.contact_id, c.name, COALESCE(c.phone, '') AS phone, m.campaign_id, COALESCE(g.name, '') AS campaign,
       h.name AS channel,
       e.at AS since, COALESCE(e.detail ->> 'reason', '') AS why,
       COALESCE(NULLIF(g.policy ->> 'uncertain', ''), CASE WHEN m.category = 'marketing' THEN 'leave' ELSE 'ask' END)
           = 'ask'
       AND e.at < now() - make_interval(hours => COALESCE((g.policy ->> 'uncertain_hours')::int, %(hours)s)) AS asks
  FROM outbox o
  JOIN messages m ON m.contact_id = o.contact_id AND m.id = o.id
  JOIN contacts c ON c.id = m.contact_id
  JOIN channels h ON h.id = o.channel_id
  LEFT JOIN campaigns g ON g.id = m.campaign_id
  LEFT JOIN LATERAL (SELECT at, detail FROM message_events e
                      WHERE e.contact_id = m.contact_id AND e.message_id = m.id AND e.what = 'uncertain'
                      ORDER BY e.at DESC, e.id DESC LIMIT 1) e ON true
 WHERE o.state = 'uncertain'
   AND (%(campaign)s::bigint IS NULL OR m.campaign_id = %(campaign)s)
   AND (%(after)s::bigint IS NULL OR o.id < %(after)s)
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One uncertain message. asks: its policy's time is over and says that a person decides."""

    message_id: int
    contact_id: int
    name: str
    phone: str
    campaign_id: int | None
    campaign: str
    channel: str
    since: datetime | None
    why: str
    asks: bool

    @property
    def key(self) -> str:
        """What the page sends back."""
        return f"{self.contact_id}.{self.message_id}"


def uncertain(
    staff: Staff | None,
    *,
    campaign_id: int | None = None,
    after: str | None = None,
    asks: bool = False,
    limit: int = 50,
) -> Page[Row]:
    """The newest first; `asks` for those alone that wait for a person."""
    require(staff, "reports.read")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT * FROM ({FOUND}) found WHERE asks OR NOT %(asks)s ORDER BY id DESC LIMIT %(limit)s",  # noqa: S608
            {"campaign": campaign_id, "after": whole(after), "asks": asks, "limit": limit + 1, "hours": HOURS},
        )
        rows = [Row(*row) for row in cursor.fetchall()]
    return Page(rows[:limit], next=str(rows[limit - 1].message_id) if len(rows) > limit else None)


def by_campaign(staff: Staff | None) -> list[tuple[int | None, str, int]]:
    """Campaigns that have uncertain messages, with how many; None for messages of no campaign."""
    require(staff, "reports.read")
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT m.campaign_id, COALESCE(max(g.name), ''), count(*)
              FROM outbox o
              JOIN messages m ON m.contact_id = o.contact_id AND m.id = o.id
              LEFT JOIN campaigns g ON g.id = m.campaign_id
             WHERE o.state = 'uncertain'
             GROUP BY m.campaign_id ORDER BY m.campaign_id DESC NULLS LAST
            """
        )
        return list(cursor.fetchall())


def keys_of_campaign(staff: Staff | None, campaign_id: int) -> list[tuple[int, int]]:
    """(contact_id, message_id) of everything uncertain in one campaign."""
    require(staff, "messages.settle")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT contact_id, id FROM messages WHERE campaign_id = %s AND state = 'uncertain' ORDER BY contact_id",
            [campaign_id],
        )
        return list(cursor.fetchall())
