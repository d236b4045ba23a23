"""Changing prices: bring in a card, set one price, a provider's fee, an account's terms. Nothing is overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from ..channels.models import Account
from ..core.errors import BadInput, NotFound
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from . import meta_csv
from .models import Billing, Category, ProviderFee, Rate

BY_HAND = "Entered by hand"


@dataclass(frozen=True, slots=True)
class Change:
    """What a line of a new card does: `before` is the price that holds until its day, None for a new market."""

    market: str
    currency: str
    category: str
    before: Decimal | None
    price: Decimal

    @property
    def kind(self) -> str:
        """ "new", "same", "up" or "down"."""
        if self.before is None:
            return "new"
        return "same" if self.before == self.price else "up" if self.price > self.before else "down"


@dataclass(frozen=True, slots=True)
class Compared:
    """A new card beside the one that holds: what changes, and the markets that it leaves out."""

    changes: Sequence[Change]
    left_out: Sequence[str]


def compare(text: str, valid_from: date, *, by: Staff | None) -> Compared:
    """What bringing in this card would change, without changing anything. Raises BadCard."""
    require(by, "channels.write")
    lines = meta_csv.read(text)
    wanted = {line.currency for line in lines}
    standing: dict[tuple[str, str, str], Decimal] = {}
    for rate in _holding(valid_from).filter(currency__in=wanted).order_by("valid_from", "-tier_from"):
        standing[rate.currency, rate.market, rate.category] = rate.price
    named = {(line.currency, line.market) for line in lines}
    left_out = sorted({f"{key[1]} ({key[0]})" for key in standing if key[:2] not in named})
    changes = [
        Change(
            one.market, one.currency, one.category, standing.get((one.currency, one.market, one.category)), one.price
        )
        for one in lines
    ]
    return Compared(sorted(changes, key=lambda one: (one.currency, one.market, one.category)), left_out)


@transaction.atomic
def bring_in(text: str, valid_from: date, *, source: str, by: Staff | None) -> int:
    """Let Meta's card hold from a day on; returns how many prices it has. What it leaves out stays. Raises BadCard."""
    require(by, "channels.write")
    lines = meta_csv.read(text)
    source = source.strip()[:200] or _("Meta’s card of %(day)s") % {"day": valid_from.isoformat()}
    for line in lines:
        _begin(line.currency, line.market, line.category, line.price, valid_from, source)
    note(by, "rates.import", f"rates/{valid_from.isoformat()}", {"prices": len(lines), "source": source})
    return len(lines)


@transaction.atomic
def set_rate(
    *,
    currency: str,
    market: str,
    category: str,
    price: Decimal,
    valid_from: date,
    source: str = "",
    tier_from: int = 1,
    tier_to: int | None = None,
    by: Staff | None,
) -> Rate:
    """Let one price hold from a day on. The price before it ends on that day; the same day again corrects it."""
    require(by, "channels.write")
    currency, market = currency.strip().upper(), market.strip()
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise BadInput(_("A currency has three letters, like EUR."))
    if not market or len(market) > 60:
        raise BadInput(_("Say which market this price is for."))
    if category not in Category.values:
        raise BadInput(_("Choose a category."))
    if not price.is_finite() or price < 0 or price > meta_csv.HIGHEST:
        raise BadInput(_("A price is zero or more."))
    if tier_from < 1 or (tier_to is not None and tier_to < tier_from):
        raise BadInput(_("A volume band goes from a smaller to a larger number of messages."))
    source = source.strip()[:200] or BY_HAND
    rate = _begin(currency, market, category, price, valid_from, source, tier_from=tier_from, tier_to=tier_to)
    note(
        by,
        "rates.set",
        f"rate/{rate.pk}",
        {"market": market, "category": category, "price": str(price), "currency": currency},
    )
    return rate


def _begin(
    currency: str,
    market: str,
    category: str,
    price: Decimal,
    valid_from: date,
    source: str,
    *,
    tier_from: int = 1,
    tier_to: int | None = None,
) -> Rate:
    same = Rate.objects.filter(currency=currency, market=market, category=category)
    # What was to hold at that day ends there; what begins later stays and ends this one.
    same.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=valid_from), valid_from__lt=valid_from).update(
        valid_to=valid_from
    )
    following = same.filter(valid_from__gt=valid_from).order_by("valid_from").values_list("valid_from", flat=True)
    rate, _made = Rate.objects.update_or_create(
        currency=currency,
        market=market,
        category=category,
        tier_from=tier_from,
        valid_from=valid_from,
        defaults={"price": price, "tier_to": tier_to, "valid_to": following.first(), "source": source},
    )
    return rate


def _holding(day: date) -> QuerySet[Rate]:
    return Rate.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=day), valid_from__lte=day)


@transaction.atomic
def set_fee(
    *,
    provider: str,
    currency: str,
    per_message: Decimal,
    per_failed: Decimal,
    per_month: Decimal,
    free_messages: int,
    valid_from: date,
    by: Staff | None,
) -> ProviderFee:
    """Let a provider's own price hold from a day on; the same day again corrects it."""
    require(by, "channels.write")
    if min(per_message, per_failed, per_month) < 0 or free_messages < 0:
        raise BadInput(_("A price is zero or more."))
    fee, _made = ProviderFee.objects.update_or_create(
        provider=provider,
        valid_from=valid_from,
        defaults={
            "currency": currency.strip().upper()[:3],
            "per_message": per_message,
            "per_failed": per_failed,
            "per_month": per_month,
            "free_messages": free_messages,
            "source": BY_HAND,
        },
    )
    note(by, "rates.fee", f"fee/{fee.pk}", {"provider": provider, "per_message": str(per_message)})
    return fee


@transaction.atomic
def set_terms(
    account_id: int, *, currency: str, timezone: str = "UTC", monthly_budget: Decimal | None, by: Staff | None
) -> Billing:
    """Say in which currency an account pays, where its days begin, and what it may spend in a month (None: no cap)."""
    require(by, "channels.write")
    currency = currency.strip().upper()
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise BadInput(_("A currency has three letters, like EUR."))
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadInput(_("“%(name)s” is no time zone.") % {"name": timezone}) from None
    if monthly_budget is not None and monthly_budget < 0:
        raise BadInput(_("A budget is zero or more."))
    if not Account.objects.filter(pk=account_id).exists():
        raise NotFound(_("There is no such account."))
    billing, _made = Billing.objects.update_or_create(
        account_id=account_id,
        defaults={"currency": currency, "timezone": timezone, "monthly_budget": monthly_budget},
    )
    budget = None if monthly_budget is None else str(monthly_budget)
    note(by, "account.terms", f"account/{account_id}", {"currency": currency, "monthly_budget": budget})
    return billing


@dataclass(frozen=True, slots=True)
class Spend:
    """What some messages of one channel, day, campaign (0: none), country and category cost together."""

    channel_id: int
    day: date
    campaign_id: int
    country: str
    market: str
    category: str
    currency: str
    messages: int
    billed: int
    amount: Decimal


def add_costs(spends: Sequence[Spend]) -> None:
    """Add to the sums, in the caller's transaction: the one in which the messages got their prices."""
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO costs (channel_id, day, campaign_id, country, market, category, currency, messages, billed,
                               amount)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (channel_id, day, campaign_id, country, market, category, currency)
            DO UPDATE SET messages = costs.messages + EXCLUDED.messages,
                          billed = costs.billed + EXCLUDED.billed,
                          amount = costs.amount + EXCLUDED.amount
            """,
            [tuple(getattr(one, name) for name in Spend.__slots__) for one in spends],
        )
