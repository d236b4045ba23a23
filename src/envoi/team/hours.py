"""Opening hours: when a team is there, and how much of a wait fell into that time. Pure: hours and times in, times out.

A span belongs to the day on which it begins, by the clock of the hours' zone, and may go on over midnight. A holiday or
an own exception replaces the spans that begin on that day; what began the evening before goes on until its end.
Where a clock jumps forward, what begins or ends within the jump does so at the jump; where it is put back, a span
begins at the first and ends at the second of two equal times.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from . import holiday_days

DAY = 24 * 60
# Nobody is closed for longer; a search that finds nothing within it says "never".
FARTHEST_DAYS = 400

# "9:00", "9h", "9h30", "9 am", "9点半", "9时30分" or just "9"; from one to another: "9-18", "9h à 18h", "9 am to 6 pm".
_TIME = r"(\d{1,2})(?:\s*[:.h点點时時]\s*(?:(\d{2})\s*分?|(半))?)?\s*(?:([ap])\.?m\b\.?)?"
_SPAN = re.compile(rf"(?:(?:de|from)\s+|从\s*)?{_TIME}\s*(?:-|–|—|~|to|à|至|到)\s*{_TIME}")


class NoSpan(ValueError):
    """These words are no spans of a day; `args[0]` is the part that is not."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `start` to `end`, in minutes since the day's midnight; an end beyond 1440 is in the next day."""

    start: int
    end: int

    def __str__(self) -> str:
        end = self.end if self.end <= DAY else self.end - DAY
        return f"{self.start // 60:02}:{self.start % 60:02}-{end // 60:02}:{end % 60:02}"


Spans = tuple[Span, ...]
WHOLE_DAY: Spans = (Span(0, DAY),)


@dataclass(frozen=True)
class Hours:
    """When somebody is there: spans for Monday to Sunday, a country's holidays, and dated exceptions.

    exceptions: the spans of single days; () is closed, None as on any such weekday (on a holiday, for example).
    """

    zone: str = "UTC"
    week: tuple[Spans, ...] = (WHOLE_DAY,) * 7
    country: str = ""
    subdivision: str = ""
    exceptions: Mapping[date, Spans | None] = field(default_factory=dict)

    def spans_on(self, day: date) -> Spans:
        """What begins on this day."""
        usual = self.week[day.weekday()]
        if day in self.exceptions:
            own = self.exceptions[day]
            return usual if own is None else own
        if self.country and holiday_days.name_of(day, self.country, self.subdivision):
            return ()
        return usual


ALWAYS = Hours()


def is_always(hours: Hours) -> bool:
    """Whether they never close."""
    return hours.week == ALWAYS.week and not hours.country and not hours.exceptions


def is_open(at: datetime, hours: Hours) -> bool:
    """Whether somebody is there at this moment."""
    return any(start <= at < end for start, end in _open(hours, at, until=at))


def next_opening(at: datetime, hours: Hours) -> datetime | None:
    """The first moment from `at` on at which somebody is there: `at` itself when open; None when they never open."""
    for start, end in _open(hours, at):
        if end > at:
            return max(start, at)
    return None


def next_closing(at: datetime, hours: Hours) -> datetime | None:
    """When who is there, or comes next, leaves; None when they never open or never close."""
    if is_always(hours):
        return None
    last: datetime | None = None
    for start, end in _open(hours, at):
        if last is not None and start > last:
            break
        if end > at:
            last = end
    # Open to the end of the search is open for good.
    return last if last is not None and last < at + timedelta(days=FARTHEST_DAYS) else None


def open_seconds_between(a: datetime, b: datetime, hours: Hours) -> float:
    """How many seconds from `a` to `b` somebody was there; 0 when `b` is not later."""
    if is_always(hours):
        return max((b - a).total_seconds(), 0.0)
    total = 0.0
    for start, end in _open(hours, a, until=b):
        total += max((min(end, b) - max(start, a)).total_seconds(), 0.0)
    return total


