"""Public holidays by country and part of it, from the `holidays` package; it knows names, not who works on them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import holidays


def name_of(day: date, country: str, subdivision: str = "", language: str = "") -> str:
    """The holiday's name on this day, in `language` where the package has it; "" when it is none."""
    return _year(country, subdivision, day.year, language).get(day, "")


def between(first: date, last: date, country: str, subdivision: str = "", language: str = "") -> list[tuple[date, str]]:
    """Holidays from one day to another, both included, with their names."""
    days: dict[date, str] = {}
    for year in range(first.year, last.year + 1):
        days |= _year(country, subdivision, year, language)
    return sorted((day, name) for day, name in days.items() if first <= day <= last)


@lru_cache(maxsize=1)
def subdivisions() -> Mapping[str, tuple[str, ...]]:
    """Countries of which holidays are known, by their two letters, with the parts that have days of their own."""
    known = holidays.list_supported_countries().items()
    return {code: tuple(parts) for code, parts in sorted(known) if len(code) == 2}


@lru_cache(maxsize=256)
def parts_of(country: str) -> tuple[tuple[str, str], ...]:
    """The parts of a country that have holidays of their own: code and name."""
    if not is_known(country) or not subdivisions()[country]:
        return ()
    names = holidays.country_holidays(country).get_subdivision_aliases()
    return tuple((code, max(names.get(code) or [code], key=len)) for code in subdivisions()[country])


def is_known(country: str, subdivision: str = "") -> bool:
    """Whether holidays of this place can be asked for; no subdivision is the whole country."""
    parts = subdivisions()
    return country in parts and (not subdivision or subdivision in parts[country])


@lru_cache(maxsize=256)
def _year(country: str, subdivision: str, year: int, language: str) -> dict[date, str]:
    if not is_known(country, subdivision):
        return {}
    words = _language(country, language)
    found = holidays.country_holidays(country, subdiv=subdivision or None, years=year, language=words)
    return {day: str(name) for day, name in found.items() if day.year == year}


@lru_cache(maxsize=256)
def _language(country: str, language: str) -> str | None:
    """The package's word for the reader's language; English where it has that, else the country's own."""
    known = holidays.list_localized_countries().get(country, ())
    wanted = {"zh-hans": ("zh_CN", "zh_SG"), "fr": ("fr",)}.get(language, ())
    for word in (*wanted, "en_US", "en_GB", "en"):
        if word in known:
            return word
    return None
