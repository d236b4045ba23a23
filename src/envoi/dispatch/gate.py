"""What may leave at this moment: messages that are ready, slots that have come, room in the provider's second.

It knows one dispatcher's part of one channel. It touches no network and no database: `begin` sends, and whoever brings
messages, slots or answers calls `open` once for all that they brought.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from time import monotonic

import msgspec

from ..messaging import limits
from ..messaging.ledger import Claimed
from ..providers import base

REPLIES = 0  # the priority of their lanes
PRIORITIES = 3
CROWDED = 0.002  # seconds until the provider's second is looked at again, when nothing else does before
# Every moment here is monotonic()'s: uvloop's time() is cut to milliseconds, and who believes in an answer one of them
# too early lets the next message leave too early.
TOLERANCE = limits.TOLERANCE.total_seconds()
TOLERANCE_ALONE = limits.TOLERANCE_ALONE.total_seconds()


class Ready(msgspec.Struct, frozen=True):
    """A claimed message that may leave at the next slot, until `last` (monotonic time).

    whole, form: the message and its lane's form with every file filled in; `message` is as it was claimed.
    """

    message: Claimed
    whole: Claimed
    form: base.Form | None
    last: float


class Gate:
    """Lets the most urgent message leave at each slot, so that a reply overtakes all of a campaign that waits.

    begin: sends one; it must say `answered` in the end. low: told whenever fewer messages or slots are left than keep
    the gate busy. in_flight: the most that may be on their way at once. clock: the only one it looks at.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        begin: Callable[[Ready], None],
        low: Callable[[], None],
        in_flight: int,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._loop = loop
        self._clock = clock
        self._begin = begin
        self._low = low
        self._allowed = in_flight
        self._lines: tuple[deque[Ready], ...] = tuple(deque() for _ in range(PRIORITIES))
        self._ready = 0
        self._ready_since = 0.0
        self._window = limits.Window()
        self._throughput = 1.0
        self._most = min(in_flight, 8)
        # Slots that have not come, and those that have and are not used; monotonic times.
        self._slots: deque[float] = deque()
        self._come: deque[float] = deque()
        self._alone_until = float("-inf")
        self._rests_until = 0.0
        self._doubts = False
        self._timer: asyncio.Handle | None = None
        self._looks_at = 0.0
        self.sending = 0

    def __len__(self) -> int:
        """How many messages are ready."""
        return self._ready

    @property
    def replies(self) -> int:
        """How many of them are replies."""
        return len(self._lines[REPLIES])

    @property
    def slots_left(self) -> int:
        """How many slots are taken and not used."""
        return len(self._slots) + len(self._come)

    @property
    def ready_since(self) -> float:
        """Since when there has been no moment without a message that is ready."""
        return self._ready_since if self._ready else self._clock()

    @property
    def most_in_flight(self) -> int:
        """A second's worth: a provider that takes longer is in trouble, and so few need not fear for their lease."""
        if self._doubts:
            return 1
        return self._most

    @property
    def rests_for(self) -> float:
        """For how many seconds nothing may leave, as the provider asked; 0 when it may."""
        return max(self._rests_until - self._clock(), 0.0) if self._rests_until else 0.0

    def pace(self, throughput: float) -> None:
        """The provider takes so many a second."""
        self._throughput = throughput
        self._most = min(self._allowed, max(int(throughput), 8))

    def put(self, one: Ready) -> None:
        """One more is ready."""
        if not self._ready:
            self._ready_since = self._clock()
        self._lines[min(one.message.priority, PRIORITIES - 1)].append(one)
        self._ready += 1

    def put_slots(self, moments: Iterable[float], *, alone_until: float | None) -> None:
        """More slots; nobody else sends for this channel until then, None when nothing new is known of that.

        It ends by itself: whoever stood still for longer may meet somebody who came meanwhile.
        """
        self._slots = deque(sorted((*self._slots, *moments)))
        if alone_until is not None:
            self._alone_until = alone_until

    def doubts(self, doubts: bool) -> None:
        """The last answers said nothing: one message at a time, until one is clear."""
        self._doubts = doubts

    def rest(self, until: float) -> None:
        """Nothing leaves before this moment, and slots before it are lost."""
        self._rests_until = max(self._rests_until, until)

    def answered(self, began: float, now: float) -> None:
        """What was begun then is answered, or will never be."""
        self.sending -= 1
        self._window.answered(began, now)

    def clear(self) -> list[Ready]:
        """Take out all that is ready; nothing of it leaves."""
        left = [one for line in self._lines for one in line]
        for line in self._lines:
            line.clear()
        self._ready = 0
        if self._timer:
            self._timer.cancel()
            self._timer = None
        return left

    def open(self) -> None:
        """Let leave what may leave now, and look again at the next slot."""
        now = self._clock()
        if self._come or (self._slots and self._slots[0] <= now):
            self._follow_slots(now)
        most, alone = self.most_in_flight, now < self._alone_until
        while self._ready and self._come and self.sending < most:
            if not self._window.has_room(self._throughput, now, alone=alone):
                self._look_again(now + CROWDED)
                break
            self._come.popleft()
            # Counted here and not when it runs: several may be begun before the first of them does.
            self._window.sent()
            self.sending += 1
            self._begin(self._next())
        else:
            if self._ready and not self._come and self._slots:
                self._look_again(self._slots[0])
        self._low()

    def _next(self) -> Ready:
        for line in self._lines:
            if line:
                self._ready -= 1
                return line.popleft()
        raise IndexError("nothing is ready")

    def _follow_slots(self, now: float) -> None:
        while self._slots and self._slots[0] <= now:
            self._come.append(self._slots.popleft())
            self._window.slot(self._come[-1])
        oldest = max(now - (TOLERANCE_ALONE if now < self._alone_until else TOLERANCE), self._rests_until)
        while self._come and self._come[0] < oldest:
            self._come.popleft()

    def _look_again(self, at: float) -> None:
        if self._timer is not None:
            if self._looks_at <= at:
                return
            self._timer.cancel()
        self._looks_at = at
        # uvloop's timers know whole milliseconds, and half of them would ring too early for their slot.
        self._timer = self._loop.call_later(max(at - self._clock(), 0.0) + 0.0005, self._looked)

    def _looked(self) -> None:
        self._timer = None
        self.open()
