"""The provider's second as its sender sees it: nothing leaves that could be one too many, however late the way is.

Slots are even only where they are made. A provider that stands still for a moment counts all that came meanwhile at
once; this counts the same way. It knows one dispatcher's slots and messages.
"""

from __future__ import annotations

import math
from collections import deque

from .throughput import SHARE

# What is late catches up to this part of the limit, or to the whole messages of the pace where that is more. Counted
# this strictly all of it could be used; what is left is for clocks that do not run alike.
FULL = 0.998
SECOND = 1.0
# The quickest answer of the last 15 to 30 seconds is the measure of the way; this much of it may be of our own making.
LOOK_BACK_SECONDS = 15.0
OWN_SECONDS = 0.010


class Window:
    """Counts what may stand in the provider's last second. Times are those of one steady clock, in seconds.

    A message counts from its sending until a second after it can have been counted there: its answer, less what the
    quickest answer of late took. Where all answers take as long, that is a second after it was sent.
    """

    def __init__(self) -> None:
        self._waiting = 0
        self._most = self._full = 0.0
        self._until: deque[float] = deque()
        self._slots: deque[float] = deque()
        self._quickest = self._quickest_before = float("inf")
        self._turned = float("-inf")

    def slot(self, at: float) -> None:
        """A slot has come, at this moment; they are told in order."""
        self._slots.append(at)

    def has_room(self, most: float, now: float, *, alone: bool) -> bool:
        """Whether one more may leave where the provider takes `most` a second.

        In company, no more than there were slots of our own in a second: the others' are not known here.
        """
        while self._until and self._until[0] <= now:
            self._until.popleft()
        while self._slots and self._slots[0] <= now - SECOND:
            self._slots.popleft()
        if most != self._most:
            self._most, self._full = most, max(math.floor(most * FULL), math.ceil(most * SHARE))
        return self._waiting + len(self._until) < (self._full if alone else min(self._full, len(self._slots)))

    def sent(self) -> None:
        """One has left."""
        self._waiting += 1

    def answered(self, sent: float, now: float) -> None:
        """Its answer is here, or will never be."""
        self._waiting -= 1
        if now - self._turned > LOOK_BACK_SECONDS:
            # Before the first turn nothing is known to be quick.
            before = self._quickest if self._turned > float("-inf") else 0.0
            self._quickest_before, self._quickest, self._turned = before, float("inf"), now
        self._quickest = min(self._quickest, now - sent)
        until = now + SECOND - max(min(self._quickest, self._quickest_before) - OWN_SECONDS, 0.0)
        # In order, so that the oldest is in front: a little too long is safe.
        self._until.append(max(until, self._until[-1]) if self._until else until)
