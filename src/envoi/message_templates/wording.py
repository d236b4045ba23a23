"""A template's wording: what has to be filled, and the form that all its messages share (Meta sheet, A.5, C.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..providers.base import Card, Form, Slot
from .bubbles import Bubble as Bubble
from .bubbles import Button as Button
from .bubbles import bubble as bubble
from .parts import (
    MEDIA,
    VARIABLE,
    Components,
    body_text,
    buttons_of,
    cards_of,
    first,
    header_format,
    kind_of,
    names_in,
    offer_of,
    part_of,
    sample_link,
    samples_of,
)

# What a place takes: words; a one-time code; the end of an address; a coupon; what a quick reply sends back; a flow's
# token; a product's number; a whole list of products; a moment (milliseconds since 1970).
Kind = Literal["text", "code", "url", "coupon", "payload", "flow", "product", "products", "moment"]

# What a campaign says of each place, by key: {"field": …}, {"text": …}, and of a header {"link": …}, {"file": …}…
Mapping_ = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Variable:
    """One place to fill. `key` names it in a campaign's mapping.

    "first_name", "1", "header.1", "button.1", "offer.ends"; of a carousel "card.2.name", "card.2.button.1". Two places
    that must get one value share a key: a one-time code stands in the text and behind the button.

    sample: what was sent to the provider for review, "" when there is none. optional: the message is whole without it;
    either all optional places of a message are filled, then `default` stands for those without a value, or none.
    """

    key: str
    slot: Slot
    sample: str = ""
    kind: Kind = "text"
    optional: bool = False
    default: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """A header that a campaign chooses, the same for everybody: "header", or a card's "card.1.header".

    kind: image, video, document, gif, location or product. sample: a public address that was sent for review.
    """

    key: str
    kind: str
    sample: str = ""


def variables(components: Components, *, optional: bool = False) -> list[Variable]:
    """Every place in the order in which values are stored: header, body, offer, buttons, then card by card."""
    found = [place for group in _groups(components) for place in group]
    return found if optional else [place for place in found if not place.optional]


def needed(components: Components, mapping: Mapping_) -> list[Variable]:
    """The places of messages with this mapping: the optional ones belong to it when one of them is filled."""
    chosen = _with_optional(components, mapping)
    return variables(components, optional=chosen)


def filled_by(components: Components, values: list[str]) -> dict[str, str]:
    """Stored values by the keys of their places."""
    places = variables(components)
    if len(values) > len(places):
        places = variables(components, optional=True)
    return {place.key: value for place, value in zip(places, values, strict=False)}


def headers(components: Components) -> list[Header]:
    """The headers for which a campaign has to give a file, a link, a place or a product."""
    found = [Header("header", header_format(components), sample_link(components))]
    for number, card in enumerate(cards_of(components), start=1):
        found.append(Header(f"card.{number}.header", header_format(card), sample_link(card)))
    return [one for one in found if one.kind not in ("", "text")]


def missing_headers(components: Components, mapping: Mapping_) -> list[Header]:
    """Headers for which the mapping has nothing that can be sent."""
    return [one for one in headers(components) if header_of(one.kind, mapping.get(one.key)) is None]


def header_of(kind: str, given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A header parameter as a Form has it, from {"file": id}, {"link": …}, a place or a product; None without one."""
    given = given or {}
    if kind in MEDIA:
        about = {key: given[key] for key in ("file", "link", "id", "filename") if given.get(key)}
        return {"type": kind, kind: about} if about.keys() & {"file", "link", "id"} else None
    wanted = {"location": ("latitude", "longitude"), "product": ("product_retailer_id", "catalog_id")}.get(kind, ())
    if not wanted or not all(given.get(key) for key in wanted):
        return None
    more = ("name", "address") if kind == "location" else ()
    return {"type": kind, kind: {key: str(given[key]) for key in (*wanted, *more) if given.get(key)}}


