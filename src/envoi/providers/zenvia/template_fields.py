"""A template message: its id and one flat map of named fields (Zenvia sheet, 2, "Template fields")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import msgspec

from ..base import Card, Form, Slot
from ..reading import Json, fields, text
from .contents import product_sections, refused, web_address

HEADERS = {"image": "imageUrl", "video": "videoUrl", "document": "documentUrl"}


def template_of(form: Form, values: Sequence[str], options: Mapping[str, Any]) -> Json:
    """The template content. Zenvia names a template by id: `options["template_id"]`, else the form's name.

    Raises Rejected for what Zenvia can't fill, and when values and variables differ in number.
    """
    if len(values) != form.size:
        counts = f"{len(values)} values, {form.size} variables"
        raise refused("values", "Values and variables differ in number", counts)
    filled: Json = {}
    if form.header is not None:
        filled.update(_header(form.header, HEADERS))
    left = iter(values)
    _fill(filled, form.slots, left)
    if form.cards:
        filled["cards"] = [_card(filled, card, order, left) for order, card in enumerate(form.cards)]
    content: Json = {"type": "template", "templateId": text(options.get("template_id")) or form.name}
    if filled:
        content["fields"] = filled
    return content


def _header(header: Mapping[str, Any], known: Mapping[str, str]) -> Json:
    kind = text(header.get("type"))
    if kind not in known:
        raise refused("header", "Zenvia fills no header of this kind in a template.", kind)
    return {known[kind]: web_address(header.get(kind))}


def _card(filled: Json, card: Card, order: int, left: Iterator[str]) -> Json:
    """Its picture or video; its words' variables stand in the same flat map as all others."""
    if card.header is None:
        raise refused("cards", "Every card of a carousel needs its picture or video.")
    made = _header(card.header, {"image": "imageUrl", "video": "videoUrl"})
    _fill(filled, card.slots, left)
    return {**made, "orderPosition": order}


def _fill(filled: Json, slots: Sequence[Slot], left: Iterator[str]) -> None:
    one_time_code = any(slot.sub_type == "otp" for slot in slots)
    numbers = {part: count(1) for part in ("header", "body", "button")}
    for slot in slots:
        value = next(left)
        match slot.component, slot.sub_type:
            case "button", "copy_code":
                _put(filled, "code", value)
            case "button", "otp":
                _put(filled, "token", value)
            case "button", "mpm":
                _put(filled, "sections", _sections(value))
            case "button", "quick_reply":
                raise refused("quick_reply", "Zenvia fixes what a quick reply returns in the template.")
            case "button", sub_type if sub_type != "url":
                raise refused("button", "Zenvia fills no button of this kind.", sub_type)
            case "expires_at_ms", _:
                raise refused("offer", "Zenvia has no limited-time offers.")
            case "body", _ if one_time_code and slot.name is None:
                _put(filled, "token", value)  # Meta wants the code twice, Zenvia once
            case part, _:
                # A variable without a name is {{1}}, {{2}}…, and to Zenvia that number is its name.
                _put(filled, slot.name or str(next(numbers[part])), value)


def _put(filled: Json, name: str, value: Any) -> None:
    if filled.setdefault(name, value) != value:
        sentence = "Zenvia knows a variable by its name alone, and two places of the template share one: name them."
        raise refused("variables", sentence, name)


def _sections(value: str) -> list[Json]:
    """The action of Meta's multi-product button, as JSON text (Slot): Zenvia needs its sections."""
    try:
        action = fields(msgspec.json.decode(value))
    except (msgspec.MsgspecError, RecursionError, ValueError):
        action = {}
    return product_sections(action.get("sections"))
