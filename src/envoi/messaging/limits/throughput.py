"""The arithmetic of a channel's throughput: pure functions of numbers; the state is in `channel_pace`.

A channel's messages leave at evenly spaced moments (slots). Whoever needs n of them moves `free_at` n slots on, under
a row lock, so any number of dispatchers share one channel and never leave together. Campaigns have a second, slower
pace of their own on the same line (`bulk_at`): what they leave free is there for replies.

Every time here is in seconds from the database's moment of reading, so that no clock but its own counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from . import sharing
from .sharing import Sharing

# How much of the provider's limit is used. What is left covers the unevenness of the way there: n messages a second
# that are late by up to 15 ms put at most n x 1.015 into a provider's second.
SHARE = 0.985
# Who sends alone sees each second as the provider does (Window), and needs no more than what keeps it from being full:
# where it always is, one pause comes back each second, and a reply would wait in it.
SHARE_ALONE = 0.99

# Meta sheet, E.1 and J.2: what customers write counts too, so while there is talk campaigns leave room for it.
TALKING_SHARE = 0.85
TALKING_SECONDS = 10.0

# Slots are taken at most this far ahead: few messages are in an unknown state when a dispatcher dies.
HORIZON = timedelta(seconds=0.25)
HORIZON_SECONDS = HORIZON.total_seconds()

# A slot that is missed by more than this is gone: else those delayed would leave as one burst, beside what others send.
TOLERANCE = timedelta(seconds=0.015)
# Who sends alone may use it later: Window then knows everything that the provider counts.
TOLERANCE_ALONE = timedelta(seconds=0.9)

# The provider said "too fast": the pace is cut to this part, at most once in so many seconds (what was in flight says
# it too), never below a fiftieth; then it grows back by so much of the whole in each second.
CUT = 0.7
CUT_SECONDS = 2.0
LEAST_SHARE = 0.02
RECOVERY_PER_SECOND = 0.01

# Longer than any provider means; a channel that rested for days would look broken and say nothing.
LONGEST_REST_SECONDS = 3600.0

# What a new number may do a second where its provider does not tell: Meta sheet E.1, Twilio sheet (80 for texts and
# files), Bird sheet (Meta's), Zenvia sheet (nothing is published: begin at 20, adapt).
DEFAULTS = {"meta": 80, "twilio": 80, "bird": 80, "zenvia": 20}
COEXISTENCE = 20  # a number that is also used in the WhatsApp Business app (Meta sheet, E.1)


@dataclass(frozen=True, slots=True)
class Pace:
    """A channel's row in `channel_pace` with its limits; times in seconds from the moment of reading, past below 0.

    throughput: the provider's limit a second. per_minute: our own ceiling for campaigns, None for none.
    free: when the next message may leave. bulk: when the next one of a campaign may. rests: until when none may.
    share: what was left of the pace at the last cut; cut: when that was. talked: when a reply last left.
    alone: nobody else sends for this channel. late: since when messages have waited for slots; the slots since then
    were missed because the database was late, and who sends alone still has them.
    """

    throughput: float
    per_minute: int | None = None
    free: float = 0.0
    bulk: float = 0.0
    rests: float = 0.0
    share: float = 1.0
    cut: float | None = None
    talked: float | None = None
    alone: bool = False
    late: float = 0.0

    @property
    def part(self) -> float:
        """The part of the pace that holds now: what the last cut left, and what has grown back since."""
        since = -self.cut if self.cut is not None else LONGEST_REST_SECONDS
        return max(LEAST_SHARE, min(1.0, self.share + RECOVERY_PER_SECOND * max(since, 0.0)))

    @property
    def _used(self) -> float:
        return SHARE_ALONE if self.alone else SHARE

    @property
    def step(self) -> float:
        """Seconds between two messages."""
        return 1.0 / (self.throughput * self._used * self.part)

    @property
    def bulk_step(self) -> float:
        """Seconds between two messages of campaigns."""
        talking = self.talked is not None and self.talked > -TALKING_SECONDS
        rate = self.throughput * self.part * (TALKING_SHARE if talking else self._used)
        return 1.0 / min(rate, (self.per_minute or 60 * rate) / 60)

    @property
    def next(self) -> float:
        """When the next message may leave."""
        # Nobody takes slots further ahead than this: such a time was written by a clock that has since gone back.
        free = self.free if self.free <= 2 * HORIZON_SECONDS + 2 * self.bulk_step else 0.0
        # Half of what the gate still takes: a slot at its very edge would be too old on arrival, each time anew.
        first = max(min(self.late, 0.0), -TOLERANCE_ALONE.total_seconds() / 2) if self.alone else 0.0
        # 0 is no rest at all; one that is over still ends what was missed before its end.
        rests = self.rests if self.rests and self.rests <= LONGEST_REST_SECONDS else first
        return max(free, rests, first)

    @property
    def next_bulk(self) -> float:
        """When the next message of a campaign may leave."""
        bulk = self.bulk if self.bulk <= 2 * HORIZON_SECONDS + 2 * self.bulk_step else 0.0
        return max(bulk, self.next)


def per_second(throughput_per_second: float, per_minute: int | None = None) -> float:
    """How many messages of a campaign leave in a second, at a provider's limit and perhaps our own ceiling."""
    return 1.0 / Pace(throughput_per_second, per_minute).bulk_step


