"""Reading campaigns: the list, one, its funnel, its recipients, its reach before it is sent."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ..channels.models import Channel
from ..core.errors import BadInput, NotFound
from ..core.paging import Page, whole
from ..core.tables import Cell
from ..message_templates.models import Template
from ..messaging import limits
from ..segments.models import Segment
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from ..web.undelivered import refusal
from .audience import audience_of, reason_label
from .models import BreakerEvent, Campaign

K = TypeVar("K")


def campaigns(
    staff: Staff | None,
    *,
    search: str = "",
    state: str = "",
    planned: bool | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[Campaign]:
    """Campaigns, newest first; planned: only those that leave by themselves, or none of those."""
    require(staff, "campaigns.read")
    found = Campaign.objects.select_related("segment", "channel", "template").order_by("-pk")
    if search:
        found = found.filter(Q(name__icontains=search) | Q(template__name__icontains=search))
    if state in Campaign.State.values:
        found = found.filter(state=state)
    if planned is not None:
        leaves = Q(state=Campaign.State.DRAFT, scheduled_at__isnull=False)
        found = found.filter(leaves if planned else ~leaves)
    if (cursor := whole(after)) is not None:
        found = found.filter(pk__lt=cursor)
    items = list(found[: limit + 1])
    return Page(items[:limit], next=str(items[limit - 1].pk) if len(items) > limit else None)


def campaign_for(staff: Staff | None, campaign_id: int) -> Campaign:
    """One campaign with all it refers to. Raises NotFound."""
    require(staff, "campaigns.read")
    try:
        return Campaign.objects.select_related("segment", "channel__account", "template", "lane", "launched_by").get(
            pk=campaign_id
        )
    except Campaign.DoesNotExist:
        raise NotFound(_("There is no such campaign.")) from None


def breaker_events(staff: Staff | None, *, after: str | None = None, limit: int = 50) -> Page[BreakerEvent]:
    """Every stop by the breaker, newest first."""
    require(staff, "campaigns.read")
    found = BreakerEvent.objects.select_related("campaign", "template", "channel", "resumed_by").order_by("-pk")
    if (cursor := whole(after)) is not None:
        found = found.filter(pk__lt=cursor)
    items = list(found[: limit + 1])
    return Page(items[:limit], next=str(items[limit - 1].pk) if len(items) > limit else None)


@dataclass(frozen=True, slots=True)
class Funnel:
    """Where a campaign's recipients stand. From `accepted` to `read` each number includes those after it.

    per_second: messages accepted per second over the last ten; seconds_left: at that pace, None when not known.
    """

    recipients: int = 0
    queued: int = 0
    sending: int = 0
    accepted: int = 0
    sent: int = 0
    delivered: int = 0
    read: int = 0
    replied: int = 0
    failed: int = 0
    skipped: int = 0
    uncertain: int = 0
    cancelled: int = 0
    per_second: float = 0.0
    seconds_left: int | None = None
    skipped_by_reason: list[tuple[str, str, int]] = field(default_factory=list)
    failed_by_code: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def settled(self) -> int:
        """Recipients about whom nothing more has to be done."""
        return self.recipients - self.queued - self.sending


def funnel(campaign_id: int) -> Funnel:
    """The funnel of one campaign, counted now from its messages."""
    return funnels([campaign_id]).get(campaign_id, Funnel())


def funnels(campaign_ids: Sequence[int]) -> dict[int, Funnel]:
    """The funnels of several campaigns, in two statements; one that has no recipients yet is left out."""
    if not campaign_ids:
        return {}
    rows: dict[int, list[tuple[str, str, str, str, int, int]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT campaign_id, state, reason, error_code, max(error_title), count(*),
                   count(*) FILTER (WHERE accepted_at > now() - interval '10 seconds')
              FROM messages
             WHERE campaign_id = ANY(%(campaigns)s)
             GROUP BY campaign_id, state, reason, error_code
            """,
            {"campaigns": list(campaign_ids)},
        )
        for campaign_id, *counted in cursor.fetchall():
            rows.setdefault(campaign_id, []).append(tuple(counted))
        # A reply is a message of the same customer in the three days after ours was accepted.
        cursor.execute(
            """
            SELECT m.campaign_id, count(*)
              FROM messages m
             WHERE m.campaign_id = ANY(%(campaigns)s)
               AND m.state IN ('accepted', 'sent', 'delivered', 'read')
               AND EXISTS (SELECT 1 FROM messages i
                            WHERE i.contact_id = m.contact_id AND i.direction = 'in'
                              AND i.created_at >= date_trunc('second', m.accepted_at)
                              AND i.created_at < m.accepted_at + interval '3 days')
             GROUP BY m.campaign_id
            """,
            {"campaigns": list(campaign_ids)},
        )
        replied = dict(cursor.fetchall())
    return {campaign_id: _funnel(counted, replied.get(campaign_id, 0)) for campaign_id, counted in rows.items()}


