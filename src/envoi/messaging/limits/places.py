"""Where in the world a customer is, for the hours and for rules about regions: what `places` is filled with.

A place is found by a time zone's name, by the first four digits of a phone number ("+3363"), or by a country's letters,
in this order. Where a phone's digits leave several zones, both ends are kept and it is night while it is in either.
Source: libphonenumber's own tables, as the package `phonenumbers` has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers.tzdata import TIMEZONE_DATA

from .hours import all_zones

DIGITS = 4

# Zones further apart than this leave hardly an hour that is day in all of them; then the next source is asked.
WIDEST = timedelta(hours=11)


class Place(NamedTuple):
    """A row of `places`. `west` is the zone where the day begins last; "" for both when the zone is unknown."""

    key: str
    west: str
    east: str
    region: str


def places() -> Iterator[Place]:
    """Every place that there is a name for."""
    for zone in sorted(all_zones()):
        yield Place(zone, zone, zone, "")
    for number in range(10 ** (DIGITS - 1), 10**DIGITS):
        digits = str(number)
        region = region_of(digits)
        if region:
            yield Place(f"+{digits}", *_ends(_zones_of(digits)), region)
    for country in sorted(phonenumbers.SUPPORTED_REGIONS - all_zones()):
        code = str(phonenumbers.country_code_for_region(country))
        yield Place(country, *_ends(_zones_of(code)), country)


def region_of(digits: str) -> str:
    """The region of a number that begins with these digits, "" when there is none.

    +1 is shared by 25 countries: there the area code decides (Meta sheet, E.3). Elsewhere the calling code's main one.
    """
    code = next((int(digits[:n]) for n in (1, 2, 3) if int(digits[:n]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE), 0)
    if code == 1:
        number = phonenumbers.PhoneNumber(country_code=1, national_number=int(digits[1:4] + "5550123"))
        return phonenumbers.region_code_for_number(number) or ""
    region = phonenumbers.region_code_for_country_code(code) if code else "ZZ"
    return region if len(region) == 2 and region.isalpha() and region != "ZZ" else ""


def _zones_of(digits: str) -> Sequence[str]:
    for length in range(len(digits), 0, -1):
        if found := TIMEZONE_DATA.get(digits[:length]):
            return [zone for zone in found if zone in all_zones()]
    return ()


def _ends(zones: Sequence[str]) -> tuple[str, str]:
    if not zones:
        return "", ""
    ordered = sorted(zones, key=_offset)
    west, east = ordered[0], ordered[-1]
    return (west, east) if _offset(east) - _offset(west) <= WIDEST else ("", "")


@lru_cache(maxsize=1024)
def _offset(zone: str) -> timedelta:
    # The middle of winter and summer, so that zones compare alike all year.
    first, second = (datetime(2026, month, 1, tzinfo=ZoneInfo(zone)).utcoffset() for month in (1, 7))
    return ((first or timedelta()) + (second or timedelta())) / 2
