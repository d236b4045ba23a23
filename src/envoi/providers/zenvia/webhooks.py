"""Webhooks from Zenvia: whose they are and what they tell (Zenvia sheet, 4). One event a POST."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from ...core.events import (
    Fact,
    Failure,
    MessageReceived,
    Person,
    PreferenceChanged,
    Receipt,
    ReceiptState,
    Unknown,
)
from ...core.ids import parse_token
from ..base import Delivery
from ..reading import MISSHAPEN, Json, NotJson, fields, items, need, read, text
from .errors import advice, code_of_cause
from .inbound import contents_of

# The header that our subscriptions ask Zenvia to send along (hooks.subscribe).
SECRET_HEADER = "x-hook-secret"  # noqa: S105 - the header's name


def verify(delivery: Delivery, secrets: Sequence[str]) -> bool:
    """Zenvia signs nothing. Who knows the secret path got here at all; the secret header proves the rest."""
    claimed = delivery.headers.get(SECRET_HEADER, "").encode("utf-8", "replace")
    good = False
    for secret in secrets:
        # All are compared, so that time tells nothing; an empty secret would let anybody in.
        good |= hmac.compare_digest(secret.encode("utf-8", "replace"), claimed) and bool(secret)
    return good


# A quote in what somebody wrote is escaped, so this is the event's own type.
_STATUS = re.compile(rb'"type"\s*:\s*"MESSAGE_STATUS"')


def urgent(body: bytes) -> bool:
    """All but statuses (4)."""
    return _STATUS.search(body) is None


def parse(delivery: Delivery) -> list[Fact]:
    """The facts of one event. Never raises."""
    try:
        event = read(delivery.body)
    except NotJson:
        return [Unknown("not json", delivery.body.decode("utf-8", "replace"))]
    try:
        return READERS[need(event["type"])](event)
    except MISSHAPEN:
        return [Unknown(text(fields(event).get("type")) or "webhook", event)]


def _message(event: Json) -> list[Fact]:
    """What a person wrote: a fact for each of its contents. What we wrote ourselves is not news."""
    message = event["message"]
    if "OUT" in (event.get("direction"), message.get("direction")):
        return [Unknown("MESSAGE OUT", event)]
    channel, identity, at = need(message["to"]), need(message["id"]), _time(message, event)
    sender = _person(message["from"], fields(message.get("visitor")))
    if sender is None:
        raise ValueError("Nobody wrote this.")
    facts: list[Fact] = []
    for place, item in enumerate(message["contents"]):
        # Ids are of messages, and a fact needs its own: the first content has the message's.
        name = identity if place == 0 else f"{identity}#{place}"
        try:
            kind, words, content = contents_of(message, item)
        except MISSHAPEN:
            facts.append(Unknown("contents", {**message, "contents": [item]}))
            continue
        reply_to = text(message.get("idRef")) or None
        facts.append(MessageReceived(channel, sender, name, at, kind, words, content, reply_to))
    return facts or [Unknown("MESSAGE", event)]


def _status(event: Json) -> list[Fact]:
    """What became of a message of ours. A refusal of marketing is told a second time, as the person's wish."""
    message, status = fields(event.get("message")), event["messageStatus"]
    code = need(status["code"])
    if code not in STATES:
        return [Unknown(f"MESSAGE_STATUS {code}", event)]
    person = _person(message.get("to"), {})
    failure = _failure(code, status) if STATES[code] == "failed" else None
    receipt = Receipt(
        channel=need(message.get("from")),
        provider_id=need(event.get("messageId") or message.get("id")),
        key=parse_token(text(message.get("externalId"))),
        state=STATES[code],
        at=_time(status, event),
        recipient=person or Person(),
        failure=failure,
    )
    if person and failure and failure.action == "opted_out":
        return [receipt, PreferenceChanged(receipt.channel, person, False, receipt.at, failure.title)]
    return [receipt]


READERS: dict[str, Callable[[Json], list[Fact]]] = {"MESSAGE": _message, "MESSAGE_STATUS": _status}

# CLICKED, DELETED, VERIFIED and ACCEPTED move no message (sheet, 4): they are kept as unknown.
STATES: dict[str, ReceiptState] = {
    "SENT": "sent",
    "DELIVERED": "delivered",
    "READ": "read",
    "REJECTED": "failed",
    "NOT_DELIVERED": "failed",
}


def _failure(code: str, status: Json) -> Failure:
    """The first cause that the table knows says most, else the first, else the status itself."""
    causes = [fields(cause) for cause in items(status.get("causes"))]
    found = [(code_of_cause(_as_text(one.get("channelErrorCode")), text(one.get("reason"))), one) for one in causes]
    known, cause = next((pair for pair in found if pair[0]), (None, causes[0] if causes else {}))
    row = advice(known or code)
    told = known or _as_text(cause.get("channelErrorCode"))[:40] or code
    words = [text(cause.get("reason")), text(cause.get("details"))]
    detail = ": ".join(part for part in words if part) or text(status.get("description"))
    if row is None:
        return Failure(told, text(cause.get("reason")), detail)
    return Failure(told, row.title, detail, row.action)


def _as_text(code: Any) -> str:
    return str(code) if isinstance(code, int) and not isinstance(code, bool) else text(code)


def _person(address: Any, visitor: Json) -> Person | None:
    """Digits are a phone without its plus, anything else the person's business-scoped id (sheet, 1)."""
    given = text(address)
    names = [text(visitor.get("name")), f"{text(visitor.get('firstName'))} {text(visitor.get('lastName'))}".strip()]
    name = next((one for one in names if one), "")
    if phone := re.fullmatch(r"\+?([0-9]{6,15})", given):
        return Person(f"+{phone[1]}", None, name)
    if re.fullmatch(r"[A-Z]{2}\.[A-Za-z0-9.]{1,128}", given):
        return Person(None, given, name)
    return None


def _time(*objects: Json) -> datetime:
    """The first readable timestamp, with or without fractions and zone. Raises ValueError when there is none."""
    for item in objects:
        try:
            moment = datetime.fromisoformat(need(item.get("timestamp")).strip())
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    raise ValueError("No time is told.")
