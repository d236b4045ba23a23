"""Events of Bird's CRM Channels API (Bird sheet, Gen 2): inbound, outbound and, as far as known, interactions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from ...core import clock
from ...core.events import Fact, Failure, MessageReceived, Person, Receipt, ReceiptState, Unknown
from ...core.ids import parse_token
from .errors import advice
from .reading import MISSHAPEN, Json, fields, items, moment, need, person, text, with_preference

STATES: dict[str, ReceiptState] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "sending_failed": "failed",
    "delivery_failed": "failed",
}
BEFORE_SENT = ("accepted", "processing")
KINDS = {"image": "image", "video": "video", "audio": "audio"}


def facts(event: Json) -> list[Fact]:
    """Never raises: what it can't read is Unknown."""
    try:
        return READERS[need(event["event"])](event, event["payload"])
    except MISSHAPEN:
        return [Unknown(text(event.get("event")) or "event", event)]


def _inbound(event: Json, payload: Json) -> list[Fact]:
    extra = fields(fields(payload.get("meta")).get("extraInformation"))
    contact = payload["sender"]["contact"]
    phone = contact.get("identifierValue") if contact.get("identifierKey") == "phonenumber" else None
    name = fields(contact.get("annotations")).get("name")
    sender = person(phone, extra.get("whatsappbsuid"), name)
    if sender is None:
        raise ValueError("Nobody wrote.")
    kind, content = _content(fields(payload.get("body")))
    return [
        MessageReceived(
            channel=need(payload["channelId"]),
            sender=sender,
            provider_id=need(payload["id"]),
            at=_at(payload, extra),
            kind=kind,
            text=_words(kind, content),
            content={"type": kind, kind: content, "bird": payload},
            reply_to=text(fields(payload.get("replyTo")).get("id")) or None,
        )
    ]


def _at(payload: Json, extra: Json) -> datetime:
    """When the person wrote: WhatsApp's own time where it is told."""
    return clock.from_unix(extra["timestamp"]) if extra.get("timestamp") else moment(payload["createdAt"])


def _content(body: Json) -> tuple[str, Json]:
    """What was written, in Meta's shapes where the sheet knows Bird's; else as it came."""
    kind = text(body.get("type")) or "unsupported"
    content = fields(body.get(kind))
    match kind:
        case "text":
            if replied := _postback(content):
                return "interactive", replied
            return "text", {"body": text(content.get("text"))}
        case "image":
            file = next(map(fields, items(content.get("images"))), {})
            return "image", {**file, "link": text(file.get("mediaUrl")), "caption": text(content.get("text"))}
        case "file":
            file = next(map(fields, items(content.get("files"))), {})
            mime_type = text(file.get("contentType"))
            held = {**file, "link": text(file.get("mediaUrl")), "mime_type": mime_type}
            held |= {"caption": text(content.get("text")), "filename": text(file.get("filename"))}
            return KINDS.get(mime_type.partition("/")[0], "document"), held
    return kind, content


def _postback(content: Json) -> Json:
    """A tapped button comes as a text with what it carried (K)."""
    for action in map(fields, items(content.get("actions"))):
        postback = fields(action.get("postback"))
        if payload := text(postback.get("payload")):
            words = text(postback.get("text")) or text(content.get("text"))
            return {"type": "button_reply", "button_reply": {"id": payload, "title": words}}
    return {}


def _words(kind: str, content: Json) -> str:
    if kind == "interactive":
        content = fields(content.get("button_reply"))
    return next((words for key in WORDS if (words := text(content.get(key)))), "")


WORDS = ("body", "text", "title", "caption", "filename")


def _outbound(event: Json, payload: Json) -> list[Fact]:
    status = need(payload["status"])
    if status in BEFORE_SENT:
        need(payload["id"])
        return []
    state = STATES[status]
    extra = fields(fields(payload.get("meta")).get("extraInformation"))
    at = moment(payload.get("lastStatusAt") or payload.get("updatedAt") or payload["createdAt"])
    return with_preference(
        Receipt(
            channel=need(payload["channelId"]),
            provider_id=need(payload["id"]),
            key=parse_token(text(payload.get("reference"))),
            state=state,
            at=at,
            recipient=_recipient(payload, extra) or Person(),
            failure=failure(payload) if state == "failed" else None,
        )
    )


def _recipient(payload: Json, extra: Json) -> Person | None:
    receiver = fields(payload.get("receiver"))
    contacts: Iterable[Any] = [receiver.get("contact"), *items(receiver.get("contacts"))]
    for contact in map(fields, contacts):
        phone = contact.get("identifierValue") if contact.get("identifierKey") == "phonenumber" else None
        if found := person(phone, extra.get("whatsappbsuid")):
            return found
    return person(None, extra.get("whatsappbsuid"))


def failure(payload: Json) -> Failure:
    """WhatsApp's own code decides where the failure came from there; else Bird's, by its range (Gen 2)."""
    told = fields(payload.get("failure"))
    source = fields(told.get("source"))
    origin, meta = text(source.get("name")), str(source.get("code") or "")[:40]
    reason = text(payload.get("reason")) or text(told.get("description"))
    detail = " ".join(word for word in (reason, f"({origin} {meta})" if origin or meta else "") if word)
    row = advice(meta) if "whatsapp" in origin.lower() and meta.isdigit() else None
    if row:
        return Failure(meta, row.title, detail, row.action)
    code = f"gen2/{str(told.get('code') or 'unknown')[:34]}"
    row = advice(code)
    return Failure(code, row.title if row else reason, detail, row.action if row else "rejected")


def _interaction(event: Json, payload: Json) -> list[Fact]:
    """A read mark (K: seen nowhere in the sheet's sources, so anything else about it is kept as it came)."""
    if text(payload.get("type")) != "read":
        return [Unknown("whatsapp.interaction", event)]
    return [
        Receipt(
            channel=need(payload["channelId"]),
            provider_id=need(payload.get("messageId") or payload["id"]),
            key=parse_token(text(payload.get("reference"))),
            state="read",
            at=moment(payload["createdAt"]),
        )
    ]


READERS: dict[str, Callable[[Json, Json], list[Fact]]] = {
    "whatsapp.inbound": _inbound,
    "whatsapp.outbound": _outbound,
    "whatsapp.interaction": _interaction,
}
