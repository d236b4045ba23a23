"""What people send through Zenvia, in Meta's neutral shapes (Zenvia sheet, 4, MESSAGE); it keeps the original."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from ..reading import Json, fields, items, need, text


def contents_of(message: Json, item: Any) -> tuple[str, str, Json]:
    """Kind, words and content of one of a message's contents.

    The content is {"type": kind, kind: neutral object, "context", "referral", "zenvia": the message with this
    content alone}; a file's neutral object is what media.download takes. Raises one of MISSHAPEN.
    """
    kind, neutral, words = _neutral(item)
    content: Json = {"type": kind, kind: neutral, "zenvia": {**message, "contents": [item]}}
    if reply_to := text(message.get("idRef")):
        content["context"] = {"id": reply_to}
    if referral := fields(message.get("referral")):
        content["referral"] = _referral(referral)
    return kind, words, content


def _neutral(item: Any) -> tuple[str, Any, str]:
    kind = need(item["type"])
    match kind:
        case "text":
            words, payload = need(item["text"]), text(item.get("payload"))
            if payload:
                # A tapped button of a message, a list or a template: Zenvia does not tell which.
                return "button", {"payload": payload, "text": words}, words
            return "text", {"body": words}, words
        case "file":
            return _file(item)
        case "location":
            names = [text(item.get("name")), text(item.get("address"))]
            place = {key: item[key] for key in PLACE if item.get(key) is not None}
            return "location", place, next((one for one in names if one), "")
        case "contacts":
            cards = [_snake(card) for card in items(item.get("contacts"))]
            return "contacts", cards, text(fields(fields(cards[0] if cards else {}).get("name")).get("formatted_name"))
        case "product_list_order":
            return "order", _order(item), ""
        case "flow_response":
            words = text(item.get("body"))
            filled = {"flow_token": item.get("token"), **fields(item.get("data"))}
            reply = {"name": "flow", "body": words, "response_json": msgspec.json.encode(filled).decode()}
            return "interactive", {"type": "nfm_reply", "nfm_reply": reply}, words
    # What is still to come, and "unsupported", which Zenvia itself says of what it can't show.
    return kind, {key: value for key, value in item.items() if key != "type"}, text(item.get("text"))


def _file(item: Json) -> tuple[str, Json, str]:
    """A picture, sticker, video, sound or document, by its type. One that Zenvia refused has a status, no file."""
    mime_type = text(item.get("fileMimeType"))
    kind = mime_type.partition("/")[0]
    kind = kind if kind in ("image", "video", "audio") else "document"
    kind = "sticker" if mime_type.partition(";")[0] == "image/webp" else kind
    medium = {ours: words for ours, theirs in FILE.items() if (words := text(item.get(theirs)))}
    if mime_type:
        medium["mime_type"] = mime_type
    if not medium:
        raise ValueError("Nothing is told of the file.")
    return kind, medium, medium.get("caption") or medium.get("filename") or ""


PLACE = ("latitude", "longitude", "name", "address")
FILE = {"link": "fileUrl", "caption": "fileCaption", "filename": "fileName", "status": "status", "reason": "reason"}


def _snake(value: Any) -> Any:
    """Zenvia's firstName is Meta's first_name, and so on."""
    match value:
        case dict():
            return {re.sub("[A-Z]", lambda m: f"_{m[0].lower()}", key): _snake(item) for key, item in value.items()}
        case list():
            return [_snake(item) for item in value]
    return value


def _order(item: Json) -> Json:
    names = {"quantity": "quantity", "item_price": "itemPrice", "currency": "currency"}
    products = [
        {"product_retailer_id": text(product.get("productId"))}
        | {ours: product[theirs] for ours, theirs in names.items() if theirs in product}
        for product in map(fields, items(item.get("productItems")))
    ]
    return {"catalog_id": text(item.get("catalogId")), "product_items": products}


def _referral(referral: Json) -> Json:
    """The advertisement that the conversation began with, as Meta words it."""
    source = fields(referral.get("source"))
    told = {
        "source_id": source.get("id"),
        "source_type": source.get("type"),
        "source_url": source.get("url"),
        "headline": referral.get("headline"),
        "body": referral.get("body"),
        "ctwa_clid": referral.get("ctwaId"),
    }
    return {key: value for key, value in told.items() if value is not None}
