"""Why a campaign can't do what was asked: headlines with a sentence each."""

from __future__ import annotations

from ..core.errors import BadInput, Problem


class AlreadyLaunched(Problem):
    """Only a draft can be launched or changed."""


class TemplateNotApproved(Problem):
    """WhatsApp delivers approved templates only."""


class ChannelNotReady(Problem):
    """The channel is paused, suspended, or belongs to another account than the template."""


class NothingToSend(Problem):
    """Nobody in the segment would get the message."""


class VariableMissing(BadInput):
    """The template has a variable for which the campaign gives nothing."""


class NotRunning(Problem):
    """Only a running campaign can be paused, only a paused one resumed."""


class BadTime(BadInput):
    """A campaign can't leave then. `problems`: what the API says of the field."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.problems = {"schedule": sentence}


class BadPolicy(BadInput):
    """A campaign can't be told that of itself. `problems`: what the API says of the word in its policy."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.problems = {f"policy/{name.replace('~', '~0').replace('/', '~1')}": sentence}


class Broken(Problem):
    """The circuit breaker holds it, and the cause is still there."""


class Blocked(Problem):
    """The pre-flight found something that must be mended before anything is sent."""


class OverBudget(Problem):
    """It would cost more than the campaign, or its account this month, may spend."""