def form_of(name: str, language: str, components: Components, mapping: Mapping_ | None = None) -> Form:
    """What every message of this template has in common, for the provider; its slots are those of `needed`."""
    mapping = mapping or {}
    optional = _with_optional(components, mapping)
    groups = [tuple(place.slot for place in group if optional or not place.optional) for group in _groups(components)]
    cards = tuple(
        Card(slots=slots, header=header_of(header_format(card), mapping.get(f"card.{number}.header")))
        for number, (card, slots) in enumerate(zip(cards_of(components), groups[1:], strict=True), start=1)
    )
    header = header_of(header_format(components), mapping.get("header"))
    return Form(name=name, language=language, slots=groups[0], header=header, cards=cards)


def _with_optional(components: Components, mapping: Mapping_) -> bool:
    chosen = (mapping.get(place.key) or {} for place in variables(components, optional=True) if place.optional)
    return any(given.get("text") or given.get("field") for given in chosen)


def _groups(components: Components) -> list[list[Variable]]:
    """The message's own places, then each card's."""
    groups = [_places(components, "")]
    groups += [_places(card, f"card.{number}.") for number, card in enumerate(cards_of(components), start=1)]
    return groups


def _places(components: Components, prefix: str) -> list[Variable]:
    found = _texts(components, "header", prefix) if header_format(components) == "text" else []
    body = _texts(components, "body", prefix)
    found += body
    if offer_of(components).get("has_expiration"):
        found.append(Variable(f"{prefix}offer.ends", Slot("expires_at_ms"), kind="moment"))
    for index, button in enumerate(buttons_of(components)):
        found += _button(button, index, prefix, code=body[0].key if body else f"{prefix}1")
    return found


def _texts(components: Components, where: Literal["header", "body"], prefix: str) -> list[Variable]:
    part = part_of(components, where.upper())
    text = body_text(components) if where == "body" else str(part.get("text") or "")
    samples = samples_of(part, where)
    one_time = any(kind_of(button) == "OTP" for button in buttons_of(components))
    found: list[Variable] = []
    for place, name in enumerate(names_in(text), start=1):
        positional = name.isdigit()
        key = f"header.{name}" if where == "header" and positional else name
        sample = samples.get(name, samples.get(str(place), ""))
        slot = Slot(where, name=None if positional else name)
        found.append(Variable(prefix + key, slot, sample, "code" if one_time else "text"))
    return found


def _button(button: Mapping[str, Any], index: int, prefix: str, *, code: str) -> list[Variable]:
    """The place behind a button. The last three have a default at WhatsApp (Meta sheet, A.5)."""
    key, sample = f"{prefix}button.{index + 1}", first(button.get("example"))

    def place(sub_type: str, kind: Kind, **more: Any) -> list[Variable]:
        return [Variable(more.pop("key", key), Slot("button", index=index, sub_type=sub_type, **more), sample, kind)]

    def at_will(sub_type: str, kind: Kind, default: str) -> list[Variable]:
        slot = Slot("button", index=index, sub_type=sub_type)
        return [Variable(key, slot, "", kind, optional=True, default=default)]

    match kind_of(button):
        case "URL":
            url = str(button.get("url") or "")
            names = VARIABLE.findall(url)
            if not names:
                return []
            sample = sample.removeprefix(url.partition("{{")[0])
            return place("url", "url", name=None if names[0].isdigit() else names[0])
        case "COPY_CODE":
            sample = "" if VARIABLE.search(sample) else sample
            return place("copy_code", "coupon")
        case "OTP":
            return place("otp", "code", key=code)
        case "MPM":
            return place("mpm", "products")
        case "QUICK_REPLY":
            return at_will("quick_reply", "payload", str(button.get("text") or "") or "-")
        case "FLOW":
            return at_will("flow", "flow", "unused")
        case "CATALOG":
            return at_will("catalog", "product", "")
    return []
