"""Events of MessageBird's Conversations API (Bird sheet, Gen 1; the envelope is general knowledge)."""

from __future__ import annotations

from typing import Any

from ...core.events import Fact, Failure, MessageReceived, Person, Receipt, ReceiptState, Unknown
from ...core.ids import parse_token
from .errors import advice
from .reading import MISSHAPEN, Json, fields, moment, need, person, text, with_preference

STATES: dict[str, ReceiptState] = {
    "sent": "sent",
    "transmitted": "sent",
    "delivered": "delivered",
    "read": "read",
    "rejected": "failed",
    "failed": "failed",
    "delivery_failed": "failed",
    "expired": "failed",
}
BEFORE_SENT = ("accepted", "pending", "buffered")
KINDS = {"file": "document", "whatsappSticker": "sticker"}


def facts(event: Json) -> list[Fact]:
    """Never raises: what it can't read is Unknown."""
    try:
        message, contact = event["message"], fields(event.get("contact"))
        if message["direction"] == "received" and event["type"] == "message.created":
            return [_received(message, contact)]
        if message["direction"] == "sent" and event["type"] in ("message.created", "message.updated"):
            return _told(message, contact)
    except MISSHAPEN:
        pass
    return [Unknown(text(event.get("type")) or "event", event)]


def _received(message: Json, contact: Json) -> Fact:
    sender = person(contact.get("msisdn"), None, contact.get("displayName")) or person(message.get("from"))
    if sender is None:
        raise ValueError("Nobody wrote.")
    kind, content = _content(need(message["type"]), fields(message.get("content")))
    return MessageReceived(
        channel=need(message["channelId"]),
        sender=sender,
        provider_id=need(message["id"]),
        at=moment(message["createdDatetime"]),
        kind=kind,
        text=_words(kind, content),
        content={"type": kind, kind: content, "bird": message},
        reply_to=text(fields(message.get("replyTo")).get("id")) or None,
    )


def _content(kind: str, content: Json) -> tuple[str, Json]:
    """What was written, in Meta's shapes."""
    inner = fields(content.get(kind))
    if kind == "text":
        return "text", {"body": text(content.get("text"))}
    if kind == "interactive":
        return kind, _reply(inner)
    kind = KINDS.get(kind, kind)
    link = text(inner.get("url")) or text(inner.get("link"))
    return kind, {**inner, "link": link} if link else inner


def _reply(inner: Json) -> Json:
    """Meta-like, with `reply` for both kinds where Meta names each."""
    kind = text(inner.get("type")) or "button_reply"
    reply = fields(inner.get(kind)) or fields(inner.get("reply"))
    told = {"id": text(reply.get("id")), "title": text(reply.get("title")) or text(reply.get("text"))}
    if description := text(reply.get("description")):
        told["description"] = description
    return {**inner, "type": kind, kind: told}


def _words(kind: str, content: Json) -> str:
    if kind == "interactive":
        content = content[content["type"]]
    return next((words for key in WORDS if (words := text(content.get(key)))), "")


WORDS = ("body", "title", "caption", "name", "address", "filename")


def _told(message: Json, contact: Json) -> list[Fact]:
    status = need(message["status"])
    if status in BEFORE_SENT:
        need(message["id"])
        return []
    state = STATES[status]
    token = text(message.get("trackId")) or text(fields(message.get("source")).get("mid"))
    return with_preference(
        Receipt(
            channel=need(message["channelId"]),
            provider_id=need(message["id"]),
            key=parse_token(token),
            state=state,
            at=moment(message.get("updatedDatetime") or message["createdDatetime"]),
            recipient=person(message.get("to")) or person(contact.get("msisdn")) or Person(),
            failure=failure(message.get("error"), status) if state == "failed" else None,
        )
    )


def failure(error: Any, status: str) -> Failure:
    """WhatsApp's own code where it is one of Meta's, else MessageBird's."""
    told = fields(error)
    code, words = str(told.get("code") or "")[:40], text(told.get("description"))
    meta = code.isdigit() and len(code) >= 5
    named = code if meta else f"conversations/{code or status}"
    row = advice(named)
    return Failure(named, row.title if row else words or status, words, row.action if row else "rejected")
