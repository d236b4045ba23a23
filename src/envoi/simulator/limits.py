"""The provider's two send limits, counted; it refuses to decide what a refusal looks like on the wire."""

from collections import deque

PAIR_SECONDS = 6.0
PAIR_BURST = 45


class SecondWindow:
    """Counts what happened in the last real second, and the most that any sliding second ever held."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()
        self.peak = 0

    def count(self, now: float) -> int:
        while self._times and self._times[0] <= now - 1.0:
            self._times.popleft()
        return len(self._times)

    def add(self, now: float) -> None:
        self._times.append(now)
        self.peak = max(self.peak, self.count(now))


class PairRate:
    """One message per 6 s to the same customer, with up to 45 borrowed from the future (Meta fact sheet,
    E.1).

    Kept as one time per pair: when the borrowed quota will be paid back. Times are simulated seconds.
    """

    def __init__(self) -> None:
        self._paid_at: dict[tuple[str, str], float] = {}

    def allows(self, number: str, customer: str, now: float) -> bool:
        owed = self._paid_at.get((number, customer), now) - now
        return owed <= (PAIR_BURST - 1) * PAIR_SECONDS

    def spend(self, number: str, customer: str, now: float) -> None:
        self._paid_at[number, customer] = max(now, self._paid_at.get((number, customer), now)) + PAIR_SECONDS
