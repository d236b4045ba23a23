"""The prices that come with Envoi: a beginning, to be replaced by the provider's current card.

Copied from public copies of Meta's cards and from provider pages, as dated in each `source`; later cards were not all
seen. Whoever bills real money imports Meta's own CSV on the page "Prices".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

FIRST = date(2020, 1, 1)

# Markets of one country are as the cards name them. Which countries make a region ("Rest of …") is on none of the cards
# that were seen: the lists are those that others publish as Meta's, and the pages say that they are not certain.
ALONE = {
    "Argentina": "AR", "Brazil": "BR", "Chile": "CL", "Colombia": "CO", "Egypt": "EG", "France": "FR", "Germany": "DE",
    "India": "IN", "Indonesia": "ID", "Israel": "IL", "Italy": "IT", "Malaysia": "MY", "Mexico": "MX",
    "Netherlands": "NL", "Nigeria": "NG", "Pakistan": "PK", "Peru": "PE", "Russia": "RU", "Saudi Arabia": "SA",
    "South Africa": "ZA", "Spain": "ES", "Turkey": "TR", "United Arab Emirates": "AE", "United Kingdom": "GB",
    "North America": "US CA",
    "Rest of Africa": "DZ AO BJ BW BF BI CM TD CG ER ET GA GM GH GW CI KE LS LR LY MG MW ML MR MA MZ NA NE RW SN SL SO"
    " SS SD SZ TZ TG TN UG ZM",
    "Rest of Asia Pacific": "AF AU BD KH CN HK JP LA MN NP NZ PG PH SG LK TW TJ TH TM UZ VN",
    "Rest of Central & Eastern Europe": "AL AM AZ BY BG HR CZ GE GR HU LV LT MD MK PL RO RS SK SI UA",
    "Rest of Latin America": "BO CR DO EC SV GT HT HN JM NI PA PY PR UY VE",
    "Rest of Middle East": "BH IQ JO KW LB OM QA YE",
    "Rest of Western Europe": "AT BE DK FI IE NO PT SE CH",
}  # fmt: skip
# Countries that left their region's market (Meta sheet, F.4).
LATER = {
    date(2026, 7, 1): {"Hong Kong": "HK", "Hungary": "HU", "Poland": "PL", "Qatar": "QA", "Romania": "RO",
                       "Singapore": "SG"},
    date(2026, 10, 1): {"Bangladesh": "BD", "Iraq": "IQ", "Kazakhstan": "KZ", "Kuwait": "KW", "Morocco": "MA",
                        "Nepal": "NP", "Oman": "OM", "Sri Lanka": "LK", "Ukraine": "UA"},
}  # fmt: skip

# market: marketing, utility = authentication, authentication international
USD = """
Argentina .0618 .0260 -|Brazil .0625 .0068 -|Chile .0889 .0200 -|Colombia .0125 .0008 -|Egypt .0644 .0036 .0650
France .0859 .0300 -|Germany .1365 .0550 -|India .0118 .0014 .0280|Indonesia .0411 .0250 .1360|Israel .0353 .0053 -
Italy .0691 .0300 -|Malaysia .0860 .0140 .0418|Mexico .0305 .0085 -|Netherlands .1597 .0500 -|Nigeria .0516 .0067 .0750
Pakistan .0473 .0054 .0750|Peru .0703 .0200 -|Russia .0802 .0400 -|Saudi Arabia .0455 .0107 .0598
South Africa .0379 .0076 .0200|Spain .0615 .0200 -|Turkey .0109 .0053 -|United Arab Emirates .0499 .0157 .0510
United Kingdom .0529 .0220 -|North America .0250 .0034 -|Rest of Africa .0225 .0040 -|Rest of Asia Pacific .0732 .0113 -
Rest of Central & Eastern Europe .0860 .0212 -|Rest of Latin America .0740 .0113 -|Rest of Middle East .0341 .0091 -
Rest of Western Europe .0592 .0171 -|Other .0604 .0077 -
"""
EUR = """
Germany .1131 .0456 -|France .0712 .0248 -|Italy .0658 .0248 -|Netherlands .1323 .0414 -|Spain .0585 .0166 -
Poland .0303 .0101 -|Romania .0712 .0239 -|Hungary .0712 .0289 -|Rest of Western Europe .0490 .0142 -
Rest of Central & Eastern Europe .0712 .0175 -|Brazil .0518 .0056 -|Argentina .0512 .0216 -|Chile .0736 .0166 -
Peru .0582 .0166 -|Colombia .0104 .0008 -|Rest of Latin America .0612 .0094 -
"""
BRL = "Brazil .3217 .0350 -|Argentina .3181 .1338 -"
INR = "India .8631 .1150 2.4971"
AED = """
Argentina .2269 .0955 -|Bangladesh .2688 .0136 .3526|Brazil .2295 .0250 -|Chile .3264 .0734 -|Colombia .0459 .0029 -
Egypt .2364 .0132 -
"""
CARDS = [
    ("USD", date(2026, 1, 1), USD, "Seed: public copy of Meta's card of 1 January 2026"),
    ("EUR", date(2026, 7, 1), EUR, "Seed: figures of Meta's EUR card of 1 July 2026, as published by others"),
    ("BRL", date(2026, 7, 1), BRL, "Seed: figures of Meta's BRL card of 1 July 2026, as published by others"),
    ("INR", date(2026, 10, 1), INR, "Seed: figures of Meta's INR card of 1 October 2026, as published by others"),
    ("AED", date(2026, 10, 1), AED, "Seed: figures of Meta's AED card of 1 October 2026, as published by others"),
]

# provider: per message, per failed message, per month, free messages a month (all in USD)
FEES = {
    "twilio": ("0.005", "0.001", "0", 0, "Seed: Twilio's price page, 2026"),
    "bird": ("0.0045", "0", "50", 1000, "Seed: comparison of providers, to be replaced by your contract"),
    "zenvia": ("0.006", "0", "30", 500, "Seed: comparison of providers, to be replaced by your contract"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One price of a card."""

    currency: str
    market: str
    category: str
    price: Decimal
    valid_from: date
    source: str


def lines() -> Iterator[Line]:
    """Every price of every card that comes with Envoi."""
    for currency, since, text, source in CARDS:
        for row in text.strip().replace("\n", "|").split("|"):
            market, marketing, utility, international = row.rsplit(" ", 3)
            prices = {
                "marketing": marketing,
                "utility": utility,
                "authentication": utility,
                "authentication_international": international,
            }
            for category, price in prices.items():
                if price != "-":
                    yield Line(currency, market, category, Decimal(price), since, source)


def markets() -> Iterator[tuple[str, str, date]]:
    """(country, market, from which day on)."""
    for since, known in {FIRST: ALONE, **LATER}.items():
        for market, countries in known.items():
            for country in countries.split():
                yield country, market, since
