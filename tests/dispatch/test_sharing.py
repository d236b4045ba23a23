"""Two dispatchers and one number's limit, on a clock made up: one stands still, another joins."""

from __future__ import annotations

import heapq
import random
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envoi.dispatch.gate import Gate, Ready
from envoi.messaging import limits
from envoi.messaging.ledger import Claimed
from envoi.messaging.limits import Pace, Sharing, Slots

LIMIT = 80
WAY = 0.002  # seconds to the provider, and as many back
FIRST, SECOND = 1, 2  # the dispatchers' numbers

MESSAGE = Claimed(
    id=1,
    contact_id=1,
    lane_id=1,
    recipient="+33639980001",
    promotional=True,
    values=None,
    content=None,
    attempts=1,
    expires_at=None,
    lease_until=datetime(2026, 11, 28, tzinfo=UTC),
    priority=2,
)


class Clock:
    """Time that passes by itself, and what happens at which moment of it."""

    def __init__(self) -> None:
        self.now = 0.0
        self._next: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def __call__(self) -> float:
        return self.now

    def at(self, moment: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._next, (max(moment, self.now), next(self._order), what))

    def run(self, until: float) -> None:
        while self._next and self._next[0][0] < until:
            self.now, _, what = heapq.heappop(self._next)
            what()


@dataclass
class Row:
    """The channel's row of `channel_pace`: what it keeps, as moments of the one clock."""

    clock: Clock
    asks: bool = True
    free: float = 0.0
    bulk: float = 0.0
    sharing: Sharing = Sharing()  # noqa: RUF009  (frozen)
    read_at: float = 0.0

    def slots(self, sender: int, bulk: int, waited_since: float | None) -> Slots:
        now = self.clock.now
        gone = now - self.read_at
        shared = replace(
            self.sharing,
            company=self.sharing.company - gone,
            alone=None if self.sharing.alone is None else self.sharing.alone - gone,
        )
        if not self.asks:
            # Everybody believes to be alone, as somebody did who had heard nothing of the other yet.
            shared = Sharing(sender)
        dealt = limits.deal(
            0,
            bulk,
            Pace(LIMIT, None, self.free - now, self.bulk - now),
            shared=shared,
            sender=sender,
            waited_since=None if waited_since is None else waited_since - now,
        )
        if dealt.moments or dealt.waits:
            self.free, self.bulk = dealt.free + now, dealt.bulk + now
            self.sharing, self.read_at = dealt.sharing, now
        return dealt


class Dispatcher:
    """The gate, and around it what the engine does for it: messages without end, slots from the row, answers.

    stalls: whole spans in which the process stands still. slow: spans in which the database answers at their end.
    """

    def __init__(
        self,
        clock: Clock,
        row: Row,
        number: int,
        counted: list[float],
        *,
        begins: float,
        stalls: tuple[tuple[float, float], ...] = (),
        slow: tuple[tuple[float, float], ...] = (),
    ) -> None:
        self.clock, self.row, self.number, self.counted = clock, row, number, counted
        self.stalls, self.slow = stalls, slow
        self.begun = self.begun_before = 0
        self.asking = self.heard = False
        self.sent: list[float] = []
        loop: Any = self
        self.gate = Gate(loop, begin=self._begin, low=self._low, in_flight=256, clock=clock)
        self.gate.pace(LIMIT)
        self._at(begins, self._work)

    def call_later(self, seconds: float, what: Callable[[], None]) -> Handle:
        handle = Handle(what)
        self._at(self.clock.now + seconds, handle.ring)
        return handle

    def _at(self, moment: float, what: Callable[[], None]) -> None:
        """At this moment, or when the process goes on; asked again then, as a stall may have begun meanwhile."""

        def awake() -> None:
            ends = _end(self.stalls, self.clock.now)
            if ends > self.clock.now:
                self.clock.at(ends, awake)
            else:
                what()

        self.clock.at(moment, awake)

    def _work(self) -> None:
        while len(self.gate) < 40:
            self.gate.put(Ready(MESSAGE, MESSAGE, None, float("inf")))
        lacking = len(self.gate) - self.gate.slots_left
        if not self.asking and lacking > 0 and not self.gate.rests_for:
            self.asking = True
            late = self.heard and self.begun == self.begun_before
            late = late or bool(self.slow and _end(self.slow, self.clock.now) > self.clock.now)
            self.begun_before = self.begun
            since = self.clock.now if late else None
            self.clock.at(_end(self.slow, self.clock.now), lambda: self._answer(lacking, since))
        self._at(self.clock.now + 0.02, self._work)

    def _answer(self, lacking: int, since: float | None) -> None:
        read_at, dealt = self.clock.now, self.row.slots(self.number, lacking, since)
        self._at(self.clock.now + 0.001, lambda: self._keep(read_at, dealt))

    def _keep(self, read_at: float, dealt: Slots) -> None:
        self.asking, self.heard = False, True
        if dealt.waits:
            self.gate.rest(self.clock.now + dealt.waits)
        alone_until = read_at + dealt.alone_for if dealt.moments or dealt.waits else None
        self.gate.put_slots((read_at + moment for moment in dealt.moments), alone_until=alone_until)
        self.gate.open()

    def _low(self) -> None:
        pass

    def _begin(self, one: Ready) -> None:
        self.begun += 1
        began = self.clock.now
        self.sent.append(began)
        self.counted.append(began + WAY)
        self._at(began + 2 * WAY, lambda: self._answered(began))

    def _answered(self, began: float) -> None:
        self.gate.answered(began, self.clock.now)
        self.gate.open()


