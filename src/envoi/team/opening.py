"""Whose opening hours are which: reads them from the database for team.hours, and changes them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ..core import clock
from ..core.errors import BadInput, NotFound
from ..core.zones import is_zone
from . import holiday_days, hours
from .actions import note
from .hour_tables import OpeningException, OpeningHours, ServiceChange
from .hours import ALWAYS, Hours, NoSpan, Spans
from .models import Staff, Team
from .rights import require

PREVIEW_DAYS = 365
# Of words that make no sense, as much as shows which ones are meant.
SHOWN = 40
# Days long past change no wait that still lasts.
PAST_DAYS = 60


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day of the coming year that is not as any other: a holiday, an exception of one's own, or both.

    spans: when somebody is there on it. exception_id: of the exception that decides, None when there is none;
    inherited: the exception is the company's, seen from a team. usual: the weekday's own hours.
    """

    day: date
    holiday: str
    name: str
    spans: Spans
    usual: Spans
    exception_id: int | None
    inherited: bool


def hours_by_team(*, since: date | None = None) -> dict[int | None, Hours]:
    """The hours of the company (None) and of every team that has its own or an exception of its own.

    since: from when on exceptions are asked for; without it those that may still matter to somebody who waits.
    """
    rows = {one.team_id: one for one in OpeningHours.objects.all()}
    days: dict[int | None, dict[date, Spans | None]] = {}
    first = timezone.localdate() - timedelta(days=PAST_DAYS) if since is None else since - timedelta(days=2)
    for one in OpeningException.objects.filter(day__gte=first):
        spans = None if one.usual else hours.parse_spans(one.hours)
        days.setdefault(one.team_id, {})[one.day] = spans
    company = _hours(rows.get(None), days.get(None, {}))
    found: dict[int | None, Hours] = {None: company}
    for team_id in (rows.keys() | days.keys()) - {None}:
        found[team_id] = _hours(rows.get(team_id) or rows.get(None), days.get(None, {}) | days.get(team_id, {}))
    return found


def company_zone() -> str:
    """The time zone of the company's opening hours, UTC while it has none."""
    return OpeningHours.objects.filter(team=None).values_list("zone", flat=True).first() or "UTC"


def company_today() -> date:
    """The day that it is where the company is."""
    return timezone.localdate(timezone=ZoneInfo(company_zone()))


def hours_of(team_id: int | None = None) -> Hours:
    """When a team is there, None the whole company."""
    known = hours_by_team()
    return known.get(team_id, known[None])


def is_open(at: datetime | None = None, team_id: int | None = None) -> bool:
    """Whether a team, None the company, is there at this moment (None: now)."""
    return hours.is_open(at or clock.now(), hours_of(team_id))


def judge() -> Callable[[datetime, int | None], bool]:
    """`is_open` for many moments of one piece of work: the hours are read once, when they are first asked for."""
    known: dict[int | None, Hours] = {}

    def was_open(at: datetime, team_id: int | None) -> bool:
        if not known:
            known.update(hours_by_team())
        return hours.is_open(at, known.get(team_id, known[None]))

    return was_open


def own_hours(team_id: int | None, *, by: Staff | None) -> OpeningHours | None:
    """What is set for just this team, or the company; None when nothing is."""
    require(by, "service.write")
    return OpeningHours.objects.filter(**whose(team_id)).first()


def special_days(team_id: int | None, *, by: Staff | None) -> list[SpecialDay]:
    """The coming year's holidays and exceptions, in the order of their days."""
    require(by, "service.write")
    place = hours_of(team_id)
    first = timezone.localdate()
    last = first + timedelta(days=PREVIEW_DAYS)
    language = get_language() or "en"
    holidays = dict(holiday_days.between(first, last, place.country, place.subdivision, language))
    own: dict[date, OpeningException] = {}
    for one in OpeningException.objects.filter(day__range=(first, last)).order_by("team_id"):
        if one.team_id == team_id or (one.team_id is None and one.day not in own):
            own[one.day] = one
    return [
        SpecialDay(
            day=day,
            holiday=holidays.get(day, ""),
            name=own[day].name if day in own else "",
            spans=place.spans_on(day),
            usual=place.week[day.weekday()],
            exception_id=own[day].pk if day in own else None,
            inherited=day in own and own[day].team_id != team_id,
        )
        for day in sorted(holidays.keys() | own.keys())
    ]