def room(pace: Pace) -> tuple[int, int]:
    """How many messages to hold claimed: replies (which take a slot of a campaign's, hence twice as many), campaigns.

    At least 1, since a pace below one in a horizon is a pace too; none while the channel rests.
    """
    if HORIZON_SECONDS < pace.rests <= LONGEST_REST_SECONDS:
        return 0, 0
    return max(int(2 * HORIZON_SECONDS / pace.step), 1), max(int(HORIZON_SECONDS / pace.bulk_step), 1)


def take(replies: int, bulk: int, pace: Pace) -> tuple[list[float], float, float]:
    """The next slots within the horizon, replies' first; the new `free` and `bulk`.

    As many as were asked for, or fewer: at least 1 of a kind unless the horizon is full. Slots that passed unused are
    gone, never saved up, but for those for which a message waited (Pace.late).
    """
    replies = min(replies, _within(HORIZON_SECONDS - pace.next, pace.step))
    slots = [pace.next + pace.step * position for position in range(replies)]
    free = pace.next + pace.step * replies
    first, apart = max(free, pace.next_bulk), max(pace.step, pace.bulk_step)
    bulk = min(bulk, _within(HORIZON_SECONDS - first, apart))
    if not bulk:
        return slots, free, pace.next_bulk
    slots += [first + apart * position for position in range(bulk)]
    return slots, slots[-1] + pace.step, slots[-1] + apart


@dataclass(frozen=True, slots=True)
class Slots:
    """What one dispatcher was given, and how it leaves the row: `free`, `bulk` and `sharing` as they are from now on.

    alone_for: for how long nobody else sends, and slots may be used late. waits: for how long it gets none.
    """

    moments: list[float]
    free: float
    bulk: float
    sharing: Sharing
    alone_for: float = 0.0
    waits: float = 0.0


def deal(
    replies: int, bulk: int, pace: Pace, *, shared: Sharing, sender: int, waited_since: float | None = None
) -> Slots:
    """Slots for one of the dispatchers that share a channel; nobody's late messages ever stand beside another's.

    waited_since: since when messages have waited here for slots that a late database did not give.
    """
    asked = sharing.ask(shared, sender, bulk=bulk)
    if waits := sharing.waits(shared, sender):
        return Slots([], pace.free, pace.bulk, asked, waits=waits)
    if asked.alone_for and waited_since is not None:
        pace = replace(pace, alone=True, late=waited_since)
    moments, free, next_bulk = take(replies, bulk, pace)
    if not moments:
        return Slots([], pace.free, pace.bulk, shared)
    return Slots(moments, free, next_bulk, asked, alone_for=asked.alone_for)


def _within(seconds: float, step: float) -> int:
    return max(int(seconds / step), 1) if seconds > 0 else 0


def cut(pace: Pace) -> float | None:
    """What is left of the pace after "too fast"; None when it was cut a moment ago, or still rests from it."""
    if pace.cut is not None and -CUT_SECONDS < pace.cut <= LONGEST_REST_SECONDS:
        return None
    return max(pace.part * CUT, LEAST_SHARE)


def backoff(attempts: int) -> timedelta:
    """How long to wait after the `attempts`-th try that reached nobody: 1, 2, 4 … 60 s."""
    return timedelta(seconds=min(2.0 ** max(attempts - 1, 0), 60.0))
