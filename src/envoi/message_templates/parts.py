"""Reading a template's components, in Meta's shapes, whoever wrote them (Meta sheet, C.1). It never raises."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
MEDIA = ("image", "video", "document", "gif")

Part = Mapping[str, Any]
Components = Sequence[Part]


def kind_of(part: Part) -> str:
    """HEADER, BODY, FOOTER, BUTTONS, CAROUSEL, LIMITED_TIME_OFFER, or a button's type, in capitals."""
    return str(part.get("type") or "").upper()


def part_of(components: Components, kind: str) -> Part:
    """The component of a kind, an empty one when there is none."""
    return next((part for part in components if kind_of(part) == kind), {})


def buttons_of(components: Components) -> list[Part]:
    """The buttons, in the order that the customer sees."""
    return _objects(part_of(components, "BUTTONS").get("buttons"))


def cards_of(components: Components) -> list[Components]:
    """The components of each card of a carousel."""
    return [_objects(card.get("components")) for card in _objects(part_of(components, "CAROUSEL").get("cards"))]


def offer_of(components: Components) -> Part:
    """The limited-time offer {text, has_expiration}, empty when there is none."""
    offer = part_of(components, "LIMITED_TIME_OFFER").get("limited_time_offer")
    return offer if isinstance(offer, Mapping) else {}


def header_format(components: Components) -> str:
    """What stands above the text: "", text, image, video, document, gif, location or product."""
    header = part_of(components, "HEADER")
    return str(header.get("format") or "TEXT").lower() if header else ""


def is_one_time_code(components: Components) -> bool:
    """Whether this is an authentication template, whose words WhatsApp writes."""
    return any(kind_of(button) == "OTP" for button in buttons_of(components))


def body_text(components: Components) -> str:
    """The text with its variables. Without one an authentication template has the code as its only variable."""
    text = str(part_of(components, "BODY").get("text") or "")
    return text or ("{{1}}" if is_one_time_code(components) else "")


def names_in(text: str) -> list[str]:
    """The variables of a text, each once; positional ones by their number."""
    names = list(dict.fromkeys(VARIABLE.findall(text)))
    return sorted(names, key=int) if all(name.isdigit() for name in names) else names


def samples_of(component: Part, where: str) -> dict[str, str]:
    """The examples of a header's or a body's variables, by name and by place."""
    example = component.get("example")
    if not isinstance(example, Mapping):
        return {}
    named = _objects(example.get(f"{where}_text_named_params"))
    if named:
        return {str(one.get("param_name")): str(one.get("example", "")) for one in named}
    rows = example.get(f"{where}_text")
    values = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], list) else rows
    return {str(place): str(value) for place, value in enumerate(values, 1)} if isinstance(values, list) else {}


def first(example: Any) -> str:
    """A button's example, which is a text or a list of one."""
    value = example[0] if isinstance(example, list) and example else example
    return value if isinstance(value, str) else ""


def sample_link(components: Components) -> str:
    """The public address of a media header's example, "" when it is a provider's handle or missing."""
    example = part_of(components, "HEADER").get("example")
    links = example if isinstance(example, Mapping) else {}
    found = [first(links.get(key)) for key in ("header_url", "header_handle")]
    return next((link for link in found if link.startswith(("https://", "http://"))), "")


def is_named(components: Components) -> bool:
    """Whether the variables have names; a template has either names or numbers."""
    texts = [str(part_of(each, kind).get("text") or "") for each in _all(components) for kind in ("HEADER", "BODY")]
    return any(not name.isdigit() for text in texts for name in VARIABLE.findall(text))


def _all(components: Components) -> Iterable[Components]:
    return (components, *cards_of(components))


def _objects(value: Any) -> list[Part]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