@transaction.atomic
def set_hours(
    team_id: int | None, *, zone: str, week: Sequence[str], country: str = "", subdivision: str = "", by: Staff | None
) -> OpeningHours:
    """Set when a team, None the whole company, is there. Raises BadInput naming what makes no sense."""
    require(by, "service.write")
    _team(team_id)
    if not is_zone(zone):
        raise BadInput(_("“%(zone)s” is not a time zone: write it as Europe/Paris.") % {"zone": zone})
    if len(week) != 7:
        raise BadInput(_("A week has seven days."))
    country, subdivision = country.strip().upper(), subdivision.strip()
    if country and not holiday_days.is_known(country):
        raise BadInput(_("The holidays of “%(country)s” are not known.") % {"country": country})
    if subdivision and not holiday_days.is_known(country, subdivision):
        raise BadInput(
            _("“%(part)s” is no part of %(country)s with holidays of its own.")
            % {"part": subdivision, "country": country or "–"}
        )
    kept = [hours.write_spans(read_spans(words)) for words in week]
    values = {"zone": zone, "week": kept, "country": country, "subdivision": subdivision if country else ""}
    row, _made = OpeningHours.objects.update_or_create(**whose(team_id), defaults=values)
    changed()
    note(by, "service.hours", _subject(team_id), values)
    return row


@transaction.atomic
def drop_hours(team_id: int, *, by: Staff | None) -> None:
    """Let a team keep the company's hours again."""
    require(by, "service.write")
    OpeningHours.objects.filter(team_id=team_id).delete()
    changed()
    note(by, "service.hours_dropped", _subject(team_id))


@transaction.atomic
def set_exception(
    team_id: int | None, day: date, *, words: str | None, name: str = "", by: Staff | None
) -> OpeningException:
    """Set other hours for one day; "" is closed, None as on any such weekday. Raises BadInput."""
    require(by, "service.write")
    _team(team_id)
    kept = hours.write_spans(read_spans(words or ""))
    values = {"hours": kept, "usual": words is None, "name": name.strip()[:120], "made_by": by}
    row, _made = OpeningException.objects.update_or_create(**whose(team_id), day=day, defaults=values)
    changed()
    note(by, "service.exception", _subject(team_id), {"day": day.isoformat(), "hours": kept})
    return row


@transaction.atomic
def drop_exception(exception_id: int, *, by: Staff | None) -> None:
    """Let a day be as any other again. Raises NotFound."""
    require(by, "service.write")
    row = OpeningException.objects.filter(pk=exception_id).first()
    if row is None:
        raise NotFound(_("There is no such day."))
    row.delete()
    changed()
    note(by, "service.exception_dropped", _subject(row.team_id), {"day": row.day.isoformat()})


def whose(team_id: int | None) -> dict[str, Any]:
    """How the rows of a team, or of the company, are looked up."""
    return {"team_id": team_id}


def last_change() -> str:
    """A word that is another one after each change of what is set about the service."""
    return ServiceChange.objects.filter(pk=1).values_list("at", flat=True).first() or ""


def changed() -> None:
    """Say, in the caller's transaction, that something about the service was set."""
    # Random as well as timed: a change that is rolled back and another in the same microsecond are two.
    ServiceChange.objects.update_or_create(pk=1, defaults={"at": f"{clock.now().isoformat()} {secrets.token_hex(4)}"})


def read_spans(words: str) -> Spans:
    """Spans of one day from what somebody typed. Raises BadInput in a sentence."""
    try:
        spans = hours.parse_spans(words)
    except NoSpan as error:
        raise BadInput(
            _("“%(words)s” is no time of opening: write 9:00-12:30, 13:30-18:00, or nothing when closed.")
            % {"words": error.args[0] if len(error.args[0]) <= SHOWN else error.args[0][:SHOWN] + "…"}
        ) from None
    if hours.overlap(spans):
        raise BadInput(_("The times of a day overlap: %(words)s.") % {"words": hours.write_spans(spans)})
    return spans


def _hours(row: OpeningHours | None, exceptions: dict[date, Spans | None]) -> Hours:
    if row is None:
        return Hours(exceptions=exceptions) if exceptions else ALWAYS
    week = tuple(hours.parse_spans(words) for words in row.week)
    return Hours(row.zone, week, row.country, row.subdivision, exceptions)


def _team(team_id: int | None) -> None:
    if team_id is not None and not Team.objects.filter(pk=team_id).exists():
        raise NotFound(_("There is no such team."))


def _subject(team_id: int | None) -> str:
    return f"team/{team_id}" if team_id else "company"
