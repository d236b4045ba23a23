"""The arithmetic of prices: pure functions of a card, a country, a category and a day. It reads no table.

Rules, with their days, are Meta's (Meta sheet, F.1 and F.2): what is delivered is billed, by the recipient's market;
until 30 September 2026 utility inside an open customer service window is free, and so are service messages; since
1 October 2026 service messages cost the utility price after 1,000 free ones per number and month. Inside the 72 hours
of a free entry point everything is free.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

OTHER = "Other"
SERVICE_BILLED_FROM = date(2026, 10, 1)
FREE_SERVICE_MESSAGES = 1000  # a number and a month
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Band:
    """The price of a month's messages number `first` to `last` (None: all further ones) of one market and category."""

    first: int
    last: int | None
    price: Decimal
    source: str = ""


@dataclass(frozen=True, slots=True)
class Fee:
    """The provider's own price of a message; `free` of them a month cost nothing."""

    currency: str
    per_message: Decimal = ZERO
    per_failed: Decimal = ZERO
    per_month: Decimal = ZERO
    free: int = 0


@dataclass(frozen=True, slots=True)
class Card:
    """All prices of one currency as they hold on `day`: bands by (market, category), markets by country."""

    currency: str
    day: date
    bands: Mapping[tuple[str, str], Sequence[Band]]
    markets: Mapping[str, str]
    fee: Fee

    @property
    def is_empty(self) -> bool:
        """Whether there is no price at all in this currency."""
        return not self.bands

    def market_of(self, country: str) -> str:
        """How numbers of this country are billed."""
        return self.markets.get(country, OTHER)

    def bands_of(self, market: str, category: str) -> Sequence[Band]:
        """The bands of a category, () when the card has none. Service costs what utility does, unless it is listed."""
        found = self.bands.get((market, category), ())
        if not found and category == "service" and self.day >= SERVICE_BILLED_FROM:
            found = self.bands.get((market, "utility"), ())
            # Flat, without volume bands.
            return found[:1] and [Band(1, None, found[0].price, found[0].source)]
        if not found and category == "authentication_international":
            return self.bands.get((market, "authentication"), ())
        return found

    def price(self, market: str, category: str, *, already: int = 0) -> Decimal | None:
        """What the next message costs after `already` billed ones this month, None when the card does not say."""
        if category == "service" and self.day < SERVICE_BILLED_FROM:
            return ZERO
        bands = self.bands_of(market, category)
        for band in bands:
            if band.last is None or already < band.last:
                return band.price
        return bands[-1].price if bands else None

    def amount(self, market: str, category: str, count: int, *, already: int = 0) -> Decimal | None:
        """What `count` further messages cost: each band at its own price. None when the card does not say."""
        if category == "service" and self.day < SERVICE_BILLED_FROM:
            return ZERO
        bands = self.bands_of(market, category)
        if not bands:
            return None
        total, left, done = ZERO, count, already
        for band in bands:
            room = left if band.last is None or band is bands[-1] else max(min(band.last - done, left), 0)
            total += band.price * room
            left, done = left - room, done + room
        return total

    def is_free(self, category: str, *, window_open: bool, free_entry: bool) -> bool:
        """Whether WhatsApp takes nothing for it: a free entry point, or a window under the rule of that day."""
        if free_entry:
            return True
        return category in ("utility", "service") and window_open and self.day < SERVICE_BILLED_FROM

    def fees(self, count: int, *, already: int = 0) -> Decimal:
        """The provider's own price of `count` messages after `already` this month; 0 when in another currency."""
        if self.fee.currency != self.currency:
            return ZERO
        free = max(self.fee.free - already, 0)
        return self.fee.per_message * max(count - free, 0)