def _funnel(rows: Sequence[tuple[str, str, str, str, int, int]], replied: int) -> Funnel:
    count: dict[str, int] = {}
    skipped: dict[str, int] = {}
    failed: dict[tuple[str, str], int] = {}
    recent = 0
    for state, reason, code, title, number, new in rows:
        count[state] = count.get(state, 0) + number
        recent += new
        if state == "skipped":
            skipped[reason] = skipped.get(reason, 0) + number
        if state == "failed":
            failed[code, title] = failed.get((code, title), 0) + number
    waiting = count.get("queued", 0) + count.get("sending", 0)
    per_second = recent / 10
    read = count.get("read", 0)
    delivered = read + count.get("delivered", 0)
    sent = delivered + count.get("sent", 0)
    return Funnel(
        recipients=sum(count.values()),
        queued=count.get("queued", 0),
        sending=count.get("sending", 0),
        accepted=sent + count.get("accepted", 0),
        sent=sent,
        delivered=delivered,
        read=read,
        replied=replied,
        failed=count.get("failed", 0),
        skipped=count.get("skipped", 0),
        uncertain=count.get("uncertain", 0),
        cancelled=count.get("cancelled", 0),
        per_second=per_second,
        seconds_left=round(waiting / per_second) if per_second and waiting else None,
        skipped_by_reason=[(reason, reason_label(reason), number) for reason, number in _most_first(skipped)],
        failed_by_code=[(code, refusal(title), number) for (code, title), number in _most_first(failed)],
    )


def _most_first(counts: Mapping[K, int]) -> list[tuple[K, int]]:
    return sorted(counts.items(), key=lambda pair: -pair[1])


@dataclass(frozen=True, slots=True)
class Recipient:
    """One line of a campaign's recipients."""

    contact_id: int
    message_id: int
    name: str
    phone: str
    state: str
    reason: str
    error_code: str
    error_title: str
    at: datetime
    price: Decimal | None
    currency: str
    last_what: str | None
    last_detail: dict[str, Any] | None

    @property
    def until(self) -> datetime | None:
        """When it is tried again, for who waits."""
        until = (self.last_detail or {}).get("until")
        return datetime.fromisoformat(until) if until and self.state == "queued" else None

    @property
    def decided(self) -> str:
        """The reason of the latest decision: why they wait, or were left out; "" when nothing stood in the way."""
        waits = (self.last_detail or {}).get("reason") if self.last_what == "waits" and self.state == "queued" else ""
        return self.reason or str(waits or "")

    @property
    def error_words(self) -> str:
        """What the provider's code is called, in the reader's language, "" without one."""
        return refusal(self.error_title)

    @property
    def reason_label(self) -> str:
        """The reason in the reader's language, "" without one."""
        return reason_label(self.decided) if self.decided else ""


