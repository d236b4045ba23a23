"""How service does, per agent, team, day or channel: volumes, answer times, satisfaction, canned replies.

A conversation counts where it began: by the customer's first message in the stretch of time. It is counted under who
gave the first answer (else whoever has it), its team and its channel as they are now. All hours count, or only those in
which its team was there (service_hours). Counts are exact; medians of more than a week are right to within 2 %
(service_days), but for those of opening hours: these are always counted from the conversations themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from django.db import connection, transaction
from django.utils.translation import gettext as _

from ..core.errors import BadInput
from ..team import opening
from ..team.actions import note
from ..team.models import Staff, TeamSettings
from ..team.rights import require
from . import service_days
from .service_hours import AROUND, Clock, in_opening_hours
from .service_terms import KEYS, SOURCE_LATE, SOURCE_QUICK, SPANS, WRITTEN_KEYS, starts

Group = Literal["agent", "team", "day", "channel"]
GROUPS: tuple[Group, ...] = ("agent", "team", "day", "channel")

LONGEST = timedelta(days=366)
# A longer stretch is added up from days that were counted before (service_days).
EXACT = timedelta(days=7)
# What opening hours make of a wait is worked out for each conversation, some microseconds each.
LONGEST_IN_HOURS = timedelta(days=92)
# Years within which somebody may have asked for a report: beyond them a day more or less is no date.
EARLIEST, LATEST = 2000, 2200

NAMES: dict[str, str] = {
    "agent": "SELECT id::text, coalesce(nullif(name, ''), email) FROM staff",
    "team": "SELECT id::text, name FROM teams",
    "channel": "SELECT id::text, name FROM channels",
}

# One pass over what began in the stretch (conversations_by_begin), for each line and for all together: read once,
# sorted twice.
FIGURES = """
{before}
SELECT key, GROUPING(key) = 1, count(*), count(answer), count(closed),
       percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY answer),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY closed),
       count(*) FILTER (WHERE answer <= %(quick)s),
       count(*) FILTER (WHERE COALESCE(answer, closed, waits) > %(late)s),
       count(*) FILTER (WHERE asked), count(score), avg(score)::float8, count(*) FILTER (WHERE score >= %(satisfied)s),
       count(score) FILTER (WHERE answer <= %(quick)s),
       count(score) FILTER (WHERE answer > %(quick)s AND answer <= %(late)s),
       count(score) FILTER (WHERE answer > %(late)s),
       count(*) FILTER (WHERE score >= %(satisfied)s AND answer <= %(quick)s),
       count(*) FILTER (WHERE score >= %(satisfied)s AND answer > %(quick)s AND answer <= %(late)s),
       count(*) FILTER (WHERE score >= %(satisfied)s AND answer > %(late)s)
  FROM (
    SELECT {key} AS key,
           {answer} AS answer, {closed} AS closed, {waits} AS waits,
           c.satisfaction AS score, c.asked_at IS NOT NULL AS asked
      FROM conversations c {join}
     WHERE c.first_inbound_at >= %(since)s AND c.first_inbound_at < %(until)s
  ) began GROUP BY GROUPING SETS ((key), ())
"""

# What people wrote in the stretch, whatever the day on which its conversation began.
WRITTEN = """
SELECT key, GROUPING(key) = 1, sum(written)::bigint, sum(canned)::bigint, sum(unchanged)::bigint
  FROM (
    SELECT {key} AS key, count(*) AS written, count(a.canned_id) AS canned,
           count(*) FILTER (WHERE a.canned_id IS NOT NULL AND NOT a.changed) AS unchanged
      FROM message_authors a {join}
     WHERE a.at >= %(since)s AND a.at < %(until)s AND a.staff_id IS NOT NULL
     GROUP BY 1
  ) lines GROUP BY GROUPING SETS ((key), ())
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """One line of the report. Times in seconds, shares of 1; None where there is nothing to say it of."""

    key: str = ""
    name: str = ""
    began: int = 0
    answered: int = 0
    closed: int = 0
    answer_median: float | None = None
    answer_p90: float | None = None
    resolution_median: float | None = None
    quick: int = 0
    late: int = 0
    asked: int = 0
    scored: int = 0
    score: float | None = None
    satisfied: int = 0
    written: int = 0
    canned: int = 0
    saved: int = 0

    @property
    def quick_share(self) -> float | None:
        """Of all that began, those answered within five minutes."""
        return self.quick / self.began if self.began else None

    @property
    def late_share(self) -> float | None:
        """Of all that began, those that waited more than half an hour for the first answer, or still do."""
        return self.late / self.began if self.began else None

    @property
    def satisfied_share(self) -> float | None:
        """Of all that answered the question, those with 4 or 5."""
        return self.satisfied / self.scored if self.scored else None

    @property
    def canned_share(self) -> float | None:
        """Of all that staff wrote, what began with a canned reply."""
        return self.canned / self.written if self.written else None


