"""Whether somebody is there to answer."""

from __future__ import annotations

from datetime import datetime


def is_open(at: datetime, team_id: int | None = None) -> bool:
    """Whether the team works at this moment."""
    return True
