"""Webhooks from Meta: who signed them and what they tell (Meta sheet, D)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...core import clock
from ...core.events import (
    Fact,
    Failure,
    MessageReceived,
    Person,
    PreferenceChanged,
    Receipt,
    ReceiptState,
    TemplateChanged,
    Unknown,
)
from ...core.ids import parse_token
from .errors import advice
from .reading import MISSHAPEN, Json, NotJson, fields, items, need, read, text
from .sending import details


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
    """X-Hub-Signature-256: HMAC-SHA256 of the raw bytes with the app secret, in hex (D.1)."""
    scheme, _, given = headers.get("x-hub-signature-256", "").partition("=")
    claimed = given.encode("utf-8", "replace")
    good = False
    for secret in secrets:
        ours = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()
        # All are compared, so that time tells nothing; an empty secret would let anybody sign.
        good |= hmac.compare_digest(ours, claimed) and bool(secret)
    return good and scheme == "sha256"


def handshake(query: Mapping[str, str], verify_token: str) -> str | None:
    """The challenge, when mode and token are right (D.1)."""
    given = query.get("hub.verify_token", "").encode("utf-8", "replace")
    same = hmac.compare_digest(given, verify_token.encode("utf-8", "replace"))
    if not verify_token or not same or query.get("hub.mode") != "subscribe":
        return None
    return query.get("hub.challenge", "")


def parse(body: bytes) -> list[Fact]:
    """Every entry, every change, every message and status of a batch, in order (D.1, D.2). Never raises."""
    try:
        webhook = read(body)
    except NotJson:
        return [Unknown("not json", body.decode("utf-8", "replace"))]
    facts: list[Fact] = []
    for entry in items(fields(webhook).get("entry")):
        for change in items(fields(entry).get("changes")):
            facts += _change(change)
    return facts or [Unknown("webhook", webhook)]


def _change(change: Any) -> list[Fact]:
    try:
        return READERS[need(change["field"])](change["value"])
    except MISSHAPEN:
        return [Unknown(text(fields(change).get("field")) or "change", change)]


def _messages(value: Json) -> list[Fact]:
    """Inbound messages, statuses and account-level errors: one field carries all three (D.4, D.5, D.6)."""
    channel = need(value["metadata"]["phone_number_id"])
    contacts = items(value.get("contacts"))
    facts: list[Fact] = []
    for key, reader in (("messages", _received), ("statuses", _receipts)):
        for item in items(value.get(key)):
            try:
                facts += reader(item, channel, contacts)
            except MISSHAPEN:
                facts.append(Unknown(key, item))
    facts += [Unknown("errors", error) for error in items(value.get("errors"))]
    return facts or [Unknown("messages", value)]


def _received(message: Json, channel: str, contacts: list[Any]) -> list[Fact]:
    kind = need(message["type"])
    sender = _person(message.get("from"), message.get("from_user_id"), contacts)
    if sender is None and kind == "system":
        # Someone whose id changed has no sender: the old id is the one that we may know (D.4).
        system = message["system"]
        user_id = system.get("previous_user_id") or system.get("user_id")
        sender = _person(system.get("wa_id"), user_id, contacts)
    if sender is None:
        return [Unknown("messages", message)]
    return [
        MessageReceived(
            channel=channel,
            sender=sender,
            provider_id=need(message["id"]),
            at=clock.from_unix(message["timestamp"]),
            kind=kind,
            text=_words(kind, fields(message.get(kind))),
            content=message,
            reply_to=text(fields(message.get("context")).get("id")) or None,
        )
    ]


def _words(kind: str, content: Json) -> str:
    """What a person would read of a message, "" for what has no words; the rest stays in its content."""
    if kind == "interactive":
        # button_reply and list_reply carry the title that was tapped, nfm_reply a body (D.4).
        content = fields(content.get(text(content.get("type"))))
    return next((words for key in WORDS if (words := text(content.get(key)))), "")


WORDS = ("body", "text", "title", "caption", "emoji", "name", "address", "filename")


def _receipts(status: Json, channel: str, contacts: list[Any]) -> list[Fact]:
    """A status; a refusal of marketing (131050) is told a second time, as the person's preference (H)."""
    person = _person(status.get("recipient_id"), status.get("recipient_user_id"), contacts)
    failure = _failure(status) if status["status"] == "failed" else None
    receipt = Receipt(
        channel=channel,
        provider_id=need(status["id"]),
        key=parse_token(text(status.get("biz_opaque_callback_data"))),
        state=STATUSES[status["status"]],
        at=clock.from_unix(status["timestamp"]),
        recipient=person or Person(),
        failure=failure,
        pricing=fields(status.get("pricing")) or None,
    )
    if person and failure and failure.action == "opted_out":
        return [receipt, PreferenceChanged(channel, person, False, receipt.at, failure.title)]
    return [receipt]


