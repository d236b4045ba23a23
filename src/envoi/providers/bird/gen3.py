"""Messages to the Bird API (Bird sheet, 3.2): bodies, the calls beside them, and what an acceptance looks like."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from ..base import Account, Channel, Form, Outgoing
from .calling import Call, part, refuse
from .filling import Filled, fill
from .gen3_interactive import interactive
from .reading import Json, fields, items, text

MESSAGES = "/v1/whatsapp/messages"
MEDIA = ("image", "video", "audio", "document", "sticker")
TEMPLATE_MEDIA = ("image", "video", "gif", "document")


def call(account: Account, channel: Channel, outgoing: Outgoing) -> Call:
    """The request of one message. Raises Rejected for what this API has no way to send."""
    content = outgoing.content or {}
    if outgoing.form is None and outgoing.kind in ("reaction", "read"):
        return _about(outgoing.kind, content, outgoing.token)
    message: Json = {"to": outgoing.recipient, "from": sender(channel)}
    if outgoing.form is not None:
        message["template"] = _template(outgoing, outgoing.form)
    elif outgoing.kind == "contacts":
        message["contact_cards"] = [_card(fields(one)) for one in items(content.get("contacts"))]
    else:
        message[outgoing.kind] = _content(outgoing.kind, content)
    if outgoing.reply_to:
        message["in_reply_to_message_id"] = outgoing.reply_to
    if tags := outgoing.options.get("tags"):
        message["tags"] = tags
    message["metadata"] = {"mid": outgoing.token}
    return Call("POST", MESSAGES, message, {"idempotency-key": _key(outgoing.token, repr(message))})


def sender(channel: Channel) -> str:
    """The number in E.164: it is a number's id, for webhooks name it by nothing else (3.4)."""
    return channel.provider_id if channel.provider_id.startswith("+") else channel.address or channel.provider_id


def accepted_id(content: Json) -> str:
    """The id of an accepted message, of a reaction; "" when the answer names none."""
    return text(content.get("id"))


def _key(token: str, message: str) -> str:
    """The Idempotency-Key: the same for every try of a message, another for a message that only shares its token.

    A second installation, or one whose database was made anew, counts its tokens from 1 again.
    """
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{token} {message}"))


def _about(kind: str, content: Mapping[str, Any], token: str) -> Call:
    """A reaction or a read mark: calls of their own, below the customer's message."""
    message_id = text(content.get("message_id"))
    if not message_id:
        raise refuse("The message that it is about is missing", kind)
    path = f"{MESSAGES}/{part(message_id)}"
    if kind == "read":
        body = {"typing_indicator": True} if content.get("typing") else {}
        return Call("POST", f"{path}/read", body, {"idempotency-key": _key(token, path)})
    emoji = text(content.get("emoji"))
    headers = {"idempotency-key": _key(token, f"{path} {emoji}")}
    if not emoji:
        return Call("DELETE", f"{path}/reaction", None, headers)
    return Call("PUT", f"{path}/reaction", {"emoji": emoji}, headers)


def _content(kind: str, content: Mapping[str, Any]) -> Json:
    match kind:
        case "text":
            return {"body": content.get("body", ""), "preview_url": bool(content.get("preview_url", False))}
        case "location":
            return {key: content[key] for key in ("latitude", "longitude", "name", "address") if key in content}
        case "interactive":
            return interactive(content)
        case kind if kind in MEDIA:
            return _media(kind, content)
    raise refuse("Bird has no way to send this kind of message", kind)


def link_of(kind: str, content: Mapping[str, Any]) -> str:
    """The public address of a file: this API takes nothing else (3.2)."""
    link = text(content.get("link"))
    if not link:
        raise refuse("Bird takes a file by its public link only, not by an id", kind)
    return link


def _media(kind: str, content: Mapping[str, Any]) -> Json:
    media: Json = {"url": link_of(kind, content)}
    if kind in ("image", "video", "document") and content.get("caption"):
        media["caption"] = content["caption"]
    if kind == "document" and content.get("filename"):
        media["filename"] = content["filename"]
    if kind == "audio" and content.get("voice"):
        media["voice"] = True
    return media


def _card(contact: Json) -> Json:
    """Meta's contact object in Bird's words; what Bird has no field for is left out."""
    card: Json = {"name": contact.get("name") or {}}
    for key in ("org", "birthday"):
        if contact.get(key):
            card[key] = contact[key]
    phones = [fields(one) for one in items(contact.get("phones"))]
    if phones:
        card["phone_numbers"] = [_typed(one, "phone", "phone_number") for one in phones]
    for key, single in (("emails", "email"), ("urls", "url")):
        if found := items(contact.get(key)):
            card[key] = [_typed(fields(one), single, single) for one in found]
    if addresses := items(contact.get("addresses")):
        card["addresses"] = addresses
    return card


def _typed(entry: Json, theirs: str, ours: str) -> Json:
    return {ours: entry.get(theirs, ""), **({"type": entry["type"]} if entry.get("type") else {})}


def _template(outgoing: Outgoing, form: Form) -> Json:
    """The order of parts decides which button is meant: no index and no sub-type (3.2)."""
    filled = fill(form, outgoing.values)
    template: Json = {"id" if form.name.startswith("wat_") else "slug": form.name}
    template["language"] = form.language.replace("_", "-")
    components = _components(filled)
    if filled.cards:
        cards = [{"components": _components(card)} for card in filled.cards]
        components.append({"type": "carousel", "cards": cards})
    if components:
        template["components"] = components
    if bid := outgoing.options.get("bid_multiplier"):
        template["bid_multiplier"] = bid
    return template


def _components(filled: Filled) -> list[Json]:
    components: list[Json] = []
    if filled.header is not None:
        components.append({"type": "header", "parameters": [_header(filled.header)]})
    for kind, pairs in (("header", filled.header_texts), ("body", filled.body)):
        if pairs:
            parameters = [
                {"type": "text", **({"name": slot.name} if slot.name else {}), "text": value} for slot, value in pairs
            ]
            components.append({"type": kind, "parameters": parameters})
    for _, value in filled.buttons:
        components.append({"type": "button", "parameters": [{"type": "text", "text": value}]})
    return components


def _header(header: Mapping[str, Any]) -> Json:
    kind = text(header.get("type"))
    content = fields(header.get(kind))
    if kind == "text":
        name = text(header.get("parameter_name"))
        return {"type": "text", **({"name": name} if name else {}), "text": text(header.get("text"))}
    if kind == "location":
        return {"type": "location", "location": content}
    if kind not in TEMPLATE_MEDIA:
        raise refuse("Bird can't send a template with this kind of header", kind)
    parameter: Json = {"type": kind, "url": link_of(kind, content)}
    if kind == "document" and content.get("filename"):
        parameter["filename"] = content["filename"]
    return parameter
