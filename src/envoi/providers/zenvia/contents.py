"""Free-form contents, from Meta's neutral shapes to Zenvia's (Zenvia sheet, 2); it refuses what Zenvia lacks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ...core.events import Failure
from ..base import Rejected
from ..reading import Json, fields, items, text

Content = Mapping[str, Any]

LACKING = {
    "reaction": "Zenvia has no reactions.",
    "read": "Zenvia has no read marks and no typing indicator.",
    "template": "A template message needs its template.",
    "cta_url": "Zenvia has no link button outside a template.",
    "catalog_message": "Zenvia sends single products and lists of products, not a whole catalog.",
    "location_request_message": "Zenvia can't ask for a location.",
    "address_message": "Zenvia can't ask for an address.",
    "carousel": "Zenvia sends a carousel only as a template.",
    "order_details": "Zenvia's payment messages are not part of this connection.",
    "order_status": "Zenvia's payment messages are not part of this connection.",
}


def refused(code: str, sentence: str, detail: str = "") -> Rejected:
    """The refusal, before the network, of what Zenvia can't send."""
    return Rejected(Failure(code, sentence, detail))


def content_of(kind: str, content: Content) -> Json:
    """One element of `contents`. Raises Rejected for a kind or a part that Zenvia lacks."""
    if make := KINDS.get(kind):
        return make(content)
    raise refused("kind", LACKING.get(kind, "Zenvia can't send this kind of message."), kind)


def web_address(medium: Any) -> str:
    """The public address of a medium: its link, or the id of an upload, which is one (files.upload)."""
    for key in ("link", "id"):
        address = text(fields(medium).get(key))
        if re.match(r"https?://\S", address):
            return address
    raise refused("media", "Zenvia fetches files by their web address: give a link.")


def _text(content: Content) -> Json:
    words = text(content.get("body"))
    if not words:
        raise refused("text", "A text message needs at least one character.")
    # Zenvia shows a link's preview by itself: there is no field for it.
    return {"type": "text", "text": words}


def _file(kind: str) -> Callable[[Content], Json]:
    """A file. Its type is what WhatsApp makes a picture, a sticker or a voice message of."""

    def make(content: Content) -> Json:
        made: Json = {"type": "file", "fileUrl": web_address(content)}
        mime_type = text(content.get("mime_type")) or FILE_TYPES.get(kind, "")
        if mime_type:
            made["fileMimeType"] = mime_type
        if caption := text(content.get("caption")):
            if kind not in ("image", "video"):
                raise refused("caption", "Zenvia puts words only under a picture or a video.", kind)
            made["fileCaption"] = caption
        if kind == "document" and (name := text(content.get("filename"))):
            made["fileName"] = name
        return made

    return make


# Zenvia looks at the file itself where nothing is said; a WebP must be called one to become a sticker.
FILE_TYPES = {"sticker": "image/webp"}


def _location(content: Content) -> Json:
    made: Json = {"type": "location"}
    for key, most in (("longitude", 180), ("latitude", 90)):
        try:
            made[key] = float(content.get(key, ""))
        except (TypeError, ValueError, OverflowError):
            made[key] = most + 1
        if not -most <= made[key] <= most:
            raise refused("location", f"A location needs its {key} in degrees.")
    return made | {key: words for key in ("name", "address") if (words := text(content.get(key)))}


def _contacts(content: Content) -> Json:
    cards = [_contact(fields(card)) for card in items(content.get("contacts"))]
    if not cards:
        raise refused("contacts", "A contacts message needs at least one contact.")
    return {"type": "contacts", "contacts": cards}


def _contact(card: Json) -> Json:
    """Meta's contact object with Zenvia's names: first_name is firstName, and so on."""
    made: Json = _camel(card)
    name = fields(made.get("name"))
    formatted = text(name.get("formattedName"))
    if not formatted:
        raise refused("contacts", "A contact needs a name.")
    made["name"] = {**name, "firstName": text(name.get("firstName")) or formatted}
    for phone in map(fields, items(made.get("phones"))):
        kind = text(phone.get("type")).upper()
        if kind in ("CELL", "MAIN", "IPHONE", "HOME", "WORK"):
            phone["type"] = kind
        else:
            phone.pop("type", None)
    return made


def _camel(value: Any) -> Any:
    match value:
        case dict():
            return {re.sub(r"_([a-z])", lambda m: m[1].upper(), str(key)): _camel(item) for key, item in value.items()}
        case list() | tuple():
            return [_camel(item) for item in value]
    return value


# --- Interactive (Meta sheet, A.3) -----------------------------------------------------------------------------------


