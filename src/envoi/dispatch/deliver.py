"""One message to its provider, and what the answer means for the ledger. No table, no retry, no waiting here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

from ..core import clock
from ..core.events import Failure
from ..core.ids import token_of
from ..messaging import limits
from ..messaging.ledger import Claimed, PutBack, Refused, Sent, Unclear
from ..providers import base

Outcome = Sent | PutBack | Refused | Unclear


@dataclass(slots=True)
class Outcomes:
    """What became of a batch, by what the ledger is to record, and what it means for the channel and its lanes."""

    sent: list[Sent] = field(default_factory=list)
    back: list[PutBack] = field(default_factory=list)
    failed: list[Refused] = field(default_factory=list)
    unclear: list[Unclear] = field(default_factory=list)
    unsent: list[Claimed] = field(default_factory=list)
    opted_out: list[Refused] = field(default_factory=list)
    throttled_seconds: float = 0.0
    suspended: base.Suspended | None = None
    held_lanes: dict[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.sent) + len(self.back) + len(self.failed) + len(self.unclear) + len(self.unsent)

    def apart(self) -> list[Outcomes]:
        """The same, each message by itself; what is said of channel and lanes comes first, alone."""
        if len(self) <= 1:
            return [self]
        whole = Outcomes(throttled_seconds=self.throttled_seconds, suspended=self.suspended, held_lanes=self.held_lanes)
        first = Outcomes(**{field_: getattr(whole, field_) for field_ in whole.__dataclass_fields__})
        parts = [Outcomes(sent=[one]) for one in self.sent]
        parts += [Outcomes(back=[one]) for one in self.back]
        parts += [Outcomes(failed=[one], opted_out=[one] if one in self.opted_out else []) for one in self.failed]
        parts += [Outcomes(unclear=[one]) for one in self.unclear]
        parts += [Outcomes(unsent=[one]) for one in self.unsent]
        parts[0].throttled_seconds, parts[0].suspended = first.throttled_seconds, first.suspended
        parts[0].held_lanes = first.held_lanes
        return parts

    def as_unclear(self, why: str) -> Outcomes:
        """Its one message as an unclear outcome."""
        one = (self.sent + self.back + self.failed)[0] if not self.unsent else None
        message = one.message if one else self.unsent[0]
        return Outcomes(
            unclear=[Unclear(message, why)],
            throttled_seconds=self.throttled_seconds,
            suspended=self.suspended,
            held_lanes=self.held_lanes,
        )

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
        match error:
            case base.Throttled() | base.Uncertain():
                least = 1.0 if isinstance(error, base.Throttled) else 0.0
                self.throttled_seconds = max(self.throttled_seconds, error.after, least)
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
) -> tuple[Outcome, base.SendError | None]:
    """Send one claimed message. Never raises: what nobody foresaw is an unclear outcome, once the request was begun."""
    try:
        body = provider.body(_outgoing(message, form), channel)
    except base.SendError as error:
        return Refused(message, error.failure, clock.now()), error
    except Exception as error:
        # Nothing has left yet, so this is a plain failure; it must not stop the others.
        return Refused(message, Failure("unsendable", type(error).__name__, str(error)), clock.now()), None

    try:
        accepted = await provider.send(http, account, channel, body)
    except base.SendError as error:
        return _meaning(message, error), error
    except Exception as error:
        return Unclear(message, f"{type(error).__name__}: {error}"), None
    return Sent(message, accepted.provider_id, clock.now(), held=accepted.held), None


def not_ready(message: Claimed, error: base.SendError) -> tuple[Outcome, base.SendError | None]:
    """What it means that a file of this message can't be had now: nothing of the message has left."""
    outcome = _meaning(message, error)
    if isinstance(error, base.Unreachable) and isinstance(outcome, PutBack):
        until = clock.now() + timedelta(seconds=error.after) if error.after else outcome.until
        outcome = replace(outcome, reason="file_waits", until=until)
    return outcome, error


def once_more(message: Claimed, failure: Failure) -> Outcome:
    """The provider had let go of a file; it is uploaded anew for the next try."""
    return PutBack(message, "file_renewed", clock.now(), {"code": failure.code, "detail": failure.detail})


def _outgoing(message: Claimed, form: base.Form | None) -> base.Outgoing:
    content = dict(message.content or {})
    kind, reply_to = str(content.pop("kind", "template")), str(content.pop("reply_to", ""))
    options = content.pop("options", {})
    return base.Outgoing(
        recipient=message.recipient,
        token=token_of(message.contact_id, message.id),
        form=form,
        values=message.values or (),
        kind=kind,
        content=content or None,
        reply_to=reply_to,
        options=options if isinstance(options, dict) else {},
    )


def _meaning(message: Claimed, error: base.SendError) -> Outcome:
    """What each class of error means for its message; the classes are named for exactly this (providers.base)."""
    now = clock.now()
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
