"""The arithmetic of throughput, with times made up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envoi.messaging import limits
from envoi.messaging.limits import Pace

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@given(
    throughput=st.sampled_from([1, 20, 80, 1000]),
    wishes=st.lists(st.tuples(st.integers(1, 40), st.floats(0, 3)), min_size=1, max_size=30),
)
def test_no_second_holds_more_slots_than_the_provider_allows(throughput: int, wishes: list[tuple[int, float]]) -> None:
    now, free_at, slots = NOON, NOON - timedelta(hours=1), []
    for count, pause in wishes:
        now += timedelta(seconds=pause)
        taken, free_at = limits.take(count, throughput, Pace(free_at, None, now))
        assert all(moment >= now for moment in taken)
        slots += taken
    assert slots == sorted(slots)
    for start in slots:
        within = sum(1 for moment in slots if start <= moment < start + timedelta(seconds=1))
        assert within <= max(throughput * limits.SHARE + 1, 1)


def test_slots_that_pass_unused_are_not_saved_up_for_a_burst() -> None:
    taken, _ = limits.take(3, 80, Pace(NOON - timedelta(days=1), None, NOON))
    assert taken[0] == NOON
    assert taken[1] - taken[0] == pytest.approx(timedelta(seconds=1 / 68), abs=timedelta(microseconds=2))


def test_after_a_throttling_the_pace_is_halved_for_a_while() -> None:
    slowed = Pace(NOON, NOON + timedelta(seconds=5), NOON)
    over = Pace(NOON, NOON - timedelta(seconds=5), NOON)
    assert limits.spacing(80, slowed) == 2 * limits.spacing(80, over)


def test_nothing_is_claimed_further_ahead_than_the_horizon() -> None:
    assert limits.room(80, Pace(NOON, None, NOON)) == 16
    assert limits.room(80, Pace(NOON + limits.HORIZON, None, NOON)) == 0
    assert limits.room(1, Pace(NOON, None, NOON)) == 1


def test_tries_after_an_unreachable_provider_grow_apart_up_to_a_minute() -> None:
    assert [limits.backoff(attempt).total_seconds() for attempt in (1, 2, 3, 10)] == [1, 2, 4, 60]