def _interactive(content: Content) -> Json:
    kind = text(content.get("type"))
    make = INTERACTIVE.get(kind)
    if make is None:
        raise refused("kind", LACKING.get(kind, "Zenvia can't send this kind of interactive message."), kind)
    return make(content, fields(content.get("action")))


def _words(content: Content, key: str) -> Json:
    words = text(fields(content.get(key)).get("text"))
    return {key: words} if words else {}


def _need_body(content: Content) -> Json:
    if not (body := _words(content, "body")):
        raise refused("interactive", "This message needs a body.")
    return body


def _text_header(content: Content) -> Json:
    header = fields(content.get("header"))
    if header and header.get("type") != "text":
        raise refused("header", "Here Zenvia takes a header of words only.", text(header.get("type")))
    return _words(content, "header")


def _buttons(content: Content, action: Json) -> Json:
    replies = [fields(fields(button).get("reply")) for button in items(action.get("buttons"))]
    buttons = [{"id": text(reply.get("id")), "title": text(reply.get("title"))} for reply in replies]
    if not buttons or not all(button["id"] and button["title"] for button in buttons):
        raise refused("buttons", "Every button needs an id and a title.")
    made = {"type": "button", **_need_body(content), **_words(content, "footer"), "buttons": buttons}
    header = fields(content.get("header"))
    kind = text(header.get("type"))
    if kind == "text":
        made["header"] = {"type": "text", "text": text(header.get("text"))}
    elif kind in ("image", "video", "document"):
        file = _file(kind)({key: item for key, item in fields(header.get(kind)).items() if key != "caption"})
        made["header"] = file
    elif header:
        raise refused("header", "Zenvia has no such header.", kind)
    return made


def _list(content: Content, action: Json) -> Json:
    sections = []
    for section in map(fields, items(action.get("sections"))):
        rows = [
            {key: words for key in ("id", "title", "description") if (words := text(row.get(key)))}
            for row in map(fields, items(section.get("rows")))
        ]
        sections.append({"title": text(section.get("title")), "rows": rows})
    if not sections or not text(action.get("button")):
        raise refused("list", "A list needs its button and at least one section.")
    parts = {**_text_header(content), **_need_body(content), **_words(content, "footer")}
    return {"type": "list", **parts, "button": text(action.get("button")), "sections": sections}


def _flow(content: Content, action: Json) -> Json:
    given = fields(action.get("parameters"))
    if not (identity := text(given.get("flow_id"))):
        raise refused("flow", "Zenvia names a flow by its id.")
    flow: Json = {
        "id": identity,
        "buttonText": text(given.get("flow_cta")),
        "mode": text(given.get("mode")) or "published",
        "token": text(given.get("flow_token")),
        "action": {
            "type": text(given.get("flow_action")) or "navigate",
            **fields(given.get("flow_action_payload")),
        },
    }
    parts = {**_text_header(content), **_words(content, "body"), **_words(content, "footer")}
    return {"type": "flow", "flow": {key: value for key, value in flow.items() if value}, **parts}


def _product(content: Content, action: Json) -> Json:
    identity = {"catalogId": text(action.get("catalog_id")), "productId": text(action.get("product_retailer_id"))}
    if not all(identity.values()):
        raise refused("product", "A product message needs its catalog and its product.")
    return {"type": "product", **identity, **_words(content, "body"), **_words(content, "footer")}


def _products(content: Content, action: Json) -> Json:
    if not text(action.get("catalog_id")):
        raise refused("product", "A product message needs its catalog.")
    parts = {**_text_header(content), **_need_body(content), **_words(content, "footer")}
    return {
        "type": "product_list",
        "catalogId": text(action.get("catalog_id")),
        **parts,
        "sections": product_sections(action.get("sections")),
    }


def product_sections(sections: Any) -> list[Json]:
    """Meta's sections of products in Zenvia's names. Raises Rejected when there is no product."""
    made = []
    for section in map(fields, items(sections)):
        products = map(fields, items(section.get("product_items")))
        found = [{"productId": text(product.get("product_retailer_id"))} for product in products]
        made.append({"title": text(section.get("title")), "productItems": found})
    if not any(section["productItems"] for section in made):
        raise refused("product", "A list of products needs a product.")
    return made


def _contact_request(content: Content, action: Json) -> Json:
    return {"type": "contact_request", **_words(content, "body")}


INTERACTIVE: dict[str, Callable[[Content, Json], Json]] = {
    "button": _buttons,
    "list": _list,
    "flow": _flow,
    "product": _product,
    "product_list": _products,
    "request_contact_info": _contact_request,
}

KINDS: dict[str, Callable[[Content], Json]] = {
    "text": _text,
    "image": _file("image"),
    "video": _file("video"),
    "audio": _file("audio"),
    "document": _file("document"),
    "sticker": _file("sticker"),
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
}