def open_between(a: datetime, b: datetime, hours: Hours) -> Iterator[tuple[datetime, datetime]]:
    """The stretches from `a` to `b` in which somebody is there, in order and merged."""
    for start, end in _open(hours, a, until=b):
        if end > a and start < b:
            yield max(start, a), min(end, b)


def after_open_seconds(at: datetime, seconds: float, hours: Hours) -> datetime | None:
    """The moment at which somebody has been there for `seconds` since `at`; None when that never comes."""
    if is_always(hours):
        return at + timedelta(seconds=seconds)
    left = seconds
    for start, end in _open(hours, at):
        begins = max(start, at)
        room = (end - begins).total_seconds()
        if room <= 0:
            continue
        if room >= left:
            return begins + timedelta(seconds=left)
        left -= room
    return None


def parse_spans(words: str) -> Spans:
    """ "9:00-12:30, 13:30-18:00" as spans, in order; "" is closed. "22:00-02:00" goes over midnight. Raises NoSpan."""
    spans = []
    # Full-width digits and signs are the same ones.
    for part in re.split(r"[,;、]", unicodedata.normalize("NFKC", words)):
        if not part.strip():
            continue
        found = _SPAN.fullmatch(part.strip().lower())
        start, end = (_minutes(*found.groups()[:4]), _minutes(*found.groups()[4:])) if found else (None, None)
        if (
            found is None
            or start is None
            or end is None
            or start >= DAY
            or start == end
            or _doubtful(found, start, end)
        ):
            raise NoSpan(part.strip())
        spans.append(Span(start, end if end > start else end + DAY))
    return tuple(sorted(spans))


def _doubtful(found: re.Match[str], start: int, end: int) -> bool:
    """Whether half of the day is left to guess: "9 am to 5", or "9-5", which would be open all night.

    Over midnight goes what has its minutes: "22:00-02:00".
    """
    if (found[4] is None) != (found[8] is None):
        return True
    return end < start and found[4] is None and not (found[2] and found[6])


def _minutes(hour: str, minute: str | None, half: str | None, noon: str | None) -> int | None:
    """A time of day in minutes since midnight, to 24:00; None for one that no clock shows."""
    hours, minutes = int(hour), 30 if half else int(minute or 0)
    if noon:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if noon == "p" else 0)
    total = hours * 60 + minutes
    return total if minutes <= 59 and total <= DAY else None


def write_spans(spans: Sequence[Span]) -> str:
    """Spans as people type them."""
    return ", ".join(str(one) for one in spans)


def overlap(spans: Sequence[Span]) -> bool:
    """Whether two spans of one day share a minute."""
    ordered = sorted(spans)
    return any(later.start < earlier.end for earlier, later in pairwise(ordered))


def _open(hours: Hours, at: datetime, *, until: datetime | None = None) -> Iterator[tuple[datetime, datetime]]:
    """Open stretches in UTC, in order and merged, from the one that may contain `at`; to `until`, else for 400 days."""
    day = at.astimezone(ZoneInfo(hours.zone)).date() - timedelta(days=2)
    last = (until or at + timedelta(days=FARTHEST_DAYS)).astimezone(ZoneInfo(hours.zone)).date()
    pending: tuple[datetime, datetime] | None = None
    while day <= last:
        for span in hours.spans_on(day):
            start = _moment(day, span.start, hours.zone, False)
            end = _moment(day, span.end, hours.zone, True)
            if end <= start:
                continue
            if pending and start <= pending[1]:
                pending = (pending[0], max(pending[1], end))
            else:
                if pending:
                    yield pending
                pending = (start, end)
        day += timedelta(days=1)
    if pending:
        yield pending


@lru_cache(maxsize=8192)
def _moment(day: date, minute: int, zone: str, ends: bool) -> datetime:
    """A time of day as a moment in UTC; `ends`: it is a span's end, so of two equal times the second."""
    place = ZoneInfo(zone)
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    first, second = (wall.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= second:
        return second if ends else first
    # The clock jumped over this time: by its zone before the jump it is `first`, by that after it `second`, and the
    # jump lies between.
    early, late, before = second, first, second.astimezone(place).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(place).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late
