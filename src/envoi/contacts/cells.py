"""Single cells: from what stands in a file to a value, or a sentence why not. It never guesses between two meanings."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from django.utils.translation import gettext as _

from ..core.errors import BadInput

# A file written a moment ago, in a time zone ahead of ours, is not from the future.
AHEAD = timedelta(hours=24)

_YEAR_FIRST = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]+(.+))?")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:[T ]+(.+))?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")


class BadCell(BadInput):
    """A cell that can't be understood."""


@lru_cache(maxsize=32_768)
def moment_of(text: str, order: str = "") -> datetime:
    """A date, with or without a time, as UTC. Known are 2026-01-31, 2026/1/31, 20260131, 31.01.2026 and 2026年1月31日.

    order: "day" or "month", what comes first in 03/04/2026; without it such a date is refused unless only one
    reading exists. A time without zone counts as UTC. Raises BadCell.
    """
    text = text.strip()
    wrong = BadCell(_("“%(text)s” is no date: write it as 2026-01-31.") % {"text": text[:40]})
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day, time = match.groups()
    elif match := _YEAR_LAST.fullmatch(text):
        first, mark, second, year, time = match.groups()
        day, month = (first, second) if mark == "." else _day_and_month(text, first, second, order)
    elif match := _COMPACT.fullmatch(text):
        (year, month, day), time = match.groups(), None
    else:
        raise wrong
    try:
        when = datetime.fromisoformat(f"{year}-{int(month):02}-{int(day):02}" + (f"T{_time(time)}" if time else ""))
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        # Overflow: a first or last day of the calendar that another time zone pushes over its edge.
        raise wrong from None


def past(when: datetime, now: datetime) -> datetime:
    """A moment that lies behind us; a few hours ahead become now. Raises BadCell for the future."""
    if when > now + AHEAD:
        raise BadCell(_("%(date)s lies in the future.") % {"date": when.date().isoformat()})
    return min(when, now)


def _day_and_month(text: str, first: str, second: str, order: str) -> tuple[str, str]:
    if order == "month":
        return second, first
    if order == "day" or int(first) > 12 or first == second:
        return first, second
    if int(second) > 12:
        return second, first
    raise BadCell(
        _("“%(text)s” can be read in two ways: choose for the file whether the day or the month comes first.")
        % {"text": text}
    )


def _time(text: str) -> str:
    """A time as fromisoformat wants it: "9:05" becomes "09:05", "Z" and " +0200" are taken, " UTC" is said shorter."""
    text = text.strip().removesuffix(" UTC").replace(" +", "+").replace(" -", "-")
    return text if text[1:2] != ":" else "0" + text
