"""The `template` object of a message: a form and its values in Meta's shapes (Meta sheet, A.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec

from ...core.events import Failure
from ..base import Form, Rejected, Slot
from ..reading import Json

HEADERS = ("text", "image", "video", "document", "gif", "location", "product")
LONGEST_CODE = 15

# The action of these buttons, when the value is not a whole action as JSON: the field that the value fills.
ACTIONS = {"flow": "flow_token", "catalog": "thumbnail_product_retailer_id"}


def template(form: Form, values: Sequence[str], *, recipient: str) -> Json:
    """Slots and values in the same order, then each card's; one component for each button. Raises Rejected."""
    if len(values) != form.size:
        counts = f"{len(values)} values, {form.size} variables"
        raise Rejected(Failure("values", "Values and variables differ in number", counts))
    places = [*form.slots, *(slot for card in form.cards for slot in card.slots)]
    if any(slot.sub_type == "otp" for slot in places) and not recipient.startswith("+"):
        raise Rejected(Failure("needs_phone", "A one-time code goes to a phone number only (131062)"))
    given = iter(values)
    components = _components(form.slots, form.header, given)
    if form.cards:
        cards = [
            {"card_index": index, "components": _components(card.slots, card.header, given)}
            for index, card in enumerate(form.cards)
        ]
        components.append({"type": "carousel", "cards": cards})
    found: Json = {"name": form.name, "language": {"code": form.language}}
    if components:
        found["components"] = components
    return found


def _components(slots: Sequence[Slot], header: Mapping[str, Any] | None, values: Iterator[str]) -> list[Json]:
    """The components of a template or a card; takes as many values as there are slots."""
    parts: dict[tuple[str, int | None], Json] = {}
    if header is not None:
        if header.get("type") not in HEADERS:
            raise Rejected(Failure("header", "Meta has no header of this type", str(header.get("type"))))
        parts["header", None] = {"type": "header", "parameters": [dict(header)]}
    for slot, value in zip(slots, islice(values, len(slots)), strict=True):
        kind = "limited_time_offer" if slot.component == "expires_at_ms" else slot.component
        part = parts.setdefault((kind, slot.index), {"type": kind, "parameters": []})
        if kind == "button":
            part["sub_type"] = SUB_TYPES[slot.sub_type] if slot.sub_type in SUB_TYPES else _no_such(slot)
            part["index"] = str(slot.index or 0)
        part["parameters"].append(_parameter(slot, value))
    return list(parts.values())


# At send time a one-time code's button is a url (A.5); Meta's own examples write CATALOG in capitals.
SUB_TYPES = {
    "url": "url",
    "otp": "url",
    "quick_reply": "quick_reply",
    "copy_code": "copy_code",
    "flow": "flow",
    "catalog": "CATALOG",
    "mpm": "mpm",
}


def _no_such(slot: Slot) -> str:
    raise Rejected(Failure("button", "Meta has no button of this type with a value", slot.sub_type))


def _parameter(slot: Slot, value: str) -> Json:
    if slot.component == "expires_at_ms":
        if not (value.isascii() and value.isdigit()):
            raise Rejected(Failure("values", "An offer's end is a number of milliseconds since 1970", value[:40]))
        return {"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": int(value)}}
    match slot.sub_type:
        case "quick_reply":
            return {"type": "payload", "payload": value}
        case "copy_code":
            return {"type": "coupon_code", "coupon_code": value}
        case "flow" | "catalog" | "mpm":
            return {"type": "action", "action": _action(slot.sub_type, value)}
        case "otp" if not 1 <= len(value) <= LONGEST_CODE:
            raise Rejected(Failure("values", f"A one-time code has 1 to {LONGEST_CODE} characters"))
    if slot.name is None:
        return {"type": "text", "text": value}
    return {"type": "text", "parameter_name": slot.name, "text": value}


def _action(kind: str, value: str) -> Json:
    """A whole action as JSON, else the one field that a plain value fills."""
    try:
        action: Any = msgspec.json.decode(value)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        action = None
    if isinstance(action, dict):
        return action
    if kind == "mpm":
        raise Rejected(Failure("values", "A product list needs its action as JSON: thumbnail and sections"))
    return {ACTIONS[kind]: value}
