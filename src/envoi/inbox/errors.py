"""What can't be done with a conversation as it stands."""

from __future__ import annotations

from ..core.errors import Problem


class AlreadyOpen(Problem):
    """The customer has another open conversation at this number: what they write goes there."""


class JustAnswered(Problem):
    """A colleague has answered a moment ago: whoever sends all the same says so."""


class IsClosed(Problem):
    """The conversation is closed."""
