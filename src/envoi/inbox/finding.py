"""Messages that hold the words somebody searches for, as rows of the list with the passage marked."""

from __future__ import annotations

from ..team.models import Staff
from .asked import Asked
from .rows import Row


def found(by: Staff, asked: Asked, *, many_channels: bool) -> list[Row]:
    """The newest messages that match, one row for each conversation."""
    return []
