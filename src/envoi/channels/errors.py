"""Why an account or a number can't do what was asked: headlines with a sentence each."""

from __future__ import annotations

from ..core.errors import Problem


class AlreadyConnected(Problem):
    """This account of the provider, or this number of the account, is here already."""


class NotConnected(Problem):
    """The account is disconnected or suspended: a number of it can't send."""


class NoSuchService(Problem):
    """The provider has no API for what was asked."""
