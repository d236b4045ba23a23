"""What a draft would do if it were launched now: reach, cost, time, share of each limit, and what stands in its way.

It asks the functions that the send asks: the audience is counted by the launch's own SELECT, prices come from the card
that will bill it, the time from the pace that dispatch keeps. It changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from ..channels.models import Channel
from ..message_templates.models import Template
from ..messaging import ledger, limits
from ..messaging.actions import ledger_db
from ..messaging.limits import portfolio
from ..rates import queries as rates
from ..rates.cards import ZERO, Card
from ..segments.rules import frozen
from . import advice, budget, headcount
from .advice import Advice
from .audience import audience_of, reason_label
from .models import Campaign

# A recipient who still waits after this is skipped, so that a campaign comes to an end; longer where a daily limit
# spreads it over days.
LIFETIME = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Part:
    """The recipients of one country: `unit` is what the next message to one of them costs, None when nobody knows."""

    country: str
    market: str
    category: str
    people: int
    free: int
    unit: Decimal | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Group:
    """So many people for one reason; until: when the last of them may be written to."""

    reason: str
    people: int
    until: datetime | None = None

    @property
    def label(self) -> str:
        """The reason in the reader's language."""
        return reason_label(self.reason)


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a limit it takes; limit None: there is none. `what` is one of advice.LIMITS."""

    what: str
    used: float
    limit: float | None
    before: float = 0.0

    @property
    def label(self) -> str:
        """What is limited, in the reader's language."""
        return advice.limit_label(self.what)

    @property
    def part(self) -> float | None:
        """Used of the limit, with what others use already."""
        return (self.before + self.used) / self.limit if self.limit else None

    @property
    def width(self) -> float:
        """The same as a bar of 100."""
        return min(100 * (self.part or 0.0), 100.0)

    @property
    def tone(self) -> str:
        """ "bad" beyond the limit, "warn" close to it; the pace of a channel is there to be used."""
        if self.part is None or self.what == "per_second":
            return "calm"
        return "bad" if self.part > 1 else "warn" if self.part > 0.8 else "good"


@dataclass(frozen=True, slots=True)
class Forecast:
    """All that is known before pressing send. Money is in `currency`; `fees` (the provider's own) are in `amount`."""

    total: int
    will_get: int
    left_out: Sequence[Group]
    later: Sequence[Group]
    parts: Sequence[Part]
    currency: str
    fees: Decimal
    amount: Decimal
    seconds: int
    finish_at: datetime
    days: int
    shares: Sequence[Share]
    overlap: int = 0
    warnings: Sequence[Advice] = ()
    blockers: Sequence[Advice] = ()
    computed_at: datetime = field(default_factory=timezone.now)

    @property
    def lifetime(self) -> timedelta:
        """How long it may take until those who still wait are skipped."""
        return max(LIFETIME, timedelta(seconds=self.seconds) + timedelta(hours=24))

    def dump(self) -> dict[str, Any]:
        """As JSON can keep it."""
        return json.loads(json.dumps(asdict(self), default=_plain))


def forecast_of(kept: Mapping[str, Any]) -> Forecast:
    """What Forecast.dump made."""
    given = dict(kept)
    for name, kind in (("left_out", Group), ("later", Group), ("parts", Part), ("shares", Share)):
        given[name] = [kind(**_typed(one)) for one in given[name]]
    for name in ("warnings", "blockers"):
        given[name] = [_advice(one) for one in given[name]]
    return Forecast(**_typed(given))


def _advice(kept: Mapping[str, Any]) -> Advice:
    """One that an earlier version kept has its sentence in the language of that time."""
    if "sentence" in kept:
        return Advice(kept["code"], kept["sentence"])
    return Advice(**kept)


