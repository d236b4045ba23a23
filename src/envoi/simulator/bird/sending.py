"""What the three APIs share of a send: limits, chance, acceptance; it refuses to read or word any body.

Order: the number's throughput, then (by the caller) the message's own validity, then chance. The 24 h window closes
a message only after it was accepted (Bird fact sheet, 3.3: "Bird accepts then fails").
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from envoi.simulator.bird.accounts import Channel, Record, Wording
from envoi.simulator.bird.errors import Refusal
from envoi.simulator.bird.notices import moment
from envoi.simulator.bird.wordings import quick_replies
from envoi.simulator.countries import digits_of
from envoi.simulator.customers import USER_ID, Customer
from envoi.simulator.fates import Subject
from envoi.simulator.http_server import Reply
from envoi.simulator.ledger import Entry
from envoi.simulator.world import BEFORE_ACCEPTANCE

if TYPE_CHECKING:
    from envoi.simulator.bird.face import BirdFace

WINDOW_CLOSED = 131047


@dataclass(slots=True)
class Dialect:
    """How one API says what every API says."""

    too_fast: Callable[[], Refusal]
    broken: Callable[[], Refusal]
    away: Callable[[], Refusal]


@dataclass(slots=True)
class Asked:
    """A valid send: whom, what, and what the sender wants told again (`content`)."""

    to: str
    customer: Customer
    kind: str
    content: dict[str, Any]
    opaque: str | None = None
    template: str | None = None
    wording: Wording | None = None


def count(face: "BirdFace", channel: Channel, dialect: Dialect) -> None:
    """Count the request in the number's last real second, or refuse it."""
    now = time.monotonic()
    face.world.ledger.request(channel.id, now)
    if not face.world.settings.throughput_limit:
        return
    if channel.window.count(now) >= channel.spec.throughput:
        raise dialect.too_fast()
    channel.window.add(now)


def whom(face: "BirdFace", to: Any) -> Customer | None:
    """The customer behind a phone with its plus or a business-scoped id; None when it is neither."""
    if not isinstance(to, str):
        return None
    if USER_ID.fullmatch(to):
        return face.world.customer(to)
    digits = digits_of(to) if to.startswith("+") else ""
    return face.world.customer(digits) if 8 <= len(digits) <= 15 else None


def accept(
    face: "BirdFace", channel: Channel, asked: Asked, dialect: Dialect, answer: Callable[[str, Record], Reply]
) -> Reply:
    """Let chance decide, write it down, begin its life, and answer, or not."""
    world, customer = face.world, asked.customer
    key = world.attempt_key(customer, asked.opaque, channel.id)
    fault = world.fault_for(customer, key)
    usual = world.settings.faults.answer_seconds
    after = usual * world.draws.between(0.5, 2.0, "answer delay", customer.key, key) if usual else 0.0
    if fault:
        world.ledger.faults[fault] += 1
    if fault in BEFORE_ACCEPTANCE:
        return _failing(fault, dialect, after)

    category = asked.wording.category.upper() if asked.wording else "SERVICE"
    entry = Entry(
        wamid=face.message_id(channel.account),
        opaque=asked.opaque,
        to=asked.to,
        customer=customer.key,
        provider="bird",
        phone_number_id=channel.id,
        accepted_at=time.time(),
        kind=asked.kind,
        template=asked.template,
        category=category,
        fault=fault,
    )
    record = Record(channel, customer, asked.content, moment(entry.accepted_at), entry=entry)
    channel.account.records[entry.wamid] = record
    world.ledger.remember(entry, asked.content)
    open_window = customer.window_is_open(channel.id, entry.accepted_at)
    if asked.wording and not open_window:
        world.ledger.opened(channel.account.spec.portfolio_id, customer.key)
    labels = quick_replies(asked.wording) if asked.wording else ()
    subject = Subject(
        key=key,
        number=channel.id,
        is_template=asked.wording is not None,
        is_marketing=category == "MARKETING",
        buttons=labels,
        payloads=labels,
    )
    life = world.accept(entry, customer, subject, face)
    if asked.wording is None and not open_window:
        life.end_by(WINDOW_CLOSED)
    else:
        life.begin()
    kept = answer(entry.wamid, record)
    kept.after = after
    if fault == "drop_after":
        return Reply(ending="drop", after=after)
    if fault == "timeout_after":
        return Reply(ending="hang_up", after=world.settings.faults.hold_seconds)
    return _failing(fault, dialect, after) if fault == "error_500_after" else kept


def _failing(fault: str, dialect: Dialect, after: float) -> Reply:
    if fault == "drop_before":
        return Reply(ending="drop", after=after)
    refusal = dialect.away() if fault == "error_503" else dialect.broken()
    return Reply(refusal.status, refusal.body, headers=refusal.headers, after=after)
