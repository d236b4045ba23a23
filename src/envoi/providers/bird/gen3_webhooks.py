"""Events of the Bird API (Bird sheet, 3.4). A number is named by its phone alone, so that is the channel's id."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
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
from .errors import advice
from .reading import MISSHAPEN, Json, fields, items, moment, need, person, text, with_preference

STATES: dict[str, ReceiptState] = {
    "whatsapp.sent": "sent",
    "whatsapp.delivered": "delivered",
    "whatsapp.read": "read",
    "whatsapp.failed": "failed",
    "whatsapp.rejected": "failed",
}
FILES = ("image", "video", "audio", "sticker", "document")


def facts(event: Json) -> list[Fact]:
    """Never raises: what it can't read is Unknown."""
    try:
        return READERS[need(event["type"])](event, event["data"])
    except MISSHAPEN:
        return [Unknown(text(event.get("type")) or "event", event)]


def _receipt(event: Json, data: Json) -> list[Fact]:
    state = STATES[event["type"]]
    return with_preference(
        Receipt(
            channel=need(data["from"]["phone_number"]),
            provider_id=need(data["whatsapp_id"]),
            key=parse_token(text(fields(data.get("metadata")).get("mid"))),
            state=state,
            at=moment(event["timestamp"]),
            recipient=_who(fields(data.get("recipient")) or fields(data.get("to"))) or Person(),
            failure=failure(fields(data.get("error"))) if state == "failed" else None,
        )
    )


def failure(error: Json) -> Failure:
    """The error of an event: Meta's own code decides where Bird hands one through (3.3)."""
    code = text(error.get("code")) or "unknown"
    words = text(error.get("description"))
    meta = str(error.get("meta_error_code") or "")[:40]
    row = advice(meta) if meta.isdigit() else None
    if row:
        return Failure(meta, row.title, f"{code}: {words}", row.action)
    row = advice(code)
    detail = f"{words} (Meta {meta})" if meta else words
    return Failure(code[:40], row.title if row else code, detail, row.action if row else "rejected")


def _accepted(event: Json, data: Json) -> list[Fact]:
    need(data["whatsapp_id"])
    return []


def _received(event: Json, data: Json) -> list[Fact]:
    sender = _who(data["from"])
    if sender is None or data.get("origin"):
        # An echo of what another system sent, or old history: nobody wrote to us now (3.4).
        return [Unknown(f"origin {text(data.get('origin'))}" if data.get("origin") else "whatsapp.received", event)]
    kind, content = _content(data, need(data["whatsapp_id"]))
    return [
        MessageReceived(
            channel=need(data["to"]["phone_number"]),
            sender=sender,
            provider_id=data["whatsapp_id"],
            at=moment(event["timestamp"]),
            kind=kind,
            text=_words(kind, content),
            content={"type": kind, kind: content, "bird": data},
            reply_to=text(data.get("in_reply_to_message_id")) or None,
        )
    ]


def _content(data: Json, message_id: str) -> tuple[str, Any]:
    """What was written, in Meta's shapes; a file keeps both ids that its download asks for (3.5)."""
    data = {key: value for key, value in data.items() if value is not None}
    if "text" in data:
        return "text", {"body": text(data["text"]["body"])}
    for kind in FILES:
        if kind in data:
            file = fields(data[kind])
            return kind, {**file, "message_id": message_id}
    if "location" in data:
        return "location", fields(data["location"])
    if "contact_cards" in data:
        return "contacts", [_contact(fields(card)) for card in items(data["contact_cards"])]
    if "interactive_reply" in data:
        return "interactive", _reply(data["interactive_reply"])
    return "unsupported", fields(data.get("unsupported"))


def _reply(reply: Json) -> Json:
    kind = need(reply["type"])
    chosen = fields(reply.get(kind))
    tapped = {"id": text(chosen.get("slug")), "title": text(chosen.get("text"))}
    if description := text(chosen.get("description")):
        tapped["description"] = description
    return {"type": f"{kind}_reply", f"{kind}_reply": tapped}


def _contact(card: Json) -> Json:
    """A contact card in Meta's words, with Bird's own fields kept."""
    phones = [fields(one) for one in items(card.get("phone_numbers"))]
    named = [{"phone": text(one.get("phone_number")), "type": text(one.get("type"))} for one in phones]
    return {**card, "name": fields(card.get("name")), "phones": named}


def _words(kind: str, content: Any) -> str:
    if kind == "interactive":
        content = content[content["type"]]
    if kind == "contacts":
        return next((words for card in content if (words := text(card["name"].get("formatted_name")))), "")
    return next((words for key in WORDS if (words := text(content.get(key)))), "")


WORDS = ("body", "title", "caption", "name", "address", "filename")


def _reacted(event: Json, data: Json) -> list[Fact]:
    """A reaction has no id of its own: the message, the moment, the person and the emoji make one (3.4)."""
    sender = _who(data["from"])
    if sender is None:
        raise ValueError("Nobody reacted.")
    message_id, emoji = need(data["whatsapp_id"]), text(data.get("emoji"))
    told = f"{need(event['timestamp'])} {sender.user_id or sender.phone} {emoji}"
    identity = f"{message_id}/{hashlib.sha256(told.encode()).hexdigest()[:16]}"
    return [
        MessageReceived(
            channel=need(data["to"]["phone_number"]),
            sender=sender,
            provider_id=identity,
            at=moment(event["timestamp"]),
            kind="reaction",
            text=emoji,
            content={"type": "reaction", "reaction": {"message_id": message_id, "emoji": emoji}, "bird": data},
            reply_to=message_id,
        )
    ]


def _suppressed(event: Json, data: Json) -> list[Fact]:
    """Bird puts a person on its list by itself when they write STOP; no number is named (3.7)."""
    who = person(data["address"]) or person(None, data["address"])
    if who is None:
        raise ValueError("Nobody is suppressed.")
    reason = f"On Bird's suppression list ({text(data.get('reason')) or 'no reason'})"
    return [PreferenceChanged("", who, False, moment(event["timestamp"]), reason)]


def _who(side: Json) -> Person | None:
    return person(side.get("phone_number"), side.get("bsuid"), side.get("display_name"))


READERS: dict[str, Callable[[Json, Json], list[Fact]]] = {
    **dict.fromkeys(STATES, _receipt),
    "whatsapp.accepted": _accepted,
    "whatsapp.received": _received,
    "whatsapp.reacted": _reacted,
    "whatsapp_suppression.created": _suppressed,
}