def basis_of(campaign: Campaign) -> str:
    """A name for everything of ours that a forecast depends on, but the people: another draft, another name."""
    template, channel = campaign.template, campaign.channel
    parts = [
        frozen(campaign.segment.rule),
        campaign.variables,
        campaign.trial.exclude_inactive,
        str(campaign.budget),
        [template.pk, template.components, template.category, template.state],
        [channel.pk, channel.state, channel.throughput_per_second, channel.per_minute, channel.tier],
        *([campaign.scheduled_at.isoformat()] if campaign.is_planned and campaign.scheduled_at else []),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def forecast(campaign: Campaign) -> Forecast:
    """Compute it now, in one pass over the segment. Raises VariableMissing and BadRule as the launch would.

    People are those of now; the time of a planned one runs from its planned moment.
    """
    template, channel = campaign.template, campaign.channel
    now = timezone.now()
    begins = max(now, campaign.scheduled_at) if campaign.is_planned and campaign.scheduled_at else now
    with transaction.atomic():
        found = headcount.groups(
            campaign.segment.rule,
            campaign.variables,
            components=template.components,
            category=template.category,
            channel_id=channel.pk,
            lifetime=LIFETIME,
            exclude_inactive=campaign.trial.exclude_inactive,
        )
        daily = ledger.portfolio_of(ledger_db(), channel.pk)
    going = [group for group in found if not group.reason]
    terms = rates.terms_of(channel.account_id)
    day = terms.day_of(now)
    card = rates.card(channel.account.provider, terms.currency, day)
    parts = _parts(going, card, template.category, already=rates.billed_in_month(channel.account_id, day))
    will_get = sum(group.people for group in going)
    fees = card.fees(will_get, already=rates.messages_in_month(channel.pk, day))
    amount = sum((part.amount for part in parts), ZERO) + fees

    per_second = limits.per_second(channel.throughput_per_second, channel.per_minute)
    first_writes = sum(group.unseen for group in going)
    days = portfolio.days(first_writes, limit=daily.limit, used=daily.used) - 1
    last_day = will_get
    if days and daily.limit:
        last_day = first_writes - max(daily.limit - daily.used, 0) - (days - 1) * daily.limit
    seconds = math.ceil(days * portfolio.WINDOW.total_seconds() + last_day / per_second)
    later = _later(going, after=begins)
    finish_at = max([begins + timedelta(seconds=seconds), *(group.until for group in later if group.until)])
    standing = budget.standing(campaign, terms)
    overlap = 0
    if template.category == Template.Category.MARKETING:
        overlap = headcount.also_queued(
            audience_of(
                campaign.segment.rule,
                campaign.variables,
                components=template.components,
                category=template.category,
                channel_id=channel.pk,
                exclude_inactive=campaign.trial.exclude_inactive,
            )
        )
    made = Forecast(
        total=sum(group.people for group in found),
        will_get=will_get,
        left_out=_left_out(found),
        later=later,
        parts=parts,
        currency=terms.currency,
        fees=fees,
        amount=amount,
        seconds=max(seconds, math.ceil((finish_at - begins).total_seconds())),
        finish_at=finish_at,
        days=days,
        shares=[
            Share("per_second", min(per_second, will_get), _allowed(channel)),
            Share("portfolio", first_writes, daily.limit, before=daily.used),
            Share("budget", float(amount), _float(campaign.budget)),
            Share("month", float(amount), _float(terms.monthly_budget), before=float(standing.month)),
        ],
        overlap=overlap,
        computed_at=now,
    )
    return _with(
        made, warnings=advice.warnings(campaign, made, card), blockers=advice.blockers(campaign, made, card, standing)
    )


def _allowed(channel: Channel) -> float:
    """Messages a second: the provider's limit, or our own ceiling for campaigns where that is lower."""
    provider = float(channel.throughput_per_second)
    return min(provider, channel.per_minute / 60) if channel.per_minute else provider


def _parts(
    going: Sequence[headcount.Group], card: Card, category: str, *, already: Mapping[tuple[str, str], int]
) -> list[Part]:
    """What each country costs, dearest first. Countries of one market share its volume bands."""
    people: dict[str, list[int]] = {}
    for group in going:
        counted = people.setdefault(group.country, [0, 0])
        is_free = card.is_free(category, window_open=group.window_open, free_entry=group.free_entry)
        counted[0] += group.people
        counted[1] += group.people if is_free else 0
    done: dict[str, int] = {}
    parts = []
    for country, (count, free) in sorted(people.items(), key=lambda pair: -pair[1][0]):
        market = card.market_of(country)
        before = already.get((market, category), 0) + done.get(market, 0)
        done[market] = done.get(market, 0) + count - free
        parts.append(
            Part(
                country,
                market,
                category,
                people=count,
                free=free,
                unit=card.price(market, category, already=before),
                amount=card.amount(market, category, count - free, already=before) or ZERO,
            )
        )
    return sorted(parts, key=lambda part: (-part.amount, -part.people))


def _left_out(found: Sequence[headcount.Group]) -> list[Group]:
    counted: dict[str, int] = {}
    for group in found:
        if group.reason:
            counted[group.reason] = counted.get(group.reason, 0) + group.people
    return [Group(reason, people) for reason, people in sorted(counted.items(), key=lambda pair: -pair[1])]


def _later(going: Sequence[headcount.Group], *, after: datetime) -> list[Group]:
    """Who gets it, but not at once: whoever may be written to before it begins waits for nothing."""
    counted: dict[str, Group] = {}
    for group in going:
        if group.waits and (group.until is None or group.until > after):
            before = counted.get(group.waits, Group(group.waits, 0))
            until = max(filter(None, (before.until, group.until)), default=None)
            counted[group.waits] = Group(group.waits, before.people + group.people, until)
    return sorted(counted.values(), key=lambda one: -one.people)


def _with(made: Forecast, **more: Any) -> Forecast:
    return Forecast(**{name: getattr(made, name) for name in Forecast.__slots__} | more)


def _float(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _typed(given: Mapping[str, Any]) -> dict[str, Any]:
    """JSON's texts as the moments and the money that they were."""
    typed = dict(given)
    for name in ("until", "finish_at", "computed_at"):
        if isinstance(typed.get(name), str):
            typed[name] = datetime.fromisoformat(typed[name])
    for name in ("unit", "amount", "fees"):
        if isinstance(typed.get(name), str):
            typed[name] = Decimal(typed[name])
    return typed
