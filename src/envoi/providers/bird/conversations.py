"""Messages to MessageBird's Conversations API (Bird sheet, Gen 1), for accounts that are still there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..base import Account, Channel, Form, Outgoing
from .calling import Call, refuse
from .filling import fill
from .reading import Json, fields, text

TYPES = {"image": "image", "video": "video", "audio": "audio", "document": "file"}
INTERACTIVE = ("button", "list")
REFUSED = {
    "contacts": "MessageBird's Conversations API can't send contacts",
    "reaction": "MessageBird's Conversations API can't send a reaction",
    "read": "MessageBird's Conversations API can't mark a message as read",
}


def call(account: Account, channel: Channel, outgoing: Outgoing) -> Call:
    """The request of one message. Raises Rejected for what this API has no way to send."""
    if not outgoing.recipient.startswith("+"):
        raise refuse("MessageBird's Conversations API needs the person's phone number", "recipient")
    if outgoing.reply_to:
        raise refuse("MessageBird's Conversations API can't quote the message that is answered", "reply_to")
    if outgoing.form is not None:
        kind, content = "hsm", {"hsm": _template(account, outgoing.form, outgoing)}
    else:
        kind, content = _content(outgoing.kind, outgoing.content or {})
    message = {"to": outgoing.recipient, "from": channel.provider_id, "type": kind, "content": content}
    # Which of the two comes back with a status is not documented; both are ours to fill.
    message |= {"trackId": outgoing.token, "source": {"mid": outgoing.token}}
    return Call("POST", "/v1/send", message)


def accepted_id(content: Json) -> str:
    """The id of an accepted message; "" when the answer names none."""
    return text(content.get("id"))


def _content(kind: str, content: Mapping[str, Any]) -> tuple[str, Json]:
    match kind:
        case "text":
            return "text", {"text": content.get("body", "")}
        case "location":
            place = {"latitude": content.get("latitude"), "longitude": content.get("longitude")}
            return "location", {"location": place}
        case "sticker":
            return "whatsappSticker", {"whatsappSticker": {"link": _link(kind, content)}}
        case "interactive":
            asked = text(content.get("type"))
            if asked not in INTERACTIVE:
                sentence = "MessageBird's Conversations API: only buttons and lists are known here"
                raise refuse(sentence, f"interactive {asked}")
            return "interactive", {"interactive": dict(content)}
        case kind if kind in TYPES:
            name = TYPES[kind]
            caption = {"caption": content["caption"]} if content.get("caption") and kind != "audio" else {}
            return name, {name: {"url": _link(kind, content), **caption}}
    sentence = "MessageBird's Conversations API has no way to send this kind of message"
    raise refuse(REFUSED.get(kind, sentence), kind)


def _link(kind: str, content: Mapping[str, Any]) -> str:
    link = text(content.get("link"))
    if not link:
        raise refuse("MessageBird takes a file by its public link only", kind)
    return link


def _template(account: Account, form: Form, outgoing: Outgoing) -> Json:
    """`params` where there is nothing but body text, else `components` as Meta has them (Gen 1; K)."""
    filled = fill(form, outgoing.values)
    if filled.cards:
        raise refuse("MessageBird's Conversations API can't send a carousel", "template")
    hsm: Json = {
        "namespace": account.secret("namespace"),
        "templateName": form.name,
        "language": {"policy": "deterministic", "code": form.language},
    }
    named = any(slot.name for slot, _ in filled.body + filled.header_texts)
    if named or filled.header is not None or filled.header_texts or filled.buttons:
        hsm["components"] = _components(filled.header, filled.header_texts, filled.body, filled.buttons)
    elif filled.body:
        hsm["params"] = [{"default": value} for _, value in filled.body]
    return hsm


def _components(header: Any, header_texts: Any, body: Any, buttons: Any) -> list[Json]:
    components: list[Json] = []
    if header is not None:
        components.append({"type": "header", "parameters": [_header(header)]})
    for kind, pairs in (("header", header_texts), ("body", body)):
        parameters = [
            {"type": "text", **({"parameter_name": slot.name} if slot.name else {}), "text": value}
            for slot, value in pairs
        ]
        if parameters:
            components.append({"type": kind, "parameters": parameters})
    for slot, value in buttons:
        parameter = {"type": "text", "text": value}
        sub_type = "url"
        if slot.sub_type == "copy_code":
            parameter, sub_type = {"type": "coupon_code", "coupon_code": value}, "copy_code"
        part = {"type": "button", "sub_type": sub_type, "index": str(slot.index or 0), "parameters": [parameter]}
        components.append(part)
    return components


def _header(header: Mapping[str, Any]) -> Json:
    """MessageBird writes `url` where Meta writes `link` (Gen 1)."""
    kind = text(header.get("type"))
    content = fields(header.get(kind))
    if kind == "text":
        return dict(header)
    if kind not in ("image", "video", "document"):
        raise refuse("MessageBird's Conversations API has no template header of this kind", kind)
    return {"type": kind, kind: {"url": _link(kind, content)}}
