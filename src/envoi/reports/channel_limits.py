"""What one channel does at this moment: how much of its budget is used, what waits in which queue, and why."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from ..channels.queries import Channel, channel_for, channels_of_portfolio
from ..messaging import ledger, limits
from ..messaging.actions import ledger_db
from ..providers.table import PROVIDERS
from ..team.models import Staff
from ..team.rights import require

SAMPLED = 20_000  # waiting messages of which the reasons are counted


@dataclass(frozen=True, slots=True)
class Lane:
    """One queue: `due` could leave now, `later` waits for a time of its own."""

    id: int
    priority: int
    state: str
    reason: str
    campaign_id: int | None
    campaign: str
    due: int
    later: int
    sending: int
    uncertain: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Why messages wait: how many, and from when until when they are tried again."""

    reason: str
    messages: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Business:
    """The limit of people a day that the channel shares with every number of its business.

    word: the provider's own for it, "" when it told none. room_at: when a full one has room for one more.
    """

    word: str
    limit: int | None
    used: int
    room_at: datetime | None
    others: list[str]
    tells: bool

    @property
    def left(self) -> int | None:
        """How many more may be written to first at this moment."""
        return None if self.limit is None else max(self.limit - self.used, 0)

    @property
    def hundredths(self) -> float:
        """How much of the limit is used, of 100."""
        return min(100 * self.used / self.limit, 100.0) if self.limit else 0.0

    @property
    def is_unknown(self) -> bool:
        """Whether the limit is not known where there is one."""
        return self.tells and self.limit is None and "UNLIMITED" not in self.word.upper()


@dataclass(frozen=True, slots=True)
class Now:
    """A channel at this moment. per_second: accepted by the provider, over ten seconds; budget: what we allow us."""

    channel: Channel
    budget: float
    per_second: float
    slowed_until: datetime | None
    rests_until: datetime | None
    business: Business
    lanes: list[Lane]
    waits: list[Wait]
    is_sampled: bool

    @property
    def used(self) -> float | None:
        """The share of the budget that is in use."""
        return min(self.per_second / self.budget, 1.0) if self.budget else None

    @property
    def due(self) -> int:
        """Messages that only wait for their turn."""
        return sum(lane.due for lane in self.lanes)

    @property
    def later(self) -> int:
        """Messages that wait for a time of their own."""
        return sum(lane.later for lane in self.lanes)


def channel_now(staff: Staff | None, channel_id: int) -> Now:
    """Counted now. Raises NotFound."""
    require(staff, "reports.read")
    channel = channel_for(staff, channel_id)
    pace = _pace(channel_id)
    waits = _waits(channel_id)
    return Now(
        channel=channel,
        budget=limits.per_second(channel.throughput_per_second),
        per_second=_per_second(channel_id),
        slowed_until=pace.get("slowed_until"),
        rests_until=pace.get("rests_until"),
        business=_business(channel),
        lanes=_lanes(channel_id),
        waits=waits,
        is_sampled=sum(wait.messages for wait in waits) >= SAMPLED,
    )


def _business(channel: Channel) -> Business:
    db = ledger_db()
    mine = ledger.portfolio_of(db, channel.pk)
    peers = channels_of_portfolio(channel)
    words = {one.tier for one in peers if one.tier}
    return Business(
        word=", ".join(sorted(words)),
        limit=mine.limit,
        used=mine.used,
        room_at=ledger.next_room(db, channel.pk),
        others=[one.name for one in peers if one.pk != channel.pk],
        # Zenvia has no list of numbers, so nobody tells their limit; the others do.
        tells=PROVIDERS[channel.account.provider].numbers is not None,
    )


def _pace(channel_id: int) -> dict[str, datetime | None]:
    """Until when the channel is slow or rests, where that lies ahead."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(p)::text FROM channel_pace p WHERE channel_id = %s", [channel_id])
        row = cursor.fetchone()
    stored: dict[str, Any] = json.loads(row[0]) if row else {}
    moments: dict[str, datetime | None] = {}
    for name in ("slowed_until", "rests_until"):
        at = datetime.fromisoformat(stored[name]) if stored.get(name) else None
        moments[name] = at if at and at > timezone.now() else None
    return moments


def _per_second(channel_id: int) -> float:
    with connection.cursor() as cursor:
        # Of campaigns that run: by messages_by_campaign. Single messages: of the last minute, by messages_by_day.
        cursor.execute(
            """
            SELECT (SELECT count(*) FROM messages m
                     WHERE m.campaign_id IN (SELECT id FROM campaigns WHERE channel_id = %(channel)s
                                                AND (state = 'running' OR finished_at > now() - interval '10 seconds'))
                       AND m.accepted_at > now() - interval '10 seconds')
                 + (SELECT count(*) FROM messages m
                     WHERE m.channel_id = %(channel)s AND m.campaign_id IS NULL AND m.direction = 'out'
                       AND m.created_at > now() - interval '1 minute'
                       AND m.accepted_at > now() - interval '10 seconds')
            """,
            {"channel": channel_id},
        )
        return float(cursor.fetchone()[0]) / 10


def _lanes(channel_id: int) -> list[Lane]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT l.id, l.priority, l.state, l.reason, c.id, COALESCE(c.name, ''),
                   count(*) FILTER (WHERE o.state = 'queued' AND o.due_at <= now()),
                   count(*) FILTER (WHERE o.state = 'queued' AND o.due_at > now()),
                   count(*) FILTER (WHERE o.state = 'sending'),
                   count(*) FILTER (WHERE o.state = 'uncertain')
              FROM outbox o
              JOIN lanes l ON l.id = o.lane_id
              LEFT JOIN campaigns c ON c.lane_id = l.id
             WHERE o.channel_id = %(channel)s
             GROUP BY l.id, c.id
             ORDER BY l.priority, l.id
            """,
            {"channel": channel_id},
        )
        return [Lane(*row) for row in cursor.fetchall()]


def _waits(channel_id: int) -> list[Wait]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT COALESCE(e.reason, ''), count(*), min(o.due_at), max(o.due_at)
              FROM (SELECT contact_id, id, due_at FROM outbox
                     WHERE channel_id = %(channel)s AND state = 'queued' AND due_at > now() LIMIT %(most)s) o
              LEFT JOIN LATERAL (SELECT detail ->> 'reason' AS reason FROM message_events e
                                  WHERE e.contact_id = o.contact_id AND e.message_id = o.id AND e.what = 'waits'
                                  ORDER BY e.at DESC, e.id DESC LIMIT 1) e ON true
             GROUP BY 1 ORDER BY 2 DESC
            """,
            {"channel": channel_id, "most": SAMPLED},
        )
        return [Wait(*row) for row in cursor.fetchall()]
