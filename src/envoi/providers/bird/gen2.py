"""Messages to Bird's CRM Channels API (Bird sheet, Gen 2): text, pictures, files, buttons and templates.

The sheet knows that lists, carousels, locations and contacts exist there, but not their exact shapes: they are
refused rather than guessed.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from typing import Any

from ..base import Account, Channel, Form, Outgoing
from .calling import Call, credential, part, refuse
from .filling import fill
from .reading import Json, fields, items, text

TYPES = {"video": "video/mp4", "audio": "audio/ogg", "document": "application/octet-stream"}
REFUSED = {
    "sticker": "Bird's Channels API can't send a sticker",
    "location": "Bird's Channels API: how a location is sent is not known here",
    "contacts": "Bird's Channels API: how contacts are sent is not known here",
    "reaction": "Bird's Channels API can't send a reaction",
    "read": "Bird's Channels API can't mark a message as read",
}


def call(account: Account, channel: Channel, outgoing: Outgoing) -> Call:
    """The request of one message. Raises Rejected for what this API has no way to send."""
    if not outgoing.recipient.startswith("+"):
        raise refuse("Bird's Channels API needs the person's phone number", "recipient")
    contact = {"identifierKey": "phonenumber", "identifierValue": outgoing.recipient}
    message: Json = {"receiver": {"contacts": [contact]}}
    if outgoing.form is not None:
        message["template"] = _template(outgoing.form, outgoing)
    else:
        message["body"] = _body(outgoing.kind, outgoing.content or {})
    if outgoing.reply_to:
        message["replyTo"] = {"id": outgoing.reply_to, "type": "message"}
    message["reference"] = outgoing.token
    workspace = credential(account, "workspace_id")
    return Call("POST", f"/workspaces/{workspace}/channels/{part(channel.provider_id)}/messages", message)


def accepted_id(content: Json) -> str:
    """The id of an accepted message; "" when the answer names none."""
    return text(content.get("id"))


def _body(kind: str, content: Mapping[str, Any]) -> Json:
    caption = {"text": content["caption"]} if content.get("caption") else {}
    match kind:
        case "text":
            return {"type": "text", "text": {"text": content.get("body", "")}}
        case "image":
            return {"type": "image", "image": {"images": [{"mediaUrl": _link(kind, content)}], **caption}}
        case "video" | "audio" | "document":
            return {"type": "file", "file": {"files": [_file(kind, content)], **caption}}
        case "interactive":
            return _actions(content)
    raise refuse(REFUSED.get(kind, "Bird's Channels API has no way to send this kind of message"), kind)


def _link(kind: str, content: Mapping[str, Any]) -> str:
    """A public link, or the address that an upload got (media.py)."""
    link = text(content.get("link")) or text(content.get("id"))
    if not link.startswith(("https://", "http://")):
        raise refuse("Bird takes a file by its link only", kind)
    return link


def _file(kind: str, content: Mapping[str, Any]) -> Json:
    link, filename = _link(kind, content), text(content.get("filename"))
    guessed = mimetypes.guess_type(filename or link.partition("?")[0])[0]
    file: Json = {"mediaUrl": link, "contentType": text(content.get("mime_type")) or guessed or TYPES[kind]}
    return file | ({"filename": filename} if filename else {})


def _actions(content: Mapping[str, Any]) -> Json:
    """Buttons and a link hang on a text; the header and the footer have no place there."""
    kind, action = text(content.get("type")), fields(content.get("action"))
    if content.get("header") or content.get("footer"):
        raise refuse("Bird's Channels API has no header or footer for buttons", f"interactive {kind}")
    match kind:
        case "button":
            replies = [fields(fields(button).get("reply")) for button in items(action.get("buttons"))]
            actions = [
                {"type": "postback", "postback": {"text": text(reply.get("title")), "payload": text(reply.get("id"))}}
                for reply in replies
            ]
        case "cta_url":
            target = fields(action.get("parameters"))
            link = {"text": text(target.get("display_text")), "url": text(target.get("url"))}
            actions = [{"type": "link", "link": link}]
        case _:
            raise refuse("Bird's Channels API: only buttons and a link are known here", f"interactive {kind}")
    return {"type": "text", "text": {"text": text(fields(content.get("body")).get("text")), "actions": actions}}


def _template(form: Form, outgoing: Outgoing) -> Json:
    """Every variable, also a header's file and a link's end, is a string under its key (Bird sheet, Gen 2; C).

    A form's name is the project's id, perhaps behind a readable name and an "@" (templates.py). Keys are the
    variables' names, numbers from 1 where they have none, "header" and "button_0" for those parts.
    """
    filled = fill(form, outgoing.values)
    if filled.cards:
        raise refuse("Bird's Channels API: how a carousel is filled is not known here", "template")
    values: dict[str, str] = {}
    if filled.header is not None:
        kind = text(filled.header.get("type"))
        values["header"] = _link(kind, fields(filled.header.get(kind)))
    for slot, value in filled.header_texts:
        values[slot.name or "header"] = value
    for number, (slot, value) in enumerate(filled.body, start=1):
        values[slot.name or str(number)] = value
    for slot, value in filled.buttons:
        values[slot.name or f"button_{slot.index or 0}"] = value
    return {
        "projectId": form.name.rpartition("@")[2],
        "version": text(outgoing.options.get("version")) or "latest",
        "locale": form.language.replace("_", "-"),
        "parameters": [{"type": "string", "key": key, "value": value} for key, value in values.items()],
    }
