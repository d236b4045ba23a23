"""Meta's rate card as a file: read into prices, or refused with the line that is wrong. It stores nothing."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from ..web.templatetags.look import count
from .errors import BadCard

HEADER = {
    "market": "market",
    "currency": "currency",
    "marketing": "marketing",
    "utility": "utility",
    "authentication": "authentication",
    "authentication-international": "authentication_international",
    "service": "service",
}
NONE = {"", "-", "–", "n/a", "na"}
MOST_LINES = 5_000
HIGHEST = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Priced:
    """One cell of the file."""

    market: str
    currency: str
    category: str
    price: Decimal


def read(text: str) -> list[Priced]:
    """Every price in the file. Raises BadCard."""
    lines = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
    if len(lines) > MOST_LINES:
        raise BadCard(_("That is longer than a rate card: it has more than %(n)s lines.") % {"n": count(MOST_LINES)})
    start, columns = _header(lines)
    priced: dict[tuple[str, str, str], Priced] = {}
    for number, cells in enumerate(lines[start + 1 :], start=start + 2):
        if not any(cell.strip() for cell in cells):
            continue
        row = {name: cells[place].strip() if place < len(cells) else "" for name, place in columns.items()}
        market, currency = row["market"], row["currency"].upper()
        # Meta writes the currency with its sign or name on some cards ("$US", "USD").
        currency = {"$US": "USD", "US$": "USD", "$": "USD", "€": "EUR", "£": "GBP", "₹": "INR"}.get(currency, currency)
        if not market or len(market) > 60:
            raise BadCard(_("Line %(n)s has no market.") % {"n": number})
        if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
            raise BadCard(_("Line %(n)s: “%(text)s” is no currency.") % {"n": number, "text": row["currency"]})
        for category in columns.keys() - {"market", "currency"}:
            if row[category].lower() in NONE:
                continue
            key = (market, currency, category)
            if key in priced:
                raise BadCard(_("Line %(n)s: “%(market)s” is there twice.") % {"n": number, "market": market})
            priced[key] = Priced(market, currency, category, _price(row[category], number))
    if not priced:
        raise BadCard(_("There is no price in this file."))
    return list(priced.values())


def _header(lines: list[list[str]]) -> tuple[int, dict[str, int]]:
    """Where the header is, and the place of each column that we know. Cards begin with a line or two of words."""
    for number, cells in enumerate(lines[:30]):
        names = [cell.strip().lower().replace(" ", "-").replace("_", "-") for cell in cells]
        if "market" in names and "currency" in names and "marketing" in names:
            return number, {HEADER[name]: place for place, name in enumerate(names) if name in HEADER}
    raise BadCard(
        _("This is not Meta’s rate card: that begins with Market, Currency, Marketing, Utility, Authentication.")
    )


def _price(text: str, number: int) -> Decimal:
    plain = text.lstrip("$€£₹ ")
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    try:
        price = Decimal(plain)
    except InvalidOperation:
        raise BadCard(_("Line %(n)s: “%(text)s” is no price.") % {"n": number, "text": text}) from None
    if not price.is_finite() or price < 0 or price > HIGHEST:
        raise BadCard(_("Line %(n)s: “%(text)s” is no price.") % {"n": number, "text": text})
    return price
