"""Whether somebody is there to answer: the opening hours of teams, read once for a batch, and only when a rule asks."""

from __future__ import annotations

from datetime import datetime

from ..team import hours
from ..team.hours import Hours
from ..team.opening import hours_by_team


class OpenNow:
    """Answers rules.IsOpen for the messages of one batch."""

    def __init__(self) -> None:
        self._known: dict[int | None, Hours] | None = None

    def __call__(self, at: datetime, team_id: int | None = None) -> bool:
        """Whether a team, None the company, is there at this moment."""
        if self._known is None:
            self._known = hours_by_team()
        return hours.is_open(at, self._known.get(team_id, self._known[None]))
