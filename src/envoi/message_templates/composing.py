"""A wording as a person writes it, to components in Meta's shapes and back (Meta sheet, C.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .parts import (
    VARIABLE,
    Components,
    buttons_of,
    cards_of,
    first,
    header_format,
    is_one_time_code,
    kind_of,
    names_in,
    offer_of,
    part_of,
    sample_link,
)
from .wording import variables

Json = dict[str, Any]

HEADERS = ("", "text", "image", "video", "document", "location")
BUTTONS = ("quick_reply", "url", "phone_number", "copy_code", "flow", "catalog", "mpm")
PARTS = ("HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER")
# Where the one more word of a button stands in its component.
VALUE_OF = {"url": "url", "phone_number": "phone_number", "copy_code": "example", "flow": "flow_id"}


@dataclass(frozen=True, slots=True)
class Key:
    """A button: value is its address, phone number, sample coupon or flow, by its kind."""

    kind: str
    text: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class CardWords:
    """One card of a carousel: the sample of its picture, its text, its buttons."""

    link: str = ""
    body: str = ""
    buttons: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Wording:
    """What the editor asks for. shape: plain, offer or carousel; samples: by variable key (wording.Variable)."""

    name: str = ""
    language: str = ""
    category: str = "marketing"
    shape: str = "plain"
    header: str = ""
    header_text: str = ""
    header_link: str = ""
    body: str = ""
    footer: str = ""
    buttons: tuple[Key, ...] = ()
    offer_text: str = ""
    offer_ends: bool = True
    card_header: str = "image"
    cards: tuple[CardWords, ...] = ()
    security: bool = True
    minutes: int | None = None
    code_button: str = ""
    samples: Mapping[str, str] = field(default_factory=dict)


def compose(words: Wording) -> list[Json]:
    """The components. Whether WhatsApp would take them is for `checks` to say."""
    if words.category == "authentication":
        return _one_time_code(words)
    parts: list[Json] = []
    if words.header == "text":
        parts.append(_text("HEADER", words.header_text, words.samples, "header.") | {"format": "TEXT"})
    elif words.header:
        parts.append(_header(words.header, words.header_link))
    if words.shape == "offer":
        offer = {"text": words.offer_text, "has_expiration": words.offer_ends}
        parts.append({"type": "LIMITED_TIME_OFFER", "limited_time_offer": offer})
    parts.append(_text("BODY", words.body, words.samples))
    if words.footer:
        parts.append({"type": "FOOTER", "text": words.footer})
    if words.buttons:
        parts.append(_buttons(words.buttons, words.samples, "button."))
    if words.shape == "carousel":
        parts.append({"type": "CAROUSEL", "cards": [_card(words, n) for n in range(1, len(words.cards) + 1)]})
    return parts


def decompose(name: str, language: str, category: str, components: Components) -> Wording:
    """The wording behind components; `fits` says whether all of it could be read."""
    samples = {one.key: one.sample for one in variables(components) if one.sample and one.kind != "coupon"}
    body, footer = part_of(components, "BODY"), part_of(components, "FOOTER")
    cards = cards_of(components)
    offer = offer_of(components)
    buttons = buttons_of(components)
    code = is_one_time_code(components)
    return Wording(
        name=name,
        language=language,
        category=category,
        shape="carousel" if cards else "offer" if offer else "plain",
        header=header_format(components),
        header_text=str(part_of(components, "HEADER").get("text") or ""),
        header_link=sample_link(components),
        body="" if code else str(body.get("text") or ""),
        footer=str(footer.get("text") or ""),
        buttons=() if code else _keys(buttons),
        offer_text=str(offer.get("text") or ""),
        offer_ends=bool(offer.get("has_expiration", True)),
        card_header=header_format(cards[0]) if cards else "image",
        cards=tuple(
            CardWords(sample_link(card), str(part_of(card, "BODY").get("text") or ""), _keys(buttons_of(card)))
            for card in cards
        ),
        security=bool(body.get("add_security_recommendation")) if code else True,
        minutes=footer.get("code_expiration_minutes"),
        code_button=str(buttons[0].get("text") or "") if code and buttons else "",
        samples=samples,
    )


def fits(components: Components) -> bool:
    """Whether the editor knows every part: what it does not know it would lose."""
    if any(kind_of(part) not in PARTS for part in components):
        return False
    for each in (components, *cards_of(components)):
        if header_format(each) not in HEADERS:
            return False
        kinds = [kind_of(button).lower() for button in buttons_of(each)]
        if any(kind not in (*BUTTONS, "otp") for kind in kinds):
            return False
    return all(
        str(button.get("otp_type") or "COPY_CODE").upper() == "COPY_CODE" and not button.get("supported_apps")
        for button in buttons_of(components)
    )


def _one_time_code(words: Wording) -> list[Json]:
    body: Json = {"type": "BODY"}
    if words.security:
        body["add_security_recommendation"] = True
    parts = [body]
    if words.minutes:
        parts.append({"type": "FOOTER", "code_expiration_minutes": words.minutes})
    button: Json = {"type": "OTP", "otp_type": "COPY_CODE"}
    if words.code_button:
        button["text"] = words.code_button
    return [*parts, {"type": "BUTTONS", "buttons": [button]}]


def _header(kind: str, link: str) -> Json:
    part: Json = {"type": "HEADER", "format": kind.upper()}
    return part | ({"example": {"header_handle": [link]}} if link and kind != "location" else {})


def _text(kind: str, text: str, samples: Mapping[str, str], inner: str = "", *, prefix: str = "") -> Json:
    part: Json = {"type": kind, "text": text}
    names = names_in(text)
    if not names:
        return part
    where = kind.lower()

    def sample(name: str) -> str:
        return samples.get(f"{prefix}{inner}{name}", "") or samples.get(prefix + name, "")

    if any(not name.isdigit() for name in names):
        named = [{"param_name": name, "example": sample(name)} for name in names]
        return part | {"example": {f"{where}_text_named_params": named}}
    row = [sample(name) for name in names]
    return part | {"example": {f"{where}_text": [row] if kind == "BODY" else row}}


def _buttons(keys: Iterable[Key], samples: Mapping[str, str], prefix: str) -> Json:
    return {"type": "BUTTONS", "buttons": [_button(key, samples, f"{prefix}{n}") for n, key in enumerate(keys, 1)]}


def _button(key: Key, samples: Mapping[str, str], place: str) -> Json:
    button: Json = {"type": key.kind.upper()}
    if key.text:
        button["text"] = key.text
    match key.kind:
        case "url":
            button["url"] = key.value
            if VARIABLE.search(key.value) and samples.get(place):
                button["example"] = [samples[place]]
        case "phone_number":
            button["phone_number"] = key.value
        case "copy_code":
            button["example"] = key.value
        case "flow":
            button |= {"flow_id": key.value, "flow_action": "navigate"}
    return button


def _card(words: Wording, number: int) -> Json:
    card = words.cards[number - 1]
    prefix = f"card.{number}."
    parts = [_header(words.card_header, card.link)]
    if card.body:
        parts.append(_text("BODY", card.body, words.samples, prefix=prefix))
    if card.buttons:
        parts.append(_buttons(card.buttons, words.samples, f"{prefix}button."))
    return {"components": parts}


def _keys(buttons: Iterable[Mapping[str, Any]]) -> tuple[Key, ...]:
    found = []
    for button in buttons:
        kind = kind_of(button).lower()
        value = button.get(VALUE_OF.get(kind, ""), "")
        found.append(
            Key(kind, str(button.get("text") or ""), first(value) if kind == "copy_code" else str(value or ""))
        )
    return tuple(found)