class Handle:
    def __init__(self, what: Callable[[], None]) -> None:
        self._what: Callable[[], None] | None = what

    def cancel(self) -> None:
        self._what = None

    def ring(self) -> None:
        if self._what:
            self._what()


def _end(spans: tuple[tuple[float, float], ...], now: float) -> float:
    return max((end for start, end in spans if start <= now < end), default=now)


def most_in_a_second(moments: list[float]) -> int:
    ordered = sorted(moments)
    return max((bisect_left(ordered, start + 1.0) - place for place, start in enumerate(ordered)), default=0)


def send(
    *, joins: float, stalls: tuple[tuple[float, float], ...], slow: tuple[tuple[float, float], ...], asks: bool = True
) -> tuple[int, Dispatcher, Dispatcher]:
    """What was most in any second of 18, and the two: the first from the beginning on, the second from `joins` on."""
    clock, counted = Clock(), []
    row = Row(clock, asks=asks)
    first = Dispatcher(clock, row, FIRST, counted, begins=0.0, stalls=stalls, slow=slow)
    second = Dispatcher(clock, row, SECOND, counted, begins=joins)
    clock.run(until=18.0)
    return most_in_a_second(counted), first, second


STALLED = {"joins": 6.45, "stalls": ((6.0, 6.44),), "slow": ()}
LATE = {"joins": 6.401, "stalls": (), "slow": ((6.0, 6.4),)}


@pytest.mark.parametrize("what", [STALLED, LATE], ids=["it stood still", "its database was late"])
def test_who_joins_after_a_stall_waits_until_what_was_late_no_longer_counts(what: Any) -> None:
    most, first, second = send(**what)
    assert most <= LIMIT
    assert second.sent, "it never had its turn"
    assert second.sent[0] - what["joins"] <= 2.3, "it waited for longer than it must"
    both = [moment for moment in first.sent + second.sent if moment >= 10]
    assert len(both) >= 8 * LIMIT * 0.93, "they stood in each other's way"


@pytest.mark.parametrize("what", [STALLED, LATE], ids=["it stood still", "its database was late"])
def test_if_nobody_asked_who_else_is_there_the_second_would_be_too_full(what: Any) -> None:
    # Without this the test above could not fail.
    most, _, _ = send(**what, asks=False)
    assert most > LIMIT


def test_a_dispatcher_that_stood_still_does_not_believe_to_be_alone_when_it_goes_on() -> None:
    # Its slots of then are still within what who is alone may use late; the other has sent for a while.
    most, first, _ = send(joins=3.0, stalls=((3.1, 3.9), (6.0, 6.85), (8.0, 14.0)), slow=())
    assert most <= LIMIT
    assert first.sent[-1] > 14.0


@given(seed=st.integers(0, 100_000))
def test_no_second_is_too_full_whenever_one_stands_still_and_another_joins(seed: int) -> None:
    draw = random.Random(seed)
    stalls = tuple(
        (start, start + draw.uniform(0.05, 1.5))
        for start in sorted(draw.uniform(1, 13) for _ in range(draw.randint(0, 4)))
    )
    slow = tuple(
        (start, start + draw.uniform(0.05, 1.5))
        for start in sorted(draw.uniform(1, 13) for _ in range(draw.randint(0, 4)))
    )
    most, _, _ = send(joins=draw.uniform(0, 10), stalls=stalls, slow=slow)
    assert most <= LIMIT


def test_alone_it_makes_up_for_what_it_missed() -> None:
    late = tuple((second + 0.3, second + 0.7) for second in range(1, 14))
    most, first, _ = send(joins=99.0, stalls=(), slow=late)
    assert most <= LIMIT
    within = [moment for moment in first.sent if 2 <= moment < 14]
    assert len(within) >= 12 * LIMIT * 0.97
    quiet, first, _ = send(joins=99.0, stalls=(), slow=())
    assert quiet <= LIMIT
    assert len([moment for moment in first.sent if 2 <= moment < 14]) >= 12 * LIMIT * 0.98


def test_replies_alone_make_nobody_wait() -> None:
    reply = limits.deal(1, 0, Pace(LIMIT), shared=Sharing(), sender=FIRST)
    assert (reply.alone_for, reply.waits) == (0.0, 0.0)
    other = limits.deal(1, 0, Pace(LIMIT, free=-0.5), shared=replace(reply.sharing), sender=SECOND)
    assert other.moments == [0.0]


def test_times_of_a_clock_that_went_back_make_nobody_wait() -> None:
    day = 86_400.0
    shared = Sharing(FIRST, company=day, alone=day)
    assert limits.deal(0, 1, Pace(LIMIT), shared=shared, sender=SECOND).moments
    assert limits.deal(0, 1, Pace(LIMIT), shared=shared, sender=FIRST).alone_for > 0
