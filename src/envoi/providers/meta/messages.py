"""The body of everything that leaves for Meta, kind by kind (Meta sheet, A.1 to A.5 and A.7).

What Meta has no way to send is refused here, with a sentence, before any network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ...core.events import Failure
from ..base import Outgoing, Rejected
from ..reading import Json
from .template_sends import template

Content = Mapping[str, Any]

# What each kind of file may carry beside its id or link (A.2).
BESIDE = {
    "image": ("caption",),
    "video": ("caption",),
    "document": ("caption", "filename"),
    "audio": ("voice",),
    "sticker": (),
}

# A.3; the last five are for payments, calls and some countries: Meta judges whether they may be used.
INTERACTIVE = (
    "button",
    "list",
    "cta_url",
    "flow",
    "product",
    "product_list",
    "catalog_message",
    "location_request_message",
    "carousel",
    "request_contact_info",
    "address_message",
    "voice_call",
    "call_permission_request",
    "order_details",
    "order_status",
)

POLICIES = ("CLOUD_API_FALLBACK", "STRICT")
LONGEST_TOKEN = 512
MOST_CONTACTS = 257


def body(outgoing: Outgoing) -> bytes:
    """The JSON body of a message or a read mark. Raises Rejected for what can't be sent.

    A phone goes into `to` with its +, a business-scoped id into `recipient`, never into `to` (A.9).
    """
    if outgoing.form is None and outgoing.kind == "read":
        return msgspec.json.encode(_read(outgoing.content or {}))
    message: Json = {"messaging_product": "whatsapp", "recipient_type": "individual"}
    if not outgoing.recipient:
        raise refused("recipient", "The message has no recipient")
    message["to" if outgoing.recipient.startswith("+") else "recipient"] = outgoing.recipient
    if outgoing.form is not None:
        message["type"] = "template"
        message["template"] = template(outgoing.form, outgoing.values, recipient=outgoing.recipient)
    elif outgoing.content is not None and (write := KINDS.get(outgoing.kind)):
        message["type"] = outgoing.kind
        message[outgoing.kind] = write(outgoing.kind, outgoing.content)
    else:
        raise refused("kind", "This kind of message can't be sent", outgoing.kind)
    if outgoing.reply_to:
        message["context"] = {"message_id": outgoing.reply_to}
    if len(outgoing.token) > LONGEST_TOKEN:
        raise refused("token", f"Our own id has more than {LONGEST_TOKEN} characters")
    message["biz_opaque_callback_data"] = outgoing.token
    _add_options(message, outgoing)
    return msgspec.json.encode(message)


def refused(code: str, title: str, detail: str = "") -> Rejected:
    """A refusal of our own, before the network."""
    return Rejected(Failure(code, title, detail))


def _add_options(message: Json, outgoing: Outgoing) -> None:
    """identity_key_hash (A.1); endpoint, product_policy and message_activity_sharing (A.7); ttl_seconds (A.6)."""
    options = outgoing.options
    if identity := options.get("identity_key_hash"):
        message["recipient_identity_key_hash"] = str(identity)
    if options.get("ttl_seconds") is not None:
        raise refused("ttl", "On Meta a message lives as long as its template says: set the lifetime there")
    match options.get("endpoint", "messages"):
        case "messages":
            return
        case "marketing_messages" if outgoing.form is not None:
            policy = options.get("product_policy", POLICIES[0])
        case "marketing_messages":
            raise refused("endpoint", "The marketing endpoint takes templates only")
        case other:
            raise refused("endpoint", "Meta has no such endpoint for messages", str(other))
    if policy not in POLICIES:
        raise refused("product_policy", f"The policy is one of {', '.join(POLICIES)}", str(policy))
    message["product_policy"] = policy
    if options.get("message_activity_sharing") is not None:
        message["message_activity_sharing"] = bool(options["message_activity_sharing"])


def _read(content: Content) -> Json:
    """A read mark, with `typing` also the typing indicator: until we answer, 25 seconds at most (A.4)."""
    mark: Json = {"messaging_product": "whatsapp", "status": "read", "message_id": _need(content, "message_id")}
    if content.get("typing"):
        mark["typing_indicator"] = {"type": "text"}
    return mark


def _text(kind: str, content: Content) -> Json:
    return {"body": _need(content, "body"), "preview_url": bool(content.get("preview_url", False))}


def _file(kind: str, content: Content) -> Json:
    """By `id` when it was uploaded, else by `link`, which Meta fetches and keeps for ten minutes (A.2)."""
    way = "id" if content.get("id") else "link"
    if not content.get(way):
        raise refused("content", f"This {kind} has neither an id nor a link")
    if content.get("caption") and "caption" not in BESIDE[kind]:
        raise refused("content", f"A caption can't go with a message of the kind {kind}")
    found: Json = {way: str(content[way])}
    for name in BESIDE[kind]:
        if content.get(name):
            found[name] = True if name == "voice" else str(content[name])
    return found


def _location(kind: str, content: Content) -> Json:
    place = {name: content.get(name) for name in ("latitude", "longitude")}
    if None in place.values():
        raise refused("content", "A location needs its latitude and longitude")
    return {**place, **{name: content[name] for name in ("name", "address") if content.get(name)}}


def _contacts(kind: str, content: Content) -> list[Any]:
    cards = content.get("contacts")
    if not isinstance(cards, list | tuple) or not 1 <= len(cards) <= MOST_CONTACTS:
        raise refused("content", f"A message of contacts has 1 to {MOST_CONTACTS} of them")
    return list(cards)


def _reaction(kind: str, content: Content) -> Json:
    """An empty emoji takes the reaction back (A.2)."""
    return {"message_id": _need(content, "message_id"), "emoji": str(content.get("emoji") or "")}


def _interactive(kind: str, content: Content) -> Json:
    if content.get("type") not in INTERACTIVE:
        raise refused("kind", "Meta has no interactive message of this type", str(content.get("type")))
    if not isinstance(content.get("action"), Mapping):
        raise refused("content", "An interactive message needs its action")
    return dict(content)


def _need(content: Content, name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value:
        raise refused("content", f"The message has no {name}")
    return value


KINDS: dict[str, Callable[[str, Content], Any]] = {
    "text": _text,
    **dict.fromkeys(BESIDE, _file),
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "reaction": _reaction,
}
