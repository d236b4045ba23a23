"""A template's components in Meta's shapes and in the Bird API's, both ways (Bird sheet, 3.6; Meta sheet, C.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .calling import refuse
from .reading import Json, fields, items, text

BUTTONS = ("quick_reply", "url", "phone_number", "copy_code", "otp", "request_contact_info")
MEDIA = ("image", "video", "gif", "document")


def to_bird(components: Iterable[Any]) -> list[Json]:
    """Raises Rejected for a part that Bird has no way to hold."""
    return [_to_bird(fields(component)) for component in components]


def _to_bird(component: Json) -> Json:
    kind = text(component.get("type")).lower()
    example = fields(component.get("example"))
    built: Json = {"type": kind}
    match kind:
        case "header":
            return built | _header_to_bird(component, example)
        case "body":
            built["text"] = text(component.get("text"))
            if examples := _text_examples(example):
                built["example_parameters"] = examples
            if component.get("add_security_recommendation"):
                built["add_security_recommendation"] = True
        case "footer":
            if component.get("text"):
                built["text"] = text(component["text"])
            if component.get("code_expiration_minutes"):
                built["code_expiration_minutes"] = component["code_expiration_minutes"]
        case "buttons":
            built["buttons"] = [_button_to_bird(fields(button)) for button in items(component.get("buttons"))]
        case "carousel":
            cards = [fields(card) for card in items(component.get("cards"))]
            built["cards"] = [{"components": to_bird(items(card.get("components")))} for card in cards]
        case _:
            raise refuse("Bird's templates have no such part", kind)
    return built


def _header_to_bird(component: Json, example: Json) -> Json:
    form = text(component.get("format")).lower() or "text"
    if form == "text":
        examples = [{"type": "text", "text": str(one)} for one in items(example.get("header_text"))]
        examples += _named(example.get("header_text_named_params"))
        header: Json = {"format": "text", "text": text(component.get("text"))}
        return header | ({"example_parameters": examples} if examples else {})
    if form == "location":
        return {"format": form}
    links = [str(one) for key in ("header_url", "header_handle") for one in items(example.get(key))]
    # Meta's handles are Meta's: Bird takes an example by its public address.
    examples = [{"type": form, "url": link} for link in links if link.startswith("https://")]
    if form not in MEDIA or not examples:
        raise refuse("Bird needs the public address of an example file in the header", form)
    return {"format": form, "example_parameters": examples[:1]}


def _text_examples(example: Json) -> list[Json]:
    rows = items(example.get("body_text"))
    first = items(rows[0]) if rows and isinstance(rows[0], list) else rows
    return [{"type": "text", "text": str(one)} for one in first] + _named(example.get("body_text_named_params"))


def _named(parameters: Any) -> list[Json]:
    found = map(fields, items(parameters))
    return [{"type": "text", "name": text(one.get("param_name")), "text": text(one.get("example"))} for one in found]


def _button_to_bird(button: Json) -> Json:
    kind = text(button.get("type")).lower()
    if kind not in BUTTONS:
        raise refuse("Bird's templates have no such button", kind)
    built: Json = {"type": kind}
    for key in ("text", "url", "phone_number"):
        if button.get(key):
            built[key] = button[key]
    if kind == "otp":
        built["otp_type"] = "copy_code"
    example = button.get("example")
    examples = example if isinstance(example, list) else [example] if example else []
    if examples:
        built["example_parameters"] = [{"type": "text", "text": str(one)} for one in examples]
    return built


def to_meta(components: Iterable[Any]) -> list[Json]:
    """What Bird holds, in the words that the rest of Envoi knows. Never raises."""
    return [_to_meta(fields(component)) for component in components]


def _to_meta(component: Json) -> Json:
    kind = text(component.get("type"))
    examples = [fields(one) for one in items(component.get("example_parameters"))]
    built: Json = {"type": kind.upper()}
    if kind == "header":
        built["format"] = text(component.get("format")).upper() or "TEXT"
    if component.get("text"):
        built["text"] = text(component["text"])
    for key in ("add_security_recommendation", "code_expiration_minutes"):
        if component.get(key):
            built[key] = component[key]
    if example := _example(kind, examples):
        built["example"] = example
    if "buttons" in component:
        built["buttons"] = [_button_to_meta(fields(button)) for button in items(component["buttons"])]
    if "cards" in component:
        cards = [fields(card) for card in items(component["cards"])]
        built["cards"] = [{"components": to_meta(items(card.get("components")))} for card in cards]
    return built


def _example(kind: str, examples: list[Json]) -> Json:
    if not examples:
        return {}
    if any(text(one.get("url")) for one in examples):
        return {"header_url": [text(one.get("url")) for one in examples]}
    if any(one.get("name") for one in examples):
        named = [{"param_name": text(one.get("name")), "example": text(one.get("text"))} for one in examples]
        return {f"{'header' if kind == 'header' else 'body'}_text_named_params": named}
    words = [text(one.get("text")) for one in examples]
    return {"header_text": words} if kind == "header" else {"body_text": [words]}


def _button_to_meta(button: Json) -> Json:
    built: Json = {"type": text(button.get("type")).upper()}
    for key in ("text", "url", "phone_number", "otp_type"):
        if button.get(key):
            built[key] = button[key]
    if "otp_type" in built:
        built["otp_type"] = built["otp_type"].upper()
    examples = [text(fields(one).get("text")) for one in items(button.get("example_parameters"))]
    return built | ({"example": examples} if examples else {})


def category_of(value: Any) -> str:
    """Our word for a category, whatever its case."""
    return text(value).lower()


def tag(language: str) -> str:
    """A language as Bird's two newer APIs write it: pt-BR."""
    return language.replace("_", "-")


def wording(template: Mapping[str, Any]) -> tuple[str, str, str, list[Any]]:
    """Name, language, category and components of what Envoi asks for."""
    return (
        text(template.get("name")),
        text(template.get("language")),
        category_of(template.get("category")),
        items(template.get("components")),
    )