def _failure(status: Json) -> Failure:
    error = next((error for error in items(status.get("errors")) if isinstance(error, dict)), {})
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


def _person(phone: Any, user_id: Any, contacts: list[Any]) -> Person | None:
    """Who it is, completed from `contacts`; None when neither phone nor id is there (A.9)."""
    number, user = _number(phone), text(user_id) or None
    if number is None and user is None:
        return None
    for contact in map(fields, contacts):
        other = _number(contact.get("wa_id"))
        if (user and contact.get("user_id") == user) or (number and other == number):
            name = text(fields(contact.get("profile")).get("name"))
            return Person(number or other, user or text(contact.get("user_id")) or None, name)
    return Person(number, user)


def _number(digits: Any) -> str | None:
    """Meta writes E.164 without its plus."""
    found = re.fullmatch(r"\+?([0-9]{6,15})", text(digits))
    return f"+{found[1]}" if found else None


def _template_status(value: Json) -> list[Fact]:
    """Approval moved (D.7)."""
    rejection, info = fields(value.get("rejection_info")), fields(value.get("other_info"))
    said = [value.get("reason"), rejection.get("reason"), rejection.get("recommendation")]
    said += [info.get("title"), info.get("description")]
    reason = ". ".join(words for words in map(text, said) if words and words != "NONE")
    category = CATEGORIES.get(text(value.get("message_template_category")))
    return [_template(value, state=TEMPLATE_STATES[value["event"]], category=category, reason=reason)]


def _template_quality(value: Json) -> list[Fact]:
    return [_template(value, quality=need(value["new_quality_score"]).lower())]


def _template_category(value: Json) -> list[Fact]:
    """Two shapes (C.4, D.7): with `correct_category` a warning a day ahead, without it the change itself."""
    if correct := text(value.get("correct_category")):
        return [_template(value, reason=f"Meta will make its category {correct} within a day.")]
    return [_template(value, category=CATEGORIES[value["new_category"]])]


def _template(value: Json, **what: Any) -> TemplateChanged:
    """The name may be missing, as in Meta's pauses: then the id alone says which template (D.7)."""
    name = text(value.get("message_template_name"))
    language = text(value.get("message_template_language")).replace("-", "_")
    identity = str(value.get("message_template_id") or "")
    if not identity and not (name and language):
        raise ValueError("No template is named.")
    return TemplateChanged(name=name, language=language, provider_id=identity, **what)


def _preferences(value: Json) -> list[Fact]:
    """The person stopped or resumed marketing inside WhatsApp (D.7, H)."""
    channel = need(value["metadata"]["phone_number_id"])
    facts: list[Fact] = []
    for item in value["user_preferences"]:
        try:
            person = _person(item.get("wa_id"), item.get("user_id"), items(value.get("contacts")))
            if person is None or item["category"] != "marketing_messages":
                raise ValueError("Not about a person's marketing.")
            wants = {"stop": False, "resume": True}[item["value"]]
            at = clock.from_unix(item["timestamp"])
            facts.append(PreferenceChanged(channel, person, wants, at, text(item.get("detail"))))
        except MISSHAPEN:
            facts.append(Unknown("user_preferences", item))
    return facts


READERS: dict[str, Callable[[Json], list[Fact]]] = {
    "messages": _messages,
    "message_template_status_update": _template_status,
    "message_template_quality_update": _template_quality,
    "template_category_update": _template_category,
    "user_preferences": _preferences,
}

CATEGORIES = {"MARKETING": "marketing", "UTILITY": "utility", "AUTHENTICATION": "authentication"}

# Only APPROVED can be sent (C.3); a FLAGGED template is stopped like a paused one (C.5).
TEMPLATE_STATES = {
    "APPROVED": "approved",
    "REINSTATED": "approved",
    "PENDING": "pending",
    "IN_APPEAL": "pending",
    "UNARCHIVED": "pending",
    "REJECTED": "rejected",
    "LIMIT_EXCEEDED": "rejected",
    "PAUSED": "paused",
    "FLAGGED": "paused",
    "DISABLED": "disabled",
    "LOCKED": "disabled",
    "ARCHIVED": "disabled",
    "PENDING_DELETION": "disabled",
    "DELETED": "disabled",
}