@dataclass(frozen=True, slots=True)
class Speed:
    """Satisfaction of those who were answered in this time. source: what the source document found."""

    which: Literal["quick", "middle", "late"]
    scored: int
    satisfied: int
    source: float | None

    @property
    def share(self) -> float | None:
        return self.satisfied / self.scored if self.scored else None


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report: all together, line by line, and by speed. until is its last day.

    exact: whether the durations are; else they are right to within 2 %. in_hours: whether only opening hours count.
    zone: where its days begin at midnight, that of the company's opening hours.
    """

    since: date
    until: date
    group: Group
    total: Figures
    rows: list[Figures]
    speeds: list[Speed]
    canned_seconds: int
    exact: bool = True
    in_hours: bool = False
    zone: str = "UTC"


def service(by: Staff | None, *, since: date, until: date, group: Group, in_hours: bool = False) -> Report:
    """The report of the days `since` to `until`, both included, by the company's clock.

    Raises BadInput for a stretch that can’t be.

    in_hours: a wait counts only while its team was there.
    """
    require(by, "reports.read")
    if group not in GROUPS:
        raise BadInput(_("Group by agent, team, day or channel."))
    known = EARLIEST <= since.year <= LATEST and EARLIEST <= until.year <= LATEST
    if not known or until < since or until - since > LONGEST:
        raise BadInput(_("The first day comes before the last, and they are at most a year apart."))
    if in_hours and until - since >= LONGEST_IN_HOURS:
        raise BadInput(_("Opening hours are counted for at most 92 days at once."))
    zone = opening.company_zone()
    given: dict[str, Any] = {
        "zone": zone,
        "since": starts(since, zone),
        "until": starts(until + timedelta(days=1), zone),
    }
    seconds = canned_seconds()
    exact = in_hours or until - since < EXACT
    if exact:
        total, lines, speeds = _lines(group, given, seconds, in_opening_hours(given["since"]) if in_hours else AROUND)
    else:
        total, lines, speeds = _added_up(group, since, until, seconds, zone)
    named = _named(group, lines, since, until)
    return Report(since, until, group, total, named, speeds, seconds, exact, in_hours, zone)


def canned_seconds() -> int:
    """What a canned reply is said to save, in seconds."""
    found = TeamSettings.objects.filter(pk=1).values_list("canned_seconds", flat=True).first()
    return 60 if found is None else found


@transaction.atomic
def set_canned_seconds(seconds: int, *, by: Staff | None) -> None:
    """Say what a canned reply saves. Raises BadInput."""
    require(by, "service.write")
    if not 0 <= seconds <= 3_600:
        raise BadInput(_("From 0 to 3,600 seconds."))
    TeamSettings.objects.bulk_create([TeamSettings(pk=1)], ignore_conflicts=True)
    TeamSettings.objects.filter(pk=1).update(canned_seconds=seconds)
    note(by, "service.canned_seconds", "team_settings/1", {"seconds": seconds})


def _lines(
    group: str, given: dict[str, Any], seconds: int, clock: Clock
) -> tuple[Figures, dict[str | None, Figures], list[Speed]]:
    """All together, each line by its key, and satisfaction by speed."""
    lines: dict[str | None, dict[str, Any]] = {}
    total: dict[str, Any] = {}
    speeds = [0] * 6
    key, join = WRITTEN_KEYS[group]
    with transaction.atomic(), connection.cursor() as cursor:
        # A year of a million conversations is sorted in memory rather than on the disk.
        cursor.execute("SET LOCAL work_mem = '64MB'")
        statement = FIGURES.format(
            before=clock.before,
            join=clock.join,
            key=KEYS[group],
            answer=clock.seconds_to("c.first_answer_at"),
            closed=clock.seconds_to("c.closed_at"),
            waits=clock.seconds_to("now()"),
        )
        cursor.execute(statement, {**given, **SPANS, **clock.given})
        for row in cursor.fetchall():
            values = _figures(row)
            if row[1]:
                total, speeds = values, list(row[13:19])
            else:
                lines[row[0]] = values
        cursor.execute(WRITTEN.format(key=key, join=join), given)
        for name, is_total, written, canned, unchanged in cursor.fetchall():
            # Only what was sent as it was kept saved its writing.
            words = {"written": written or 0, "canned": canned or 0, "saved": (unchanged or 0) * seconds}
            if is_total:
                total |= words
            else:
                lines.setdefault(name, {}).update(words)
    return Figures(**total), {name: Figures(key=name or "", **line) for name, line in lines.items()}, _speeds(speeds)


def _added_up(
    group: str, since: date, until: date, seconds: int, zone: str
) -> tuple[Figures, dict[str | None, Figures], list[Speed]]:
    """The same from the days that were counted."""
    found = service_days.added_up(group, since, until, zone)
    counts: Counter[str] = Counter()
    answers: Counter[int] = Counter()
    closings: Counter[int] = Counter()
    for line in found.values():
        for all_of_it, part in zip((counts, answers, closings), line, strict=True):
            all_of_it.update(part)  # type: ignore[attr-defined]
    speeds = [counts[f"{what}_{speed}"] for what in ("scored", "satisfied") for speed in ("quick", "middle", "late")]
    total = _of_days("", (counts, answers, closings), seconds)
    return total, {key or None: _of_days(key, line, seconds) for key, line in found.items()}, _speeds(speeds)


def _of_days(key: str, line: service_days.Line, seconds: int) -> Figures:
    counts, answers, closings = line
    same: dict[str, Any] = {
        name: counts[name]
        for name in (
            "began",
            "answered",
            "closed",
            "quick",
            "late",
            "asked",
            "scored",
            "satisfied",
            "written",
            "canned",
        )
    }
    return Figures(
        key=key,
        **same,
        answer_median=service_days.percentile(answers, 0.5),
        answer_p90=service_days.percentile(answers, 0.9),
        resolution_median=service_days.percentile(closings, 0.5),
        score=counts["score_sum"] / counts["scored"] if counts["scored"] else None,
        saved=counts["unchanged"] * seconds,
    )


def _speeds(counted: Sequence[int]) -> list[Speed]:
    return [
        Speed("quick", counted[0], counted[3], SOURCE_QUICK),
        Speed("middle", counted[1], counted[4], None),
        Speed("late", counted[2], counted[5], SOURCE_LATE),
    ]


def _figures(row: tuple[Any, ...]) -> dict[str, Any]:
    median, p90 = row[5] or (None, None)
    return {
        "began": row[2],
        "answered": row[3],
        "closed": row[4],
        "answer_median": median,
        "answer_p90": p90,
        "resolution_median": row[6],
        "quick": row[7],
        "late": row[8],
        "asked": row[9],
        "scored": row[10],
        "score": row[11],
        "satisfied": row[12],
    }


def _named(group: Group, lines: dict[str | None, Figures], since: date, until: date) -> list[Figures]:
    if group == "day":
        days = [since + timedelta(days=n) for n in range((until - since).days + 1)]
        return [_with(lines.get(day.isoformat(), Figures()), day.isoformat(), day.isoformat()) for day in days]
    with connection.cursor() as cursor:
        cursor.execute(NAMES[group])
        names: dict[str | None, str] = dict(cursor.fetchall())
    rows = [_with(line, key or "", names.get(key, "")) for key, line in lines.items()]
    return sorted(rows, key=lambda row: (row.key == "", -row.began, row.name.casefold()))


def _with(line: Figures, key: str, name: str) -> Figures:
    values = {field: getattr(line, field) for field in Figures.__dataclass_fields__}
    return Figures(**{**values, "key": key, "name": name})
