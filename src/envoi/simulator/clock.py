"""The world's clock and what is still to happen; it refuses to invent timestamps.

A delay given in simulated seconds takes `delay / speed` real ones. Timestamps that leave the simulator
(webhooks, ledger) are real unix time, because the platform under test compares them with its own clock.
"""

import asyncio
import heapq
import logging
import time
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)

EVENTS_PER_TURN = 200  # then requests get a turn


class Clock:
    """Runs callbacks at simulated times, in the order of those times."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._base_simulated = 0.0
        self._base_real = time.monotonic()
        self._events: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._number = 0
        self._timer: asyncio.Handle | None = None
        self._timer_due = float("inf")
        self._moment: float | None = None  # when the running event was due
        self.may_run: Callable[[], bool] = lambda: True

    def now(self) -> float:
        """Simulated seconds since the world began."""
        return self._base_simulated + (time.monotonic() - self._base_real) * self._speed

    @property
    def speed(self) -> float:
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self._base_simulated, self._base_real = self.now(), time.monotonic()
        self._speed = speed
        self._arm()

    @property
    def scheduled(self) -> int:
        """How many events are still to happen."""
        return len(self._events)

    def after(self, seconds: float, do: Callable[..., None], *arguments: Any) -> None:
        """Call `do(*arguments)` in `seconds` simulated seconds.

        An event's own delays count from when it was due, not from when it ran: at a high speed the microseconds
        in between are simulated minutes, and would change what comes first.
        """
        due = (self._moment if self._moment is not None else self.now()) + seconds
        self._number += 1
        heapq.heappush(self._events, (due, self._number, do, arguments))
        if due < self._timer_due:
            self._arm()

    def clear(self) -> None:
        """Forget everything that was to happen."""
        self._events.clear()
        self._disarm()

    def _disarm(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer, self._timer_due = None, float("inf")

    def _arm(self, *, at_least: float = 0.0) -> None:
        self._disarm()
        if not self._events:
            return
        self._timer_due = self._events[0][0]
        wait = max(at_least, (self._timer_due - self.now()) / self._speed)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(wait, self._run) if wait > 0 else loop.call_soon(self._run)

    def _run(self) -> None:
        self._timer, self._timer_due = None, float("-inf")  # events that add events need not arm
        now = self.now()
        for _ in range(EVENTS_PER_TURN):
            if not self._events or self._events[0][0] > now:
                break
            if not self.may_run():  # the webhook queue is full: the world stands still, nothing is lost
                self._arm(at_least=0.05)
                return
            self._moment, _, do, arguments = heapq.heappop(self._events)
            try:
                do(*arguments)
            except Exception:
                log.exception("an event of the simulated world failed")
            finally:
                self._moment = None
        self._arm()
