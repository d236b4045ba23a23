"""A run of answers that say nothing: the channel rests, tries one message, and goes on once an answer is clear.

A provider that answers 200 with a web page, or cuts every connection after the request, would otherwise make a whole
campaign uncertain at full speed.
"""

from __future__ import annotations

RUN = 20  # unclear answers one after the other: by chance alone hardly ever, at a failure rate of a tenth never
FIRST_REST_SECONDS = 5.0
LONGEST_REST_SECONDS = 300.0


class Doubt:
    """Counts unclear answers in a row. While it `holds`, one message at a time is enough to find out."""

    def __init__(self) -> None:
        self._run = 0
        self._rest = 0.0

    @property
    def holds(self) -> bool:
        """Whether the last RUN answers, or the trial after a rest, said nothing."""
        return self._run >= RUN

    def clear(self) -> None:
        """An answer that says what became of the message, whatever it says."""
        self._run, self._rest = 0, 0.0

    def unclear(self) -> float:
        """One that says nothing; returns for how many seconds to rest now, mostly 0.

        What was under way when the run became too long adds nothing: only the trial after a rest makes the next longer.
        """
        self._run += 1
        if self._run < RUN:
            return 0.0
        self._rest = min(2 * self._rest or FIRST_REST_SECONDS, LONGEST_REST_SECONDS)
        return self._rest
