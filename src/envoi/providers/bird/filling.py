"""A template's form with its values, sorted by the part that takes them; it refuses to word them for any API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ...core.events import Failure
from ..base import Form, Rejected, Slot
from .calling import refuse

# Buttons that take a value in Bird's APIs. A quick reply takes none: its label comes back (Bird sheet, 3.4).
VALUED = ("url", "copy_code", "otp")
REFUSED = {
    "flow": "Bird can't send a template with a flow button",
    "catalog": "Bird can't send a template with a catalogue button",
    "mpm": "Bird can't send a template with products",
}


class Filled(NamedTuple):
    """One part: header and body texts with their slots, buttons by their place, and the same for each card."""

    header: dict[str, Any] | None
    header_texts: list[tuple[Slot, str]]
    body: list[tuple[Slot, str]]
    buttons: list[tuple[Slot, str]]
    cards: list[Filled]


def fill(form: Form, values: Sequence[str]) -> Filled:
    """Raises Rejected when values and places differ in number, and for parts that Bird has no way to send."""
    if len(values) != form.size:
        counts = f"{len(values)} values, {form.size} variables"
        raise Rejected(Failure("values", "Values and variables differ in number", counts))
    rest = iter(values)
    top = _part(form.header, [(slot, next(rest)) for slot in form.slots])
    cards = [_part(card.header, [(slot, next(rest)) for slot in card.slots]) for card in form.cards]
    return top._replace(cards=cards)


def _part(header: dict[str, Any] | None, pairs: list[tuple[Slot, str]]) -> Filled:
    for slot, _ in pairs:
        if slot.component == "expires_at_ms":
            raise refuse("Bird can't send a limited-time offer", "template")
        if slot.component == "button" and slot.sub_type in REFUSED:
            raise refuse(REFUSED[slot.sub_type], "template")
    buttons = [pair for pair in pairs if pair[0].component == "button" and pair[0].sub_type in VALUED]
    return Filled(
        header=header,
        header_texts=[pair for pair in pairs if pair[0].component == "header"],
        body=[pair for pair in pairs if pair[0].component == "body"],
        buttons=sorted(buttons, key=lambda pair: pair[0].index or 0),
        cards=[],
    )
