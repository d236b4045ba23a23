"""The arithmetic of a channel's throughput: pure functions of numbers and times; the state is in `channel_pace`.

A channel's messages leave at evenly spaced moments (slots). Whoever needs n of them moves `free_at` n slots on, under
a row lock, so any number of dispatchers share one channel and never leave together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

# Meta sheet, J.2: start at 60-70 of the 80 messages/s that a number may do, inbound counted in; 0.85 x 80 = 68.
SHARE = 0.85

# Slots are taken at most this far ahead: few messages are in an unknown state when a dispatcher dies.
HORIZON = timedelta(seconds=0.25)

# A message that misses its slot by more than this gives it back: else those delayed would leave as one burst.
TOLERANCE = timedelta(seconds=0.05)

# After the provider said "too fast", the channel goes at this part of its pace for this long.
SLOWED_SHARE = 0.5
SLOWED_FOR = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Pace:
    """A channel's row in `channel_pace` as read, with the database's time of that moment."""

    free_at: datetime
    slowed_until: datetime | None
    now: datetime


def per_second(throughput_per_second: int) -> float:
    """How many messages a second dispatch sends at most where the provider allows `throughput_per_second`."""
    return throughput_per_second * SHARE


def spacing(throughput_per_second: int, pace: Pace) -> timedelta:
    """The time between two slots of a channel whose provider allows `throughput_per_second`."""
    share = SHARE * (SLOWED_SHARE if pace.slowed_until and pace.slowed_until > pace.now else 1.0)
    return timedelta(seconds=1.0 / (throughput_per_second * share))


def room(throughput_per_second: int, pace: Pace) -> int:
    """How many slots are free between now and the horizon; at least 1 unless the horizon is full."""
    step = spacing(throughput_per_second, pace)
    start = max(pace.free_at, pace.now)
    left = pace.now + HORIZON - start
    return max(int(left / step), 1 if left > timedelta(0) else 0)


def take(count: int, throughput_per_second: int, pace: Pace) -> tuple[list[datetime], datetime]:
    """The next `count` slots, and the new `free_at`. Slots that passed unused are gone, never saved up."""
    step = spacing(throughput_per_second, pace)
    start = max(pace.free_at, pace.now)
    return [start + step * position for position in range(count)], start + step * count


def backoff(attempts: int) -> timedelta:
    """How long to wait after the `attempts`-th try that reached nobody: 1, 2, 4 … 60 s."""
    return timedelta(seconds=min(2.0 ** max(attempts - 1, 0), 60.0))
