"""The database's clock as the event loop sees it: slots and leases are in the one, waiting is done by the other."""

from __future__ import annotations

from datetime import UTC, datetime

# Two readings differ by this at most while both clocks are sound: more is a clock that was set.
JUMP_SECONDS = 0.5
# The quickest reading is the best one; it is forgotten slowly, as clocks drift.
FORGET_SECONDS = 0.0001


class DatabaseClock:
    """Turns the database's moments into the loop's and back. A reading is late by what the way took, never early.

    The least difference of late therefore holds: else each slow answer would shift the slots that came with it.
    """

    def __init__(self) -> None:
        self._offset: float | None = None

    def read(self, database: datetime, loop: float) -> None:
        """The database said `database`, and it was heard at the loop's `loop`."""
        offset = loop - database.timestamp()
        if self._offset is None or abs(offset - self._offset) > JUMP_SECONDS:
            self._offset = offset
        else:
            self._offset = min(self._offset + FORGET_SECONDS, offset)

    def to_loop(self, database: datetime) -> float:
        """The loop's time of a moment of the database."""
        assert self._offset is not None
        return database.timestamp() + self._offset

    def now(self, loop: float) -> datetime:
        """The database's time of a moment of the loop."""
        assert self._offset is not None
        return datetime.fromtimestamp(loop - self._offset, UTC)
