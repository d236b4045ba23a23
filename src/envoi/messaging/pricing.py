"""What delivered messages really cost: priced after the fact, in stretches, each once; summed in the same transaction.

A receipt's own price wins; where it carries only the category, the card that held on the day of delivery is asked
(Meta sheet, D.5 and F.2). `billable` is never believed: Meta is about to drop it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import connection, transaction

from ..channels.models import Account, Channel
from ..core.phone import PREFIX_LENGTH, country_of_prefix
from ..rates import queries as rates
from ..rates.actions import Spend, add_costs
from ..rates.cards import FREE_SERVICE_MESSAGES, SERVICE_BILLED_FROM, ZERO, Card
from . import ledger
from .actions import ledger_db
from .ledger.prices import Price, Unpriced

STRETCH = 5_000
ONE_AT_A_TIME = 0x70726963  # the advisory lock of whoever prices: volume bands count in order
RENAMED = {
    "marketing_lite": "marketing",
    "authentication-international": "authentication_international",
    "group_marketing": "marketing",
    "group_utility": "utility",
    "group_service": "service",
}


@transaction.atomic
def price_stretch(*, after: int = 0, again: bool = False) -> int:
    """Price the next delivered messages; returns the id of the last one looked at, 0 when there was none left.

    The prices and the sums in `costs` commit together; killed in the middle, nothing has happened.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": ONE_AT_A_TIME})
    waiting = ledger.unpriced(ledger_db(), limit=STRETCH, after=after, again=again)
    if not waiting:
        return 0
    desk = _Desk(waiting)
    charged = {message.id: desk.charge(message) for message in waiting}
    prices = [Price(message, charged[message.id].amount, charged[message.id].currency) for message in waiting]
    written = ledger.record_prices(ledger_db(), prices)
    add_costs(_summed([(message, charged[message.id]) for message in waiting if message.id in written]))
    return waiting[-1].id


@dataclass(frozen=True, slots=True)
class Charge:
    """What one message costs: `amount` None when the card has no price for its market."""

    amount: Decimal | None
    currency: str
    country: str
    market: str
    category: str
    day: date
    billed: bool


@dataclass
class _Desk:
    """Prices messages in their order, with the month's counts as they go up."""

    waiting: list[Unpriced]
    channels: dict[int, Channel] = field(default_factory=dict)
    terms: dict[int, rates.Terms] = field(default_factory=dict)
    cards: dict[tuple[str, str, date], Card] = field(default_factory=dict)
    billed: dict[tuple[str, str], Counter[tuple[str, str]]] = field(default_factory=dict)
    counts: dict[tuple[int, str, str | None], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wanted = {message.channel_id for message in self.waiting}
        self.channels = {one.pk: one for one in Channel.objects.select_related("account").filter(pk__in=wanted)}

    def charge(self, message: Unpriced) -> Charge:
        """What this one costs, after all those before it."""
        channel = self.channels[message.channel_id]
        account = channel.account
        if account.pk not in self.terms:
            self.terms[account.pk] = rates.terms_of(account.pk)
        terms = self.terms[account.pk]
        day = terms.day_of(message.delivered_at)
        key = (account.provider, terms.currency, day)
        if key not in self.cards:
            self.cards[key] = rates.card(*key)
        card = self.cards[key]
        pricing = json.loads(message.pricing) if message.pricing else {}
        category = _category(pricing.get("category") or message.category)
        country = country_of_prefix(message.number[:PREFIX_LENGTH])
        market = card.market_of(country)
        nth = self._next(channel.pk, day, None)
        fee = card.fees(1, already=nth)

        own = _own_price(pricing)
        if own is not None:
            amount, currency = own
            return Charge(amount, currency or terms.currency, country, market, category, day, billed=amount > 0)
        if str(pricing.get("type", "")).startswith("free") or category == "referral_conversion":
            return Charge(fee, terms.currency, country, market, category, day, billed=False)
        if category == "service":
            of_service = self._next(channel.pk, day, "service")
            if day < SERVICE_BILLED_FROM or of_service < FREE_SERVICE_MESSAGES:
                return Charge(fee, terms.currency, country, market, category, day, billed=False)
        month = (_business(account), f"{day:%Y-%m}")
        if month not in self.billed:
            self.billed[month] = Counter(rates.billed_in_month(account.pk, day))
        price = card.price(market, category, already=self.billed[month][market, category])
        if price is None:
            return Charge(None, terms.currency, country, market, category, day, billed=False)
        self.billed[month][market, category] += 1
        return Charge(price + fee, terms.currency, country, market, category, day, billed=True)

    def _next(self, channel_id: int, day: date, category: str | None) -> int:
        """How many messages of the month the number had before this one."""
        key = (channel_id, f"{day:%Y-%m}", category)
        if key not in self.counts:
            self.counts[key] = rates.messages_in_month(channel_id, day, category=category)
        self.counts[key] += 1
        return self.counts[key] - 1


def _business(account: Account) -> str:
    """Whose volume bands count together: accounts of one portfolio, or an account whose portfolio is not known."""
    return f"{account.provider}/{account.portfolio}" if account.portfolio else str(account.pk)


def _category(text: object) -> str:
    word = str(text).lower()
    return RENAMED.get(word, word)[:30]


def _own_price(pricing: Mapping[str, Any]) -> tuple[Decimal, str] | None:
    """The provider's own price with its currency, None when it gave none. Twilio writes what it takes as negative."""
    given = pricing.get("price", pricing.get("cost"))
    if isinstance(given, Mapping):
        pricing, given = given, given.get("amount")
    if given in (None, ""):
        return None
    try:
        amount = abs(Decimal(str(given)))
    except InvalidOperation:
        return None
    currency = str(pricing.get("currency") or pricing.get("price_unit") or "").upper()
    return (amount, currency[:3]) if amount.is_finite() else None


def _summed(charged: list[tuple[Unpriced, Charge]]) -> list[Spend]:
    sums: dict[tuple[int, date, int, str, str, str, str], list[Any]] = {}
    for message, charge in charged:
        if charge.amount is None:
            continue
        key = (
            message.channel_id,
            charge.day,
            message.campaign_id,
            charge.country,
            charge.market,
            charge.category,
            charge.currency,
        )
        one = sums.setdefault(key, [0, 0, ZERO])
        one[0] += 1
        one[1] += charge.billed
        one[2] += charge.amount
    return [Spend(*key, *values) for key, values in sums.items()]
