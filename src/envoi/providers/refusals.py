"""Why a message was not accepted, named for the sender's next move; part of base, from where all of it is imported."""

from __future__ import annotations

from typing import Literal

import msgspec

from ..core.events import Action, Failure


class SendError(Exception):
    """Why a message was not accepted. The subclass is the sender's next move, `after` the seconds to wait.

    `growth` multiplies the wait with every earlier try of the same message.
    """

    def __init__(self, failure: Failure, *, after: float = 0.0, growth: float = 1.0) -> None:
        super().__init__(f"{failure.code} {failure.title}: {failure.detail}".rstrip(": "))
        self.failure = failure
        self.after = after
        self.growth = growth

    def seconds(self, tries: int) -> float:
        """How long to wait when `tries` earlier tries went the same way (0 at first), a week at most."""
        return min(self.after * self.growth ** min(tries, 20), 604_800.0)


class Rejected(SendError):
    """This message will never go. `opted_out`: the customer refuses marketing, so record that."""

    opted_out = False


class Wait(SendError):
    """This customer can't be written to before `after` seconds; nothing was sent."""


class Throttled(SendError):
    """This channel is too fast: nothing was sent, and nothing should be for `after` seconds."""


class Suspended(SendError):
    """This channel or its whole account (`scope`) is stopped until a person acts; nothing was sent."""

    scope: Literal["channel", "account"] = "account"


class TemplateProblem(SendError):
    """This template can't be sent now, whoever the customer is; nothing was sent."""


class Unreachable(SendError):
    """Nothing left this machine: try again."""


class Uncertain(SendError):
    """Perhaps sent: never send it blindly again, its receipt settles it.

    With `after`, the channel had better rest that long, or more messages end like this one.
    """


ACTIONS: dict[Action, type[SendError]] = {
    "rejected": Rejected,
    "opted_out": Rejected,
    "wait": Wait,
    "throttled": Throttled,
    "suspended": Suspended,
    "template": TemplateProblem,
    "unreachable": Unreachable,
    "uncertain": Uncertain,
}


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a provider's error table: what to do about a code. `source` says who told us."""

    action: Action
    title: str
    after: float = 0.0
    growth: float = 1.0
    scope: Literal["channel", "account"] = "account"
    source: str

    def error(self, failure: Failure) -> SendError:
        """The exception that this row asks for."""
        error = ACTIONS[self.action](failure, after=self.after, growth=self.growth)
        if isinstance(error, Rejected):
            error.opted_out = self.action == "opted_out"
        if isinstance(error, Suspended):
            error.scope = self.scope
        return error
