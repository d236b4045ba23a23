"""Inbound messages, statuses and errors from Meta: the field `messages` carries all three (Meta sheet, D.4 to D.6)."""

from __future__ import annotations

from typing import Any

from ...core import clock
from ...core.events import (
    ChannelChanged,
    Fact,
    Failure,
    IdentityChanged,
    MessageReceived,
    Person,
    PreferenceChanged,
    Receipt,
    ReceiptState,
    Unknown,
)
from ...core.ids import parse_token
from ..reading import MISSHAPEN, Json, fields, items, need, text
from .errors import advice
from .graph import details
from .people import number, person


def messages(value: Json, account: str) -> list[Fact]:
    """Every message, every status, then every error that belongs to none of them."""
    channel = need(value["metadata"]["phone_number_id"])
    contacts = items(value.get("contacts"))
    facts: list[Fact] = []
    for key, reader in (("messages", _received), ("statuses", _receipts)):
        for item in items(value.get(key)):
            try:
                facts += reader(item, channel, contacts)
            except MISSHAPEN:
                facts.append(Unknown(key, item))
    for error in items(value.get("errors")):
        if isinstance(error, dict):
            facts.append(ChannelChanged(channel=channel, event="errors", failure=_failure([error])))
        else:
            facts.append(Unknown("errors", error))
    return facts or [Unknown("messages", value)]


def _received(message: Json, channel: str, contacts: list[Any]) -> list[Fact]:
    kind = need(message["type"])
    sender = person(message.get("from"), message.get("from_user_id"), contacts)
    if sender is None and kind == "system":
        # Someone whose id changed has no sender: the old id is the one that we may know (D.4).
        system = message["system"]
        user_id = system.get("previous_user_id") or system.get("user_id")
        sender = person(system.get("wa_id"), user_id, contacts)
    if sender is None:
        return [Unknown("messages", message)]
    received = MessageReceived(
        channel=channel,
        sender=sender,
        provider_id=need(message["id"]),
        at=clock.from_unix(message["timestamp"]),
        kind=kind,
        text=_words(kind, fields(message.get(kind))),
        content=message,
        reply_to=text(fields(message.get("context")).get("id")) or None,
    )
    return [received, *_moved(received, fields(message.get("system")))]


def _moved(received: MessageReceived, system: Json) -> list[Fact]:
    """A number or an id that changed (D.4): `from` is the old number, `wa_id` the new one."""
    if received.kind != "system" or system.get("type") not in ("user_changed_number", "user_changed_user_id"):
        return []
    before = text(system.get("previous_user_id")) or text(received.content.get("from_user_id")) or None
    old = Person(number(received.content.get("from")), before)
    new = Person(number(system.get("wa_id")), text(system.get("user_id")) or None)
    if not (old.phone or old.user_id) or not (new.phone or new.user_id):
        return []
    return [IdentityChanged(received.channel, old, new, received.at)]


def _words(kind: str, content: Json) -> str:
    """What a person would read of a message, "" for what has no words; the rest stays in its content."""
    if kind == "interactive":
        # button_reply and list_reply carry the title that was tapped, nfm_reply a body (D.4).
        content = fields(content.get(text(content.get("type"))))
    return next((words for key in WORDS if (words := text(content.get(key)))), "")


WORDS = ("body", "text", "title", "caption", "emoji", "name", "address", "filename")


def _receipts(status: Json, channel: str, contacts: list[Any]) -> list[Fact]:
    """A status; a refusal of marketing (131050) is told a second time, as the person's preference (H)."""
    recipient = person(status.get("recipient_id"), status.get("recipient_user_id"), contacts)
    failure = _failure(items(status.get("errors"))) if status["status"] == "failed" else None
    receipt = Receipt(
        channel=channel,
        provider_id=need(status["id"]),
        key=parse_token(text(status.get("biz_opaque_callback_data"))),
        state=STATUSES[status["status"]],
        at=clock.from_unix(status["timestamp"]),
        recipient=recipient or Person(),
        failure=failure,
        pricing=fields(status.get("pricing")) or None,
    )
    if recipient and failure and failure.action == "opted_out":
        return [receipt, PreferenceChanged(channel, recipient, False, receipt.at, failure.title)]
    return [receipt]


def _failure(errors: list[Any]) -> Failure:
    error: Json = next((error for error in errors if isinstance(error, dict)), {})
    code = str(error.get("code", "unknown"))[:40]
    row = advice(code)
    title = row.title if row else text(error.get("title")) or text(error.get("message"))
    words = details(error) or text(error.get("title"))
    return Failure(code, title, words, row.action if row else "rejected")


# `played` is the first play of a voice message, which comes after read (D.5).
STATUSES: dict[str, ReceiptState] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",
    "failed": "failed",
}
