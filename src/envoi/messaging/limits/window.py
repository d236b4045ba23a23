"""The provider's second as its sender sees it: nothing leaves that could be one too many, however late the way is.

Slots are even only where they are made. A provider that stands still for a moment counts all that came meanwhile at
once; this counts the same way. It knows one dispatcher's slots and messages, and never allows more messages in a second
than there were slots in one: so a slot that was missed may be used a little later.
"""

from __future__ import annotations

from collections import deque

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
        self._until: deque[float] = deque()
        self._slots: deque[float] = deque()
        self._quickest = self._quickest_before = float("inf")
        self._turned = float("-inf")

    def slot(self, at: float) -> None:
        """A slot has come, at this moment; they are told in order."""
        self._slots.append(at)

    def has_room(self, most: float, now: float) -> bool:
        """Whether one more may leave: as many as there were slots in the last second, never more than `most`.

        And one in a hundred more than slots: what was late catches up, until all leaves at its slot again.
        """
        while self._until and self._until[0] <= now:
            self._until.popleft()
        while self._slots and self._slots[0] <= now - SECOND - 2 * OWN_SECONDS:
            self._slots.popleft()
        return self._waiting + len(self._until) < min(len(self._slots) + len(self._slots) // 100, max(most, 1.0))

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
