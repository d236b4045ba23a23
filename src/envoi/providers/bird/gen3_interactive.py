"""Interactive messages in the Bird API's words, from Meta's object (Bird sheet, 3.2; Meta sheet, A.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .calling import refuse
from .reading import Json, fields, items, text

REFUSED = {
    "flow": "Bird can't send a flow",
    "product": "Bird can't send a product",
    "product_list": "Bird can't send products",
    "catalog_message": "Bird can't send a catalogue",
}


def interactive(content: Mapping[str, Any]) -> Json:
    """Raises Rejected for a type that Bird does not have."""
    kind = text(content.get("type"))
    action = fields(content.get("action"))
    message: Json = {"type": kind}
    if header := fields(content.get("header")):
        message["header"] = _header(header)
    message["body_text"] = text(fields(content.get("body")).get("text"))
    if footer := text(fields(content.get("footer")).get("text")):
        message["footer_text"] = footer
    match kind:
        case "button":
            message["buttons"] = _buttons(action)
        case "list":
            message["list"] = _list(action)
        case "cta_url":
            message["cta_url"] = _link(action)
        case "carousel":
            message["cards"] = [_card(fields(card)) for card in items(action.get("cards"))]
        case "location_request_message" | "request_contact_info":
            pass
        case _:
            raise refuse(REFUSED.get(kind, "Bird has no interactive message of this type"), f"interactive {kind}")
    return message


def _header(header: Json) -> Json:
    kind = text(header.get("type"))
    if kind == "text":
        return {"type": "text", "text": text(header.get("text"))}
    link = text(fields(header.get(kind)).get("link"))
    if kind not in ("image", "video", "document"):
        raise refuse("Bird has no header of this type", f"interactive {kind}")
    if not link:
        raise refuse("Bird takes a file by its public link only, not by an id", f"interactive {kind}")
    return {"type": kind, "url": link}


def _buttons(action: Json) -> list[Json]:
    replies = [
        fields(fields(button).get("reply") or fields(button).get("quick_reply"))
        for button in items(action.get("buttons"))
    ]
    return [
        {"type": "quick_reply", "quick_reply": {"slug": text(reply.get("id")), "text": text(reply.get("title"))}}
        for reply in replies
    ]


def _list(action: Json) -> Json:
    sections = []
    for section in map(fields, items(action.get("sections"))):
        rows = []
        for row in map(fields, items(section.get("rows"))):
            description = text(row.get("description"))
            rows.append(
                {"slug": text(row.get("id")), "text": text(row.get("title"))}
                | ({"description": description} if description else {})
            )
        # Bird asks for a title where Meta leaves it out of a list's only section.
        sections.append({"title": text(section.get("title")) or text(action.get("button")), "rows": rows})
    return {"button_text": text(action.get("button")), "sections": sections}


def _link(action: Json) -> Json:
    parameters = fields(action.get("parameters"))
    return {"text": text(parameters.get("display_text")), "url": text(parameters.get("url"))}


def _card(card: Json) -> Json:
    action = fields(card.get("action"))
    built: Json = {"header": _header(fields(card.get("header")))}
    if body := text(fields(card.get("body")).get("text")):
        built["body_text"] = body
    if text(action.get("name")) == "cta_url":
        built["buttons"] = [{"type": "cta_url", "cta_url": _link(action)}]
    else:
        built["buttons"] = _buttons(action)
    return built
