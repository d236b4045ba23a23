"""One message to its provider, and what the answer means for the ledger. No table, no retry, no waiting here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ..core import clock
from ..core.events import Failure
from ..core.ids import token_of
from ..messaging import limits
from ..messaging.ledger import Claimed, PutBack, Refused, Sent, Unclear
from ..providers import base

Outcome = Sent | PutBack | Refused | Unclear


@dataclass(slots=True)
class Outcomes:
    """What became of a batch, by what the ledger is to record, and what it means for the channel and its lanes.

    throttled_seconds: the provider said "too fast", and for how long to rest. rest_seconds: to rest, at the same pace.
    """

    sent: list[Sent] = field(default_factory=list)
    back: list[PutBack] = field(default_factory=list)
    failed: list[Refused] = field(default_factory=list)
    unclear: list[Unclear] = field(default_factory=list)
    unsent: list[Claimed] = field(default_factory=list)
    opted_out: list[Refused] = field(default_factory=list)
    throttled_seconds: float = 0.0
    rest_seconds: float = 0.0
    suspended: base.Suspended | None = None
    held_lanes: dict[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.sent) + len(self.back) + len(self.failed) + len(self.unclear) + len(self.unsent)

    def apart(self) -> list[Outcomes]:
        """The same, each message by itself; what is said of the channel and its lanes comes with the first."""
        parts = [Outcomes(sent=[one]) for one in self.sent]
        parts += [Outcomes(back=[one]) for one in self.back]
        parts += [Outcomes(failed=[one], opted_out=[one] if one in self.opted_out else []) for one in self.failed]
        parts += [Outcomes(unclear=[one]) for one in self.unclear]
        parts += [Outcomes(unsent=[one]) for one in self.unsent]
        if parts:
            alone = parts[0]
            parts[0] = replace(
                self,
                sent=alone.sent,
                back=alone.back,
                failed=alone.failed,
                unclear=alone.unclear,
                unsent=alone.unsent,
                opted_out=alone.opted_out,
            )
        return parts

    def as_unclear(self, why: str) -> Outcomes:
        """Its one message as an unclear outcome."""
        told: list[Outcome] = [*self.sent, *self.back, *self.failed, *self.unclear]
        messages = [one.message for one in told] + self.unsent
        unclear = [Unclear(message, why) for message in messages]
        return replace(self, sent=[], back=[], failed=[], unclear=unclear, unsent=[], opted_out=[])

    def add(self, outcome: Outcome, error: base.SendError | None) -> None:
        """Add one message's outcome, and what its error says beyond this message."""
        match outcome:
            case Sent():
                self.sent.append(outcome)
            case PutBack():
                self.back.append(outcome)
            case Refused():
                self.failed.append(outcome)
            case Unclear():
                self.unclear.append(outcome)
        if error is None:
            return
        match error:
            case base.Throttled():
                self.throttled_seconds = max(self.throttled_seconds, error.after, 1.0)
            case base.Uncertain():
                self.rest_seconds = max(self.rest_seconds, error.after)
            case base.Suspended():
                self.suspended = error
            case base.TemplateProblem():
                self.held_lanes[outcome.message.lane_id] = _sentence(error.failure)
            case base.Rejected() if error.opted_out and isinstance(outcome, Refused):
                self.opted_out.append(outcome)


async def deliver(
    provider: base.Provider,
    http: base.Http,
    account: base.Account,
    channel: base.Channel,
    message: Claimed,
    form: base.Form | None,
    now: Callable[[], datetime] = clock.now,
) -> tuple[Outcome, base.SendError | None]:
    """Send one claimed message. Never raises: what nobody foresaw is an unclear outcome, once the request was begun.

    now: the database's time, where it is known better than this machine's.
    """
    try:
        body = provider.body(_outgoing(message, form), channel)
    except base.SendError as error:
        return Refused(message, error.failure, now()), error
    except Exception as error:
        # Nothing has left yet, so this is a plain failure; it must not stop the others.
        return Refused(message, Failure("unsendable", type(error).__name__, str(error)), now()), None

    try:
        accepted = await provider.send(http, account, channel, body)
    except base.SendError as error:
        return _meaning(message, error, now()), error
    except Exception as error:
        return Unclear(message, f"{type(error).__name__}: {error}"), None
    return Sent(message, accepted.provider_id, now(), held=accepted.held), None


def not_ready(message: Claimed, error: base.SendError) -> tuple[Outcome, base.SendError | None]:
    """What it means that a file of this message can't be had now: nothing of the message has left."""
    now = clock.now()
    outcome = _meaning(message, error, now)
    if isinstance(error, base.Unreachable) and isinstance(outcome, PutBack):
        until = now + timedelta(seconds=error.after) if error.after else outcome.until
        outcome = replace(outcome, reason="file_waits", until=until)
    return outcome, error


def once_more(message: Claimed, failure: Failure, now: datetime) -> Outcome:
    """The provider had let go of a file; it is uploaded anew for the next try."""
    return PutBack(message, "file_renewed", now, {"code": failure.code, "detail": failure.detail})


def _outgoing(message: Claimed, form: base.Form | None) -> base.Outgoing:
    token = token_of(message.contact_id, message.id)
    if message.content is None:
        return base.Outgoing(recipient=message.recipient, token=token, form=form, values=message.values or ())
    content = dict(message.content)
    kind, reply_to = str(content.pop("kind", "template")), str(content.pop("reply_to", ""))
    options = content.pop("options", {})
    return base.Outgoing(
        recipient=message.recipient,
        token=token,
        form=form,
        values=message.values or (),
        kind=kind,
        content=content or None,
        reply_to=reply_to,
        options=options if isinstance(options, dict) else {},
    )


def _meaning(message: Claimed, error: base.SendError, now: datetime) -> Outcome:
    """What each class of error means for its message; the classes are named for exactly this (providers.base)."""
    words = {"code": error.failure.code, "detail": error.failure.detail or error.failure.title}
    seconds = timedelta(seconds=max(error.seconds(message.attempts - 1), 1))
    match error:
        case base.Wait():
            return PutBack(message, "customer_waits", now + seconds, words)
        case base.Throttled():
            return PutBack(message, "throttled", now + seconds, words)
        case base.Unreachable():
            return PutBack(message, "unreachable", now + limits.backoff(message.attempts), words)
        case base.Suspended():
            return PutBack(message, "channel_suspended", now, words)
        case base.TemplateProblem():
            return PutBack(message, "template_problem", now, words)
        case base.Rejected():
            return Refused(message, error.failure, now)
    return Unclear(message, _sentence(error.failure))


def _sentence(failure: Failure) -> str:
    return " ".join(part for part in (failure.code, failure.title, failure.detail) if part)