def recipients(
    campaign_id: int, *, states: Sequence[str] = (), search: str = "", after: str | None = None, limit: int = 50
) -> Page[Recipient]:
    """Recipients by contact, of these states when given; search by name or phone. The cursor is a contact's id."""
    with connection.cursor() as cursor:
        # messages_by_campaign (campaign_id, state, contact_id) serves the state filter in order.
        cursor.execute(
            f"""
            SELECT m.contact_id, m.id, c.name, COALESCE(c.phone, ''), m.state, m.reason, m.error_code, m.error_title,
                   COALESCE(m.read_at, m.delivered_at, m.failed_at, m.sent_at, m.accepted_at, m.created_at),
                   m.price, m.currency, e.what, e.detail::text
              FROM messages m JOIN contacts c ON c.id = m.contact_id
              -- The latest decision about each of the page's few rows: events_by_message.
              LEFT JOIN LATERAL (SELECT what, detail FROM message_events
                                  WHERE contact_id = m.contact_id AND message_id = m.id
                                  ORDER BY at DESC, id DESC LIMIT 1) e ON true
             WHERE m.campaign_id = %(campaign)s
               AND m.contact_id > %(after)s
               {"AND m.state = ANY(%(states)s)" if states else ""}
               {"AND (c.name ILIKE %(search)s OR c.phone ILIKE %(search)s)" if search else ""}
             ORDER BY m.contact_id
             LIMIT %(limit)s
            """,  # noqa: S608  (only the fixed pieces above vary)
            {
                "campaign": campaign_id,
                "after": whole(after) or 0,
                "states": list(states),
                "search": f"%{_escaped(search)}%",
                "limit": limit + 1,
            },
        )
        rows = [_recipient(row) for row in cursor.fetchall()]
    return Page(rows[:limit], next=str(rows[limit - 1].contact_id) if len(rows) > limit else None)


def export_recipients(
    staff: Staff | None, campaign_id: int, *, states: Sequence[str] = (), search: str = ""
) -> tuple[list[str], Iterator[list[Cell]]]:
    """Titles and rows of all recipients, as the list shows them; the audit log knows of it."""
    require(staff, "contacts.export")
    note(staff, "campaigns.export", f"campaign/{campaign_id}", {"states": list(states), "search": search})
    header = [_("name"), _("phone"), _("state"), _("since"), _("reason"), _("price"), _("currency")]
    return header, _exported(campaign_id, states, search)


def _exported(campaign_id: int, states: Sequence[str], search: str) -> Iterator[list[Cell]]:
    after: str | None = None
    while True:
        page = recipients(campaign_id, states=states, search=search, after=after, limit=1000)
        for one in page.items:
            why = one.reason_label or " ".join(filter(None, (one.error_code, one.error_words)))
            yield [one.name, one.phone, one.state, one.at, why, one.price, one.currency]
        if page.next is None:
            return
        after = page.next


def _recipient(row: Sequence[Any]) -> Recipient:
    # Django's connection leaves jsonb as text.
    known = dict(zip(Recipient.__slots__, row, strict=True))
    return Recipient(**known | {"last_detail": json.loads(row[-1]) if row[-1] else None})


@dataclass(frozen=True, slots=True)
class Reach:
    """Who would get a campaign if it were sent now. `skipped` holds (reason, label, count), most first."""

    total: int
    will_get: int
    skipped: list[tuple[str, str, int]]
    seconds: int = 0


def reach(
    *,
    segment_id: int,
    channel_id: int,
    template_id: int,
    variables: Mapping[str, Mapping[str, str]],
    exclude_inactive: bool = True,
) -> Reach:
    """Counted by the very SELECT that the launch will use; seconds: how long sending takes at the channel's pace."""
    try:
        rule = Segment.objects.values_list("rule", flat=True).get(pk=segment_id)
        template = Template.objects.get(pk=template_id)
        pace = Channel.objects.values_list("throughput_per_second", "per_minute").get(pk=channel_id)
    except (Segment.DoesNotExist, Template.DoesNotExist, Channel.DoesNotExist):
        raise BadInput(_("Choose a segment, a channel and a template that exist.")) from None
    audience = audience_of(
        rule,
        variables,
        components=template.components,
        category=template.category,
        channel_id=channel_id,
        exclude_inactive=exclude_inactive,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT reason, count(*) FROM ({audience.sql}) a GROUP BY reason",  # noqa: S608
            audience.parameters,
        )
        counts: dict[str, int] = dict(cursor.fetchall())
    will_get = counts.pop("", 0)
    return Reach(
        total=will_get + sum(counts.values()),
        will_get=will_get,
        skipped=[(reason, reason_label(reason), number) for reason, number in _most_first(counts)],
        seconds=math.ceil(will_get / limits.per_second(*pace)),
    )


def is_live(campaign: Campaign) -> bool:
    """Whether its numbers may still move by themselves: running, or ended less than three days ago."""
    if campaign.state == Campaign.State.RUNNING:
        return True
    ended = campaign.finished_at
    return ended is not None and (timezone.now() - ended).days < 3


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
