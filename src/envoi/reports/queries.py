"""Reads across the apps for the overview. It changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..campaigns import queries as campaigns
from ..campaigns.models import Campaign
from ..channels.models import Channel
from ..messaging.activity import ANSWERS_WITHIN
from ..messaging.ledger import SAID_BY_NOBODY
from ..team import opening
from ..team.models import Staff
from ..team.rights import may, require
from .service_terms import starts

DAYS = 14


@dataclass(frozen=True, slots=True)
class Day:
    """One day's messages out, by the company's day on which they were made. Each number includes those after it."""

    date: date
    sent: int = 0
    delivered: int = 0
    read: int = 0
    failed: int = 0

    @property
    def tried(self) -> int:
        """All that was handed to the provider and has its answer: those it accepted, and those that failed."""
        return self.sent + self.failed


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for a person."""

    sentence: str
    url: str


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign with the figures of its line on the overview; `state` and `dated` as its own list shows them."""

    id: int
    name: str
    state: str
    dated: datetime
    launched_at: datetime | None
    recipients: int
    delivered: int
    read: int


@dataclass(frozen=True, slots=True)
class Overview:
    """What the first page shows: `days` holds the last 14, oldest first, `today` is the last of them.

    replied: so many customers wrote today, within three days of a message of ours. zone: where its days begin.
    """

    today: Day
    replied: int
    days: list[Day]
    campaigns: list[CampaignRow]
    needs: list[Need]
    zone: str = "UTC"


def overview(staff: Staff | None) -> Overview:
    """Today, the last days, the last campaigns, and what needs somebody now."""
    require(staff, "contacts.read")
    zone = opening.company_zone()
    days, replied = _days(zone), _replied(zone)
    if not may(staff, "campaigns.read"):
        return Overview(days[-1], replied, days, [], [], zone)
    rows = []
    last = campaigns.campaigns(staff, limit=5).items
    funnels = campaigns.funnels([one.pk for one in last if one.launched_at])
    for one in last:
        funnel = funnels.get(one.pk, campaigns.Funnel())
        rows.append(
            CampaignRow(
                id=one.pk,
                name=one.name,
                state=one.standing,
                dated=one.dated,
                launched_at=one.launched_at,
                recipients=funnel.recipients,
                delivered=funnel.delivered,
                read=funnel.read,
            )
        )
    return Overview(days[-1], replied, days, rows, _needs(), zone)


def _days(zone: str) -> list[Day]:
    today = timezone.localdate(timezone=ZoneInfo(zone))
    with connection.cursor() as cursor:
        # messages_by_day is a BRIN index on created_at: a few kilobytes that leave out all older pages.
        cursor.execute(
            """
            SELECT (m.created_at AT TIME ZONE %(zone)s)::date AS day,
                   count(*) FILTER (WHERE m.direction = 'out' AND m.state IN ('accepted', 'sent', 'delivered', 'read')),
                   count(*) FILTER (WHERE m.direction = 'out' AND m.state IN ('delivered', 'read')),
                   count(*) FILTER (WHERE m.direction = 'out' AND m.state = 'read'),
                   count(*) FILTER (WHERE m.direction = 'out' AND m.state = 'failed')
              FROM messages m
             WHERE m.created_at >= %(start)s
             GROUP BY day
            """,
            {"zone": zone, "start": starts(today - timedelta(days=DAYS - 1), zone)},
        )
        found = {row[0]: Day(row[0], *row[1:]) for row in cursor.fetchall()}
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    return [found.get(day, Day(day)) for day in days]


# Who wrote first, or long after what we sent, answers nothing. Between the first and the last word of one day and three
# days before, one message of ours that left is enough: one stretch of the contact's own key each.
REPLIED = f"""
SELECT count(*)
  FROM (SELECT contact_id, min(created_at) AS first_at, max(created_at) AS last_at
          FROM messages
         WHERE created_at >= %(start)s AND direction = 'in' AND kind <> ALL(%(nobody)s)
         GROUP BY contact_id OFFSET 0) AS wrote
 WHERE (SELECT true FROM messages o
         WHERE o.contact_id = wrote.contact_id AND o.direction = 'out'
           AND o.state IN ('accepted', 'sent', 'delivered', 'read')
           AND COALESCE(o.accepted_at, o.sent_at, o.created_at) <= wrote.last_at
           AND COALESCE(o.accepted_at, o.sent_at, o.created_at) > wrote.first_at - interval '{ANSWERS_WITHIN}'
         LIMIT 1)
"""  # noqa: S608  (our own text)


def _replied(zone: str) -> int:
    today = timezone.localdate(timezone=ZoneInfo(zone))
    with connection.cursor() as cursor:
        cursor.execute(REPLIED, {"start": starts(today, zone), "nobody": list(SAID_BY_NOBODY)})
        return int(cursor.fetchone()[0])


def _needs() -> list[Need]:
    needs: list[Need] = []
    for channel in Channel.objects.filter(state=Channel.State.SUSPENDED):
        sentence = _("The provider suspended the channel “%(name)s”: %(reason)s")
        needs.append(Need(sentence % {"name": channel.name, "reason": channel.state_reason}, reverse("channels:list")))
    held = Campaign.objects.filter(state=Campaign.State.RUNNING, lane__state="held").select_related("lane")
    for campaign in held:
        sentence = _("“%(name)s” is held: %(reason)s") % {
            "name": campaign.name,
            "reason": campaign.lane.reason if campaign.lane else "",
        }
        needs.append(Need(sentence, reverse("campaigns:show", args=[campaign.pk])))
    for campaign in Campaign.objects.filter(state=Campaign.State.PAUSED).order_by("-pk")[:5]:
        sentence = _("“%(name)s” is paused.") % {"name": campaign.name}
        needs.append(Need(sentence, reverse("campaigns:show", args=[campaign.pk])))
    # What leaves by itself waits for nobody.
    drafts = Campaign.objects.filter(state=Campaign.State.DRAFT, scheduled_at=None)
    for campaign in drafts.order_by("-pk")[:5]:
        if campaign.schedule_problem:
            said = {"campaign": campaign.name, "reason": campaign.schedule_problem}
            sentence = _("“%(campaign)s” did not leave as planned: %(reason)s") % said
        else:
            sentence = _("“%(name)s” is ready to send.") % {"name": campaign.name}
        needs.append(Need(sentence, reverse("campaigns:show", args=[campaign.pk])))
    for campaign_id, name, count in _uncertain():
        sentence = ngettext(
            "%(count)d message of “%(name)s” is uncertain: its answer was lost and no receipt came.",
            "%(count)d messages of “%(name)s” are uncertain: their answers were lost and no receipt came.",
            count,
        )
        url = reverse("reports:uncertain") + f"?campaign={campaign_id}"
        needs.append(Need(sentence % {"count": count, "name": name}, url))
    return needs


def _uncertain() -> list[tuple[int, str, int]]:
    """Campaigns with messages that have been uncertain for longer than receipts usually take, and how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT m.campaign_id, c.name, count(*)
              FROM outbox o
              JOIN messages m ON m.contact_id = o.contact_id AND m.id = o.id
              JOIN campaigns c ON c.id = m.campaign_id
             WHERE o.state = 'uncertain'
             GROUP BY m.campaign_id, c.name
             ORDER BY m.campaign_id DESC
             LIMIT 5
            """
        )
        return list(cursor.fetchall())
