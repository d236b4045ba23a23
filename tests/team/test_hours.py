"""Opening hours: breaks, midnight, clocks that jump, holidays, and waits counted in open time only."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from envoi.team import holiday_days
from envoi.team.hours import (
    ALWAYS,
    DAY,
    Hours,
    NoSpan,
    Span,
    after_open_seconds,
    is_open,
    next_closing,
    next_opening,
    open_seconds_between,
    parse_spans,
    write_spans,
)

PARIS = ZoneInfo("Europe/Paris")
OFFICE = parse_spans("9:00-12:30, 13:30-18:00")
WEEK = Hours("Europe/Paris", (OFFICE,) * 5 + ((), ()))


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


def test_nobody_is_there_in_the_break_in_the_evening_or_at_the_weekend() -> None:
    assert is_open(paris("2026-11-27T12:29"), WEEK)  # a Friday
    assert not is_open(paris("2026-11-27T12:30"), WEEK)
    assert is_open(paris("2026-11-27T13:30"), WEEK)
    assert not is_open(paris("2026-11-27T18:00"), WEEK)
    assert not is_open(paris("2026-11-28T10:00"), WEEK)


def test_after_friday_evening_monday_morning_is_next() -> None:
    assert next_opening(paris("2026-11-27T19:00"), WEEK) == paris("2026-11-30T09:00")
    assert next_closing(paris("2026-11-27T19:00"), WEEK) == paris("2026-11-30T12:30")
    assert next_opening(paris("2026-11-27T10:00"), WEEK) == paris("2026-11-27T10:00")
    assert next_closing(paris("2026-11-27T10:00"), WEEK) == paris("2026-11-27T12:30")


def test_five_minutes_from_friday_17_58_end_on_monday_at_9_03() -> None:
    assert after_open_seconds(paris("2026-11-27T17:58"), 300, WEEK) == paris("2026-11-30T09:03")
    assert open_seconds_between(paris("2026-11-27T17:58"), paris("2026-11-30T09:03"), WEEK) == 300


def test_a_night_team_works_over_midnight_and_to_its_end_on_a_day_off() -> None:
    night = Hours("Europe/Paris", (parse_spans("22:00-06:00"),) * 7, exceptions={date(2026, 11, 28): ()})
    assert is_open(paris("2026-11-28T05:59"), night)
    assert not is_open(paris("2026-11-28T06:00"), night)
    assert not is_open(paris("2026-11-28T23:00"), night)
    assert not is_open(paris("2026-11-29T05:00"), night)
    assert is_open(paris("2026-11-29T22:00"), night)


def test_hours_that_touch_at_midnight_are_one_stretch() -> None:
    always = Hours("Europe/Paris", ((Span(0, DAY),),) * 7, exceptions={date(2027, 3, 1): ()})
    assert next_closing(paris("2027-02-01T10:00"), always) == paris("2027-03-01T00:00")
    assert next_closing(paris("2027-02-01T10:00"), ALWAYS) is None


def test_who_never_opens_is_said_to_never_open() -> None:
    shut = Hours("Europe/Paris", ((),) * 7)
    now = paris("2026-11-27T10:00")
    assert (next_opening(now, shut), next_closing(now, shut), after_open_seconds(now, 1, shut)) == (None, None, None)


def test_a_national_holiday_is_closed_where_it_is_one_and_only_there() -> None:
    assert not is_open(paris("2026-07-14T10:00"), Hours("Europe/Paris", WEEK.week, "FR"))
    assert is_open(paris("2026-07-14T10:00"), WEEK)
    # St Stephen's day is one in Alsace alone (2025-12-26 is a Friday).
    assert is_open(paris("2025-12-26T10:00"), Hours("Europe/Paris", WEEK.week, "FR"))
    assert not is_open(paris("2025-12-26T10:00"), Hours("Europe/Paris", WEEK.week, "FR", "57"))


def test_an_own_exception_comes_before_the_holiday() -> None:
    exceptions = {date(2026, 7, 14): parse_spans("10:00-12:00"), date(2026, 5, 14): None}
    hours = Hours("Europe/Paris", WEEK.week, "FR", exceptions=exceptions)
    assert not is_open(paris("2026-07-14T09:30"), hours)
    assert is_open(paris("2026-07-14T10:30"), hours)
    assert is_open(paris("2026-05-14T17:30"), hours)


def test_the_preview_names_the_holidays_of_the_coming_year_in_the_readers_language() -> None:
    days = dict(holiday_days.between(date(2026, 11, 27), date(2027, 11, 26), "FR", "", "en"))
    assert days[date(2027, 7, 14)] == "National Day"
    assert date(2026, 11, 11) not in days
    assert dict(holiday_days.between(date(2027, 7, 1), date(2027, 7, 31), "FR", "", "fr"))
    assert holiday_days.between(date(2026, 1, 1), date(2026, 12, 31), "Atlantis") == []


def test_the_night_of_the_jump_is_an_hour_shorter_and_that_of_the_second_an_hour_longer() -> None:
    night = Hours("Europe/Paris", (parse_spans("00:00-06:00"),) * 7)
    spring = (paris("2026-03-29T00:00"), paris("2026-03-29T06:00"))
    autumn = (paris("2026-10-25T00:00"), paris("2026-10-25T06:00"))
    assert open_seconds_between(*spring, night) == 5 * 3600
    assert open_seconds_between(*autumn, night) == 7 * 3600


def test_what_begins_or_ends_within_the_jump_does_so_at_the_jump() -> None:
    jump = datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert next_opening(paris("2026-03-29T01:00"), _only("02:30-04:00")) == jump
    assert next_closing(paris("2026-03-29T01:30"), _only("01:00-02:30")) == jump
    assert open_seconds_between(jump - timedelta(hours=2), jump + timedelta(hours=2), _only("02:10-02:50")) == 0


def test_of_two_equal_times_the_first_opens_and_the_second_closes() -> None:
    hours = _only("02:30-05:00", date(2026, 10, 25))
    assert next_opening(datetime(2026, 10, 25, 0, tzinfo=UTC), hours) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    ends = _only("01:00-02:30", date(2026, 10, 25))
    assert next_closing(datetime(2026, 10, 25, 0, tzinfo=UTC), ends) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def _only(words: str, day: date = date(2026, 3, 29)) -> Hours:
    return Hours("Europe/Paris", ((),) * 7, exceptions={day: parse_spans(words)})


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("9:00-12:30, 13:30-18:00", "09:00-12:30, 13:30-18:00"),
        ("13h30–18h00；".replace("；", ""), "13:30-18:00"),
        ("22:00-02:00", "22:00-02:00"),
        ("00:00-24:00", "00:00-24:00"),
        ("", ""),
        ("9:00 至 18:00", "09:00-18:00"),
        ("9h-18h", "09:00-18:00"),
        ("9-18", "09:00-18:00"),
        ("9:00–18:00", "09:00-18:00"),
        ("de 9h30 à 12h, 14h à 18 h", "09:30-12:00, 14:00-18:00"),
        ("9 am to 5:30 pm", "09:00-17:30"),
        ("12pm-12am", "12:00-24:00"),
        ("9点-18点半", "09:00-18:30"),
        ("从9时到18时30分", "09:00-18:30"),
        ("９：００－１８：００，２０-２２", "09:00-18:00, 20:00-22:00"),
    ],
)
def test_hours_are_read_as_people_type_them(words: str, kept: str) -> None:
    assert write_spans(parse_spans(words)) == kept


@pytest.mark.parametrize(
    "words",
    [
        "mornings",
        "9",
        "9-",
        "9.5-12",
        "13pm-14pm",
        "0am-3am",
        "9-18-20",
        "25-26",
        "25:00-26:00",
        "9:00-9:00",
        "9:70-10:00",
        "9:00-24:30",
        # Half of the day would be a guess.
        "9-5",
        "9 am to 5",
        "2-6 pm",
    ],
)
def test_what_is_no_span_is_refused(words: str) -> None:
    with pytest.raises(NoSpan):
        parse_spans(words)


ZONES = some.sampled_from(
    [
        "UTC",
        "Europe/Paris",
        "America/New_York",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
        "America/Santiago",
        "Asia/Shanghai",
    ]
)
SPAN = some.builds(lambda start, length: Span(start, start + length), some.integers(0, DAY - 1), some.integers(1, DAY))
WEEKS = some.tuples(*[some.lists(SPAN, max_size=3).map(lambda spans: tuple(sorted(spans)))] * 7)
MOMENTS = some.timedeltas(timedelta(0), timedelta(days=730)).map(lambda after: datetime(2026, 1, 1, tzinfo=UTC) + after)
HOURS = some.builds(
    Hours,
    zone=ZONES,
    week=WEEKS,
    country=some.sampled_from(["", "FR", "US", "CN"]),
    exceptions=some.dictionaries(
        some.dates(date(2026, 1, 1), date(2027, 12, 31)),
        some.none() | some.lists(SPAN, max_size=2).map(tuple),
        max_size=5,
    ),
)


@settings(max_examples=120, deadline=None)
@given(
    HOURS, MOMENTS, some.timedeltas(timedelta(0), timedelta(days=12)), some.timedeltas(timedelta(0), timedelta(days=12))
)
def test_open_time_adds_up_and_is_never_more_than_time(
    hours: Hours, a: datetime, one: timedelta, two: timedelta
) -> None:
    b, c = a + one, a + one + two
    whole = open_seconds_between(a, c, hours)
    assert whole == pytest.approx(open_seconds_between(a, b, hours) + open_seconds_between(b, c, hours), abs=1e-3)
    assert 0 <= whole <= (c - a).total_seconds() + 1e-6
    assert open_seconds_between(c, a, hours) == 0 or a == c


@settings(max_examples=120, deadline=None)
@given(HOURS, MOMENTS)
def test_the_next_opening_is_open_and_nothing_before_it_is(hours: Hours, at: datetime) -> None:
    opens = next_opening(at, hours)
    if opens is None:
        assert not is_open(at, hours)
        return
    assert opens >= at
    assert is_open(opens, hours)
    assert open_seconds_between(at, opens, hours) == 0
    closes = next_closing(at, hours)
    if closes is not None:
        assert not is_open(closes, hours)
        assert open_seconds_between(opens, closes, hours) == pytest.approx((closes - opens).total_seconds())


@settings(max_examples=120, deadline=None)
@given(HOURS, MOMENTS, some.integers(0, 6 * 3600))
def test_a_target_is_reached_after_exactly_so_much_open_time(hours: Hours, at: datetime, seconds: int) -> None:
    due = after_open_seconds(at, seconds, hours)
    if due is not None:
        assert open_seconds_between(at, due, hours) == pytest.approx(seconds, abs=1e-3)


@settings(max_examples=60, deadline=None)
@given(HOURS, MOMENTS)
def test_away_from_jumps_the_clock_on_the_wall_says_the_same(hours: Hours, at: datetime) -> None:
    """The other way to know: read the wall clock, look the minute up in the day's and the last day's spans."""
    place = ZoneInfo(hours.zone)
    offsets = {(at + timedelta(hours=h)).astimezone(place).utcoffset() for h in range(-50, 51)}
    if len(offsets) > 1:
        return
    local = at.astimezone(place)
    minute = local.hour * 60 + local.minute
    today = any(span.start <= minute < span.end for span in hours.spans_on(local.date()))
    spill = any(span.start <= minute + DAY < span.end for span in hours.spans_on(local.date() - timedelta(days=1)))
    assert is_open(at, hours) == (today or spill)
