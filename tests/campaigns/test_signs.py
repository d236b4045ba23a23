"""The breaker's arithmetic: no trip on few, always one on many, and never the other way round."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from envoi.campaigns.canary import verdict
from envoi.campaigns.signs import LEAST_EVENTS, LEAST_OF, Figures, Thresholds, signs

counts = st.integers(0, 100_000)
LINES = Thresholds()


@st.composite
def figures(draw: st.DrawFn) -> Figures:
    accepted = draw(counts)
    aged = draw(st.integers(0, accepted))
    day_old = draw(st.integers(0, aged))
    return Figures(
        accepted=accepted,
        failed=draw(counts),
        delivered=draw(st.integers(0, accepted)),
        opted_out=draw(st.integers(0, accepted)),
        aged=aged,
        aged_delivered=draw(st.integers(0, aged)),
        day_old=day_old,
        day_replied=draw(st.integers(0, day_old)),
    )


def names(some: Figures, lines: Thresholds = LINES) -> set[str]:
    return {one.name for one in signs(some, lines)}


@given(st.integers(0, LEAST_OF - 1), st.integers(0, LEAST_OF - 1))
def test_few_people_are_no_sign_whatever_they_do(accepted: int, bad: int) -> None:
    some = Figures(accepted=accepted, opted_out=min(accepted, bad), aged=accepted)
    assert names(some) == set()
    assert names(Figures(failed=bad)) == set()


@given(st.integers(LEAST_OF, 100_000), st.integers(0, LEAST_EVENTS - 1))
def test_a_handful_among_many_is_no_sign(accepted: int, bad: int) -> None:
    assert "opted_out" not in names(Figures(accepted=accepted, opted_out=bad), Thresholds(opted_out=0.0))


@given(figures(), st.integers(1, 1_000))
def test_more_of_the_bad_never_takes_a_stop_back(some: Figures, more: int) -> None:
    before = {one.name for one in signs(some, LINES) if one.stops}
    worse_out = replace(some, opted_out=min(some.accepted, some.opted_out + more))
    worse_failed = replace(some, failed=some.failed + more)
    assert before <= {one.name for one in signs(worse_out, LINES)}
    assert before <= {one.name for one in signs(worse_failed, LINES)}


@given(figures(), st.floats(0, 1), st.floats(0, 1))
def test_a_stricter_line_never_stops_less(some: Figures, one: float, other: float) -> None:
    strict, mild = min(one, other), max(one, other)
    assert names(some, Thresholds(opted_out=mild, failed=mild)) - {"delivered", "replied"} <= names(
        some, Thresholds(opted_out=strict, failed=strict)
    )


@given(figures())
def test_a_sign_carries_the_figures_that_crossed_its_line(some: Figures) -> None:
    for sign in signs(some, LINES):
        assert sign.of >= LEAST_OF
        assert sign.events >= 0
        if sign.stops:
            assert sign.events / sign.of > sign.threshold
        else:
            assert sign.events / sign.of < sign.threshold


@given(figures())
def test_delivery_and_replies_warn_and_do_not_stop(some: Figures) -> None:
    stopping = {one.name for one in signs(some, LINES) if one.stops}
    assert stopping <= {"opted_out", "failed", "restricted"}


def test_the_providers_own_verdict_counts_once() -> None:
    assert [one.name for one in signs(Figures(accepted=1, restricted=1), LINES)] == ["restricted"]


@given(figures(), st.integers(0, 10_000), st.integers(1, 1_440))
def test_a_trial_never_opens_early_and_never_against_a_sign(some: Figures, age: int, minutes: int) -> None:
    said = verdict(some, LINES, age=timedelta(minutes=age), watched=timedelta(minutes=minutes))
    if age < minutes:
        assert said != "open"
    if any(one.stops for one in signs(some, LINES)):
        assert said == "stop"
    if said == "open":
        assert (
            some.accepted < LEAST_OF
            or some.delivered >= 0.85 * some.accepted
            or (some.accepted - some.delivered < LEAST_EVENTS)
        )
