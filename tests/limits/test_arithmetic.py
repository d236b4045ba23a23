"""The limits' arithmetic: whatever happens, never more than was allowed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envoi.channels.tiers import limit_of
from envoi.messaging.limits import pair, portfolio
from envoi.messaging.limits.customer import LONGEST_COOL_DOWN, cool_down
from envoi.messaging.limits.hours import Hours, all_zones, night, rests_until
from envoi.messaging.limits.places import places

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@given(st.lists(st.floats(min_value=0, max_value=900), max_size=300))
def test_a_pair_never_has_more_than_its_burst_and_one_each_interval(seconds: list[float]) -> None:
    sent: list[datetime] = []
    borrowed = None
    for second in sorted(seconds):
        now = NOON + timedelta(seconds=second)
        if pair.room(borrowed, now):
            borrowed = pair.borrowed(borrowed, now)
            sent.append(now)
    for start in range(len(sent)):
        for end in range(start, len(sent)):
            allowed = pair.BURST + (sent[end] - sent[start]) / pair.INTERVAL
            assert end - start + 1 <= allowed + 1e-6


def test_a_burst_of_45_leaves_at_once_and_the_next_six_seconds_later() -> None:
    borrowed = None
    for _ in range(45):
        assert pair.room(borrowed, NOON)
        borrowed = pair.borrowed(borrowed, NOON)
    assert borrowed is not None
    assert pair.room(borrowed, NOON) == 0
    assert pair.free_at(borrowed) == NOON + timedelta(seconds=6)
    assert pair.room(borrowed, pair.free_at(borrowed)) == 1
    assert pair.room(None, NOON) == 45


def test_too_many_to_one_person_rests_four_to_the_n_seconds() -> None:
    assert [pair.rest(n).total_seconds() for n in range(4)] == [1, 4, 16, 64]
    assert pair.rest(100) == pair.LONGEST_REST


@given(st.integers(min_value=0, max_value=100))
def test_the_cool_down_doubles_each_time_to_a_month(times: int) -> None:
    assert [cool_down(n) / timedelta(hours=24) for n in range(4)] == [1, 2, 4, 8]
    assert cool_down(times) <= cool_down(times + 1) <= LONGEST_COOL_DOWN


@pytest.mark.parametrize(
    ("word", "limit"),
    [
        ("TIER_250", 250),
        ("TIER_1K", 1_000),
        ("TIER_2K", 2_000),
        ("tier_10k", 10_000),
        ("10K Customers/24hr", 10_000),
        ("2,000", 2_000),
        ("TIER_100K", 100_000),
        ("TIER_UNLIMITED", None),
        ("TIER_NOT_SET", None),
        ("", None),
    ],
)
def test_a_tier_is_read_in_every_providers_words(word: str, limit: int | None) -> None:
    assert limit_of(word) == limit


def test_of_numbers_that_disagree_the_lowest_known_counts() -> None:
    assert portfolio.lowest(["TIER_10K", "", "TIER_2K"]) == 2_000
    assert portfolio.lowest(["", "TIER_UNLIMITED"]) is None


minutes = st.lists(
    st.tuples(st.integers(min_value=0, max_value=1440), st.integers(min_value=1, max_value=50)),
    min_size=1,
    max_size=30,
    unique_by=lambda one: one[0],
)


@given(minutes, st.integers(min_value=1, max_value=400), st.lists(st.integers(1, 120), max_size=5))
@settings(deadline=None)
def test_turns_that_are_promised_never_fill_a_day_beyond_the_limit(
    ago: list[tuple[int, int]], limit: int, asked: list[int]
) -> None:
    counts = Counter({NOON - timedelta(minutes=minute): count for minute, count in ago})
    if (used := counts.total()) < limit:
        counts[NOON] += limit - used
    held = sorted(counts.items())
    promised, turns = None, []
    for count in asked:
        given_, promised = portfolio.plan(held, limit=limit, now=NOON, count=count, promised=promised)
        assert len(given_) == count
        turns += given_
    end = NOON + portfolio.DAY * portfolio.LONGEST_PLAN_DAYS
    assert turns == sorted(turns)
    assert all(turn >= NOON for turn in turns)
    for turn in turns:
        if turn >= end:
            continue
        still = sum(count for minute, count in held if minute > turn - portfolio.WINDOW)
        first = [other for other in turns if turn - portfolio.WINDOW < other <= turn]
        assert still + len(first) <= max(limit, still + 0), (turn, still, len(first))


@pytest.mark.parametrize(
    ("recipients", "limit", "used", "days"),
    [(100, None, 0, 1), (250, 250, 0, 1), (251, 250, 0, 2), (600, 250, 0, 3), (250, 250, 250, 2), (10, 0, 0, 60)],
)
def test_a_campaign_takes_as_many_days_as_the_limit_makes_it(
    recipients: int, limit: int | None, used: int, days: int
) -> None:
    assert portfolio.days(recipients, limit=limit, used=used) == days
    assert portfolio.lifetime(recipients, limit=limit, used=used) >= timedelta(days=days)


ZONES = ["Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]
QUIET = Hours(time(21), time(8))


@given(
    st.sampled_from(ZONES),
    st.integers(min_value=0, max_value=2 * 365 * 24 * 60),
    st.integers(min_value=0, max_value=1439),
    st.integers(min_value=0, max_value=1439),
)
@settings(deadline=None, max_examples=200)
def test_a_promotion_waits_for_the_first_hour_that_is_not_quiet(zone: str, minute: int, start: int, end: int) -> None:
    hours = Hours(time(start // 60, start % 60), time(end // 60, end % 60))
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    until = rests_until(now, zone, hours)
    local = now.astimezone(ZoneInfo(zone))
    if until is None:
        assert hours.allow(local.time())
        return
    assert not hours.allow(local.time())
    assert hours.allow(until.astimezone(ZoneInfo(zone)).time())
    assert now < until <= now + timedelta(hours=26)
    # Nothing between is allowed, but for the length of a jump of the clock.
    step, jump = timedelta(minutes=7), timedelta(hours=1)
    moment = now
    while moment < until - jump:
        assert not hours.allow(moment.astimezone(ZoneInfo(zone)).time()), moment
        moment += step


@pytest.mark.parametrize(
    ("zone", "now", "until"),
    [
        # The clocks of Paris go back in this night, those of New York forward, those of Lord Howe by half an hour.
        ("Europe/Paris", "2026-10-24T20:00+00:00", "2026-10-25T07:00+00:00"),
        ("Europe/Paris", "2026-10-23T20:00+00:00", "2026-10-24T06:00+00:00"),
        ("America/New_York", "2026-03-08T03:00+00:00", "2026-03-08T12:00+00:00"),
        ("Australia/Lord_Howe", "2026-10-03T13:00+00:00", "2026-10-03T21:00+00:00"),
        ("Asia/Kolkata", "2026-11-22T15:30+00:00", "2026-11-23T02:30+00:00"),
        ("Asia/Kathmandu", "2026-11-22T02:14+00:00", "2026-11-22T02:15+00:00"),
    ],
)
def test_the_morning_comes_at_eight_by_the_clock_there(zone: str, now: str, until: str) -> None:
    found = rests_until(datetime.fromisoformat(now), zone, QUIET)
    assert found == datetime.fromisoformat(until)


def test_active_hours_narrow_the_day_and_the_night_wins_over_them() -> None:
    hours = Hours(time(21), time(8), ((time(10), time(12)), (time(20), time(22))))
    at = {hour: rests_until(datetime(2026, 11, 22, hour, 30, tzinfo=UTC), "UTC", hours) for hour in (9, 10, 13, 20, 21)}
    assert at == {
        9: datetime(2026, 11, 22, 10, tzinfo=UTC),
        10: None,
        13: datetime(2026, 11, 22, 20, tzinfo=UTC),
        20: None,
        21: datetime(2026, 11, 23, 10, tzinfo=UTC),
    }


def test_equal_hours_are_never_quiet() -> None:
    assert night(NOON, Hours(time(8), time(8))) == []


def test_the_night_of_the_world_is_what_each_zone_says() -> None:
    said = dict(night(NOON, QUIET))
    assert {zone: rests_until(NOON, zone, QUIET) for zone in all_zones()} == {
        zone: said.get(zone) for zone in all_zones()
    }


PLACES = {place.key: place for place in places()}


def test_in_north_america_the_area_code_says_the_country() -> None:
    area = {"+1201": "US", "+1416": "CA", "+1242": "BS", "+1787": "PR", "+1876": "JM"}
    assert {key: PLACES[key].region for key in area} == area
    assert (PLACES["+1212"].west, PLACES["+1808"].west) == ("America/New_York", "Pacific/Honolulu")


def test_a_number_that_may_be_in_two_zones_has_both_ends() -> None:
    assert (PLACES["ES"].west, PLACES["ES"].east) == ("Atlantic/Canary", "Europe/Madrid")
    assert (PLACES["+3363"].west, PLACES["+3363"].east) == ("Europe/Paris", "Europe/Paris")
    assert PLACES["US"].west == "", "no hour suits all of them: another source is asked"


def test_every_zone_of_a_place_is_a_zone() -> None:
    assert {zone for place in PLACES.values() for zone in (place.west, place.east) if zone} <= all_zones()
    assert all(early <= late for early, late in pairwise(sorted(PLACES)))
