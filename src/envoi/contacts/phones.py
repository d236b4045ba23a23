"""The phones of a whole file: what core.phone says of each number, about ten times as fast.

core.phone goes through all of libphonenumber for each number. Most numbers of a file are plain ("+33639980001", or
"0639980001" with a country), and for those the result follows from the length and the prefix that libphonenumber's
own data give for the country. Whatever is not plain goes to core.phone, so that both always agree (tested).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from ..core.phone import BadPhone, country_of, e164, line_of, unspoiled

_BLANKS = str.maketrans("", "", " \u00a0\u202f.-()/")
_MOST_PREFIXES = 100_000


class _Plan(NamedTuple):
    """What decides about a national number: code "33"; lengths; prefix to dial at home; what begins a foreign call."""

    code: str
    lengths: frozenset[int]
    prefix: re.Pattern[str] | None
    plain_prefix: bool
    abroad: re.Pattern[str] | None
    general: re.Pattern[str]


class Phones:
    """Reads numbers for one file; `country`: ISO letters for bare numbers, "" refuses those."""

    def __init__(self, country: str = "") -> None:
        self.country = country
        self._by_prefix: dict[str, str] = {}
        self._by_start: dict[str, str] = {}
        self._lengths = _Lengths()

    def e164(self, text: str, country: str = "") -> str:
        """As core.phone.e164; `country` of the row goes before that of the file. Raises BadPhone."""
        country = country or self.country
        digits = text if text[1:].isdigit() else unspoiled(text).translate(_BLANKS)
        if digits.isascii():
            if digits.startswith("00"):
                digits = "+" + digits[2:]
            if digits[:1] == "+":
                if digits[1:].isdigit() and _is_plain(digits):
                    return line_of(digits)
            elif country and digits.isdigit() and (number := _national(digits, country)):
                return line_of(number)
        return e164(text, country=country or None)

    def all_e164(self, texts: Sequence[str], countries: Sequence[str]) -> list[str | None]:
        """`e164` of a whole column, None for those that are no number; an empty cell stays empty."""
        if not "".join(texts).isascii():
            return [self._or_none(text, country) for text, country in zip(texts, countries, strict=True)]
        lengths = self._lengths
        return [
            text
            if not text or (len(text) in lengths[text[:_DECIDING]] and text[1:].isdigit())
            else self._or_none(text, country)
            for text, country in zip(texts, countries, strict=True)
        ]

    def countries_of(self, numbers: Sequence[str | None], said: Sequence[str | None]) -> list[str]:
        """`country_of` of a whole column where nothing is said, "" without a number; said: the row's own country."""
        if all(said):
            return list(map(str, said))
        seen = self._by_start
        found = []
        for number, country in zip(numbers, said, strict=True):
            if not country and number:
                # Eight characters tell the country: see country_of.
                country = seen.get(number[:8])
                if country is None:
                    if len(seen) >= _MOST_PREFIXES:
                        seen.clear()
                    country = seen[number[:8]] = self.country_of(number)
            found.append(country or "")
        return found

    def _or_none(self, text: str, country: str) -> str | None:
        try:
            return self.e164(text.strip(), country) if text.strip() else ""
        except BadPhone:
            return None

    def country_of(self, number: str) -> str:
        """ISO letters of an E.164 number; where no country claims it, the first that has its code; else ""."""
        regions, _code, _plan = _start(number[:4])
        if len(regions) == 1:
            return "" if regions[0] == "001" else regions[0]
        # Countries that share a code divide it by the digits after it: +1 and six digits tell all of them apart.
        found = self._by_prefix.get(number[:8])
        if found is None:
            if len(self._by_prefix) >= _MOST_PREFIXES:
                self._by_prefix.clear()
            found = self._by_prefix[number[:8]] = country_of(number) or (regions[0] if regions else "")
        return found


# "+", a calling code and the digit or two that its prefix for calls at home may have.
_DECIDING = 6


class _Lengths(dict[str, frozenset[int]]):
    """By the first characters of a number that is E.164 already: how long it may be in all. Empty: look closer."""

    def __missing__(self, start: str) -> frozenset[int]:
        self[start] = found = self._find(start)
        return found

    def _find(self, start: str) -> frozenset[int]:
        if len(start) < _DECIDING or start[0] != "+" or not start[1:].isdigit():
            return frozenset()
        if start.startswith(("+52", "+54", "+55")):
            # One line may have several numbers there: core.phone.line_of.
            return frozenset()
        _regions, code, plan = _start(start[:4])
        if plan is None:
            return frozenset()
        if plan.prefix:
            prefix = plan.prefix.pattern
            if not prefix.isdigit() or code + len(prefix) > _DECIDING or start.startswith(prefix, code):
                return frozenset()
        return frozenset(code + length for length in plan.lengths)


def _is_plain(digits: str) -> bool:
    """Whether it is E.164 already and can't be read in another way."""
    _regions, code, plan = _start(digits[:4])
    if plan is None or len(digits) - code not in plan.lengths:
        return False
    return not plan.prefix or not plan.prefix.match(digits, code)


@cache
def _start(start: str) -> tuple[tuple[str, ...], int, _Plan | None]:
    """What "+" and three digits tell: the countries of the code, where the national number begins, its plan."""
    for end in (2, 3, 4):
        code = start[1:end]
        regions = COUNTRY_CODE_TO_REGION_CODE.get(int(code)) if code.isdigit() and code[0] != "0" else None
        if regions:
            return regions, end, _plan(PhoneMetadata.metadata_for_region_or_calling_code(int(code), regions[0]))
    return (), 0, None


def _national(digits: str, country: str) -> str | None:
    """A number as it is dialled within its country, when that can't be read in another way, else None."""
    plan = _plan_of_country(country)
    if not plan or digits.startswith(plan.code) or (plan.abroad and plan.abroad.match(digits)):
        return None
    if plan.prefix and (dialled := plan.prefix.match(digits)):
        national = digits[dialled.end() :]
        if not plan.plain_prefix or not plan.general.fullmatch(national):
            return None
    else:
        national = digits
    return f"+{plan.code}{national}" if len(national) in plan.lengths else None


@cache
def _plan_of_country(country: str) -> _Plan | None:
    return _plan(PhoneMetadata.metadata_for_region(country, None))


def _plan(metadata: PhoneMetadata | None) -> _Plan | None:
    if metadata is None or metadata.general_desc is None or not metadata.general_desc.national_number_pattern:
        return None
    prefix = metadata.national_prefix_for_parsing
    return _Plan(
        code=str(metadata.country_code),
        lengths=frozenset(metadata.general_desc.possible_length),
        prefix=re.compile(prefix) if prefix else None,
        # Only digits: no carrier code in it, nothing rewritten.
        plain_prefix=bool(prefix and prefix.isdigit() and not metadata.national_prefix_transform_rule),
        abroad=re.compile(metadata.international_prefix) if metadata.international_prefix else None,
        general=re.compile(metadata.general_desc.national_number_pattern),
    )
