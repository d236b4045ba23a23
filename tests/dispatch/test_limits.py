"""The arithmetic of throughput, with times made up."""

from __future__ import annotations

import random
from bisect import bisect_left
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envoi.messaging import limits
from envoi.messaging.limits import Pace, Window


def most_in_a_second(moments: list[float]) -> int:
    """The highest count of any second, wherever it begins."""
    ordered = sorted(moments)
    return max((bisect_left(ordered, start + 1.0) - place for place, start in enumerate(ordered)), default=0)


@given(
    throughput=st.sampled_from([1, 20, 80, 1000]),
    wishes=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 40), st.floats(0, 3)), min_size=1, max_size=30),
)
def test_no_second_holds_more_slots_than_the_provider_allows(
    throughput: int, wishes: list[tuple[int, int, float]]
) -> None:
    now, free, bulk, slots = 0.0, -3600.0, -3600.0, []
    for replies, campaigns, pause in wishes:
        now += pause
        taken, new_free, new_bulk = limits.take(replies, campaigns, Pace(throughput, None, free - now, bulk - now))
        free, bulk = new_free + now, new_bulk + now
        assert all(moment >= 0 for moment in taken)
        slots += [now + moment for moment in taken]
    assert slots == sorted(slots)
    assert most_in_a_second(slots) <= throughput


def test_slots_that_pass_unused_are_not_saved_up_for_a_burst() -> None:
    taken, _, _ = limits.take(0, 3, Pace(80, None, -86_400, -86_400))
    assert taken[0] == 0
    assert taken[1] - taken[0] == pytest.approx(1 / (80 * limits.SHARE))


def test_who_sends_alone_still_has_the_slots_that_a_late_database_missed() -> None:
    alone = Pace(80, None, free=-0.4, bulk=-0.4, alone=True, late=-0.3)
    taken, _, _ = limits.take(0, 50, alone)
    assert taken[0] == pytest.approx(-0.3), "nothing waited before that"
    assert taken[1] - taken[0] == pytest.approx(1 / (80 * limits.SHARE_ALONE))
    assert limits.take(0, 1, replace(alone, late=-9.0))[0] == [-0.4], "older ones were taken"
    [edge], _, _ = limits.take(0, 1, replace(alone, late=-9.0, free=-9.0, bulk=-9.0))
    assert edge == pytest.approx(-limits.TOLERANCE_ALONE.total_seconds() / 2), "one at the edge would be too old there"
    assert limits.take(0, 1, replace(alone, rests=-0.1))[0] == [-0.1], "in a rest none was missed"
    assert limits.take(0, 1, replace(alone, late=86_400.0))[0] == [0.0], "the database's clock went back"
    assert limits.take(0, 1, replace(alone, alone=False))[0] == [0.0]


def test_nothing_is_taken_further_ahead_than_the_horizon() -> None:
    taken, free, _ = limits.take(0, 500, Pace(80))
    assert len(taken) == 19
    assert free == pytest.approx(19 / (80 * limits.SHARE))
    assert limits.take(9, 500, Pace(80, None, 0.25, 0.25))[0] == []


def test_a_pace_below_one_in_the_horizon_is_a_pace_too() -> None:
    assert limits.room(Pace(1)) == (1, 1)
    taken, free, _ = limits.take(0, 5, Pace(1))
    assert (taken, free) == ([0.0], pytest.approx(1 / limits.SHARE))


def test_an_unproven_number_sends_thirty_a_minute_and_replies_at_once() -> None:
    pace = Pace(80, limits.UNPROVEN_PER_MINUTE)
    taken, free, bulk = limits.take(0, 5, pace)
    assert taken == [0.0]
    assert bulk == pytest.approx(2.0)
    taken, _, _ = limits.take(3, 5, replace(pace, free=free, bulk=bulk))
    assert len(taken) == 3
    assert taken[0] < 0.02
    assert limits.per_second(80, 30) == pytest.approx(0.5)


def test_while_customers_write_campaigns_leave_room_for_answers() -> None:
    talking = Pace(80, talked=-1.0)
    assert 1 / talking.bulk_step == pytest.approx(80 * 0.85)
    assert 1 / talking.step == pytest.approx(80 * limits.SHARE)
    assert 1 / replace(talking, talked=-60.0).bulk_step == pytest.approx(80 * limits.SHARE)


def test_too_fast_cuts_the_pace_once_and_it_grows_back_by_itself() -> None:
    pace = Pace(100)
    share = limits.cut(pace)
    assert share == pytest.approx(0.7)
    assert limits.cut(replace(pace, share=0.7, cut=0.9)) is None, "what was in flight says it too"
    cut = replace(pace, share=0.7, cut=0.0)
    assert cut.part == pytest.approx(0.7)
    assert replace(cut, cut=-10.0).part == pytest.approx(0.8)
    assert replace(cut, cut=-300.0).part == 1.0
    for _ in range(50):
        cut = replace(cut, share=limits.cut(replace(cut, cut=-3.0)) or 0.0)
    assert cut.part > 0, "however often: never to a standstill"


def test_a_channel_that_rests_has_no_room() -> None:
    assert limits.room(Pace(80, rests=30.0)) == (0, 0)
    assert limits.take(1, 5, Pace(80, rests=30.0))[0] == []


def test_a_clock_that_went_back_by_a_day_stops_nobody() -> None:
    day = 86_400.0
    pace = Pace(80, None, free=day, bulk=day, rests=day, share=0.5, cut=day, talked=day)
    assert limits.room(pace)[1] > 0
    assert limits.take(0, 3, pace)[0][0] == 0.0


@given(seed=st.integers(0, 10_000), limit=st.sampled_from([20, 80]))
def test_a_provider_that_stands_still_never_counts_too_many_at_once(seed: int, limit: int) -> None:
    draw, window, now = random.Random(seed), Window(), 0.0
    counted: list[float] = []
    answers: list[tuple[float, float]] = []
    stalls_until, owed = 0.0, 0
    while now < 5.0:
        for answer in [one for one in answers if one[0] <= now]:
            answers.remove(answer)
            window.answered(answer[1], answer[0])
        if draw.random() < 0.01:
            stalls_until = now + draw.uniform(0.05, 0.4)
        # What was missed is made up for, as it is by a dispatcher that sends alone.
        owed = min(owed + 1, int(0.9 * limit))
        while owed and window.has_room(limit, now, alone=True):
            owed -= 1
            window.sent()
            at = max(now + 0.005, stalls_until)
            counted.append(at)
            answers.append((at + 0.005, now))
        now += 1 / (limit * limits.SHARE_ALONE)
    assert most_in_a_second(counted) <= limit
    assert len(counted) > 2 * limit


def test_a_steady_way_however_long_costs_nothing() -> None:
    window, waiting, sent = Window(), [], 0
    for tick in range(8000):
        now = tick / 78.8
        while waiting and waiting[0] + 0.4 <= now:
            window.answered(waiting.pop(0), now)
        if window.has_room(80, now, alone=True):
            window.sent()
            waiting.append(now)
            sent += 1
    assert sent >= 8000 * 0.94, "all but what is lost while the way is not known"


def test_tries_after_an_unreachable_provider_grow_apart_up_to_a_minute() -> None:
    assert [limits.backoff(attempt).total_seconds() for attempt in (1, 2, 3, 10)] == [1, 2, 4, 60]
