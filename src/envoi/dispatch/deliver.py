"""One message to its provider, and what that means for the ledger. No table, no retry, no waiting here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from ..core import clock
from ..core.events import Failure
from ..core.ids import token_of
from ..messaging import limits
from ..messaging.ledger import Claimed, PutBack, Refused, Sent, Unclear
from ..providers import base


@dataclass(slots=True)
class Outcomes:
    """What became of a batch, by what the ledger is to record."""

    sent: list[Sent] = field(default_factory=list)
    back: list[PutBack] = field(default_factory=list)
    failed: list[Refused] = field(default_factory=list)
    unclear: list[Unclear] = field(default_factory=list)
    throttled_seconds: float = 0.0
    suspended: base.Suspended | None = None
    opted_out: list[Refused] = field(default_factory=list)
    held_lanes: dict[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.sent) + len(self.back) + len(self.failed) + len(self.unclear)


async def deliver(
    provider: base.Provider,
    http: base.Http,
    account: base.Account,
    channel: base.Channel,
    message: Claimed,
    form: base.Form | None,
    into: Outcomes,
) -> None:
    """Send one claimed message and add its outcome to `into`. Never raises: an unforeseen error is an unclear one."""
    try:
        body = provider.body(_outgoing(message, form))
    except base.SendError as error:
        into.failed.append(Refused(message, error.failure, clock.now()))
        return
    except Exception as error:
        # Nothing has left yet, so this is a plain failure; it must not stop the others.
        into.failed.append(Refused(message, Failure("unsendable", type(error).__name__, str(error)), clock.now()))
        return

    try:
        accepted = await provider.send(http, account, channel, body)
    except base.SendError as error:
        _judge(message, error, into)
    except Exception as error:
        # A bug of ours after the request was begun: it may have been sent.
        into.unclear.append(Unclear(message, f"{type(error).__name__}: {error}"))
    else:
        into.sent.append(Sent(message, accepted.provider_id, clock.now(), held=accepted.held))


def _outgoing(message: Claimed, form: base.Form | None) -> base.Outgoing:
    content = dict(message.content or {})
    return base.Outgoing(
        recipient=message.recipient,
        token=token_of(message.contact_id, message.id),
        form=form,
        values=message.values or (),
        kind="template" if form else str(content.pop("kind", "text")),
        content=content or None,
    )


def _judge(message: Claimed, error: base.SendError, into: Outcomes) -> None:
    """What each class of error means; the classes are named for exactly this (providers.base)."""
    now = clock.now()
    words = {"code": error.failure.code, "detail": error.failure.detail or error.failure.title}
    seconds = error.seconds(message.attempts - 1)
    match error:
        case base.Wait():
            into.back.append(PutBack(message, "customer_waits", now + timedelta(seconds=max(seconds, 1)), words))
        case base.Throttled():
            into.back.append(PutBack(message, "throttled", now + timedelta(seconds=max(seconds, 1)), words))
            into.throttled_seconds = max(into.throttled_seconds, seconds, 1.0)
        case base.Unreachable():
            into.back.append(PutBack(message, "unreachable", now + limits.backoff(message.attempts), words))
        case base.Suspended():
            into.back.append(PutBack(message, "channel_suspended", now, words))
            into.suspended = error
        case base.TemplateProblem():
            into.back.append(PutBack(message, "template_problem", now, words))
            into.held_lanes[message.lane_id] = _sentence(error)
        case base.Rejected():
            into.failed.append(refused := Refused(message, error.failure, now))
            if error.opted_out:
                into.opted_out.append(refused)
        case _:
            into.unclear.append(Unclear(message, _sentence(error)))
            into.throttled_seconds = max(into.throttled_seconds, seconds)


def _sentence(error: base.SendError) -> str:
    failure = error.failure
    return " ".join(part for part in (failure.code, failure.title, failure.detail) if part)
