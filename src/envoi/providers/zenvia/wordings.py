"""A template's components, from Meta's neutral shapes (Meta sheet, C.1) to Zenvia's and back (Zenvia sheet, 6)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..reading import Json, fields, items, text
from .contents import refused

VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
MEDIA = {"IMAGE": "imageUrl", "VIDEO": "videoUrl", "DOCUMENT": "documentUrl"}

# Buttons that both know: what Zenvia calls the fields that Meta calls so.
BUTTONS: dict[str, dict[str, str]] = {
    "QUICK_REPLY": {"text": "text"},
    "URL": {"text": "text", "url": "url"},
    "PHONE_NUMBER": {"text": "text", "phone_number": "phoneNumber"},
    "COPY_CODE": {"text": "text"},
    "MPM": {"text": "text"},
    "REQUEST_CONTACT_INFO": {"text": "text"},
}
REPLIES = ("QUICK_REPLY", "OPT_OUT")


def to_zenvia(components: Iterable[Any], category: str) -> tuple[Json, Json]:
    """Zenvia's components and its examples by name. Raises Rejected for what Zenvia has no place for.

    Zenvia's variables have names: {{1}} of the body becomes {{body_1}}, of the header {{header_1}}.
    """
    made: Json = {}
    examples: Json = {}
    for part in map(fields, components):
        kind = text(part.get("type")).upper()
        match kind:
            case "HEADER":
                made["header"] = _header(part, examples)
            case "BODY" if category == "AUTHENTICATION" and not part.get("text"):
                if part.get("add_security_recommendation"):
                    _otp(made)["addSecurityRecommendation"] = True
            case "BODY":
                made["body"] = _words(text(part.get("text")), "body", _samples(part, "body"), examples)
            case "FOOTER" if part.get("code_expiration_minutes"):
                _otp(made)["codeExpirationMinutes"] = part["code_expiration_minutes"]
            case "FOOTER":
                made["footer"] = {"type": "TEXT_FIXED", "text": text(part.get("text"))}
            case "BUTTONS":
                _buttons(made, [fields(one) for one in items(part.get("buttons"))], "button", examples)
            case "CAROUSEL":
                cards = [fields(card) for card in items(part.get("cards"))]
                made["carousel"] = {"cards": [_card(card, n, examples) for n, card in enumerate(cards, start=1)]}
            case _:
                raise refused("template", "Zenvia's templates have no such part.", kind)
    return made, examples


def _otp(made: Json) -> Json:
    found: Json = made.setdefault("otp", {})
    return found


def _header(part: Json, examples: Json) -> Json:
    form = text(part.get("format")).upper() or "TEXT"
    if form == "TEXT":
        return _words(text(part.get("text")), "header", _samples(part, "header"), examples)
    if form not in MEDIA:
        raise refused("template", "Zenvia's templates have no header of this kind.", form)
    handles = items(fields(part.get("example")).get("header_handle"))
    if handles and text(handles[0]).startswith("http"):
        examples[MEDIA[form]] = handles[0]
    return {"type": f"MEDIA_{form}"}


def _words(words: str, part: str, samples: Mapping[str, str], examples: Json) -> Json:
    def renamed(match: re.Match[str]) -> str:
        name = f"{part}_{match[1]}" if match[1].isdigit() else match[1]
        if match[1] in samples:
            examples[name] = samples[match[1]]
        return "{{" + name + "}}"

    changed = VARIABLE.sub(renamed, words)
    return {"type": "TEXT_TEMPLATE" if VARIABLE.search(words) else "TEXT_FIXED", "text": changed}


def _samples(part: Json, where: str) -> dict[str, str]:
    example = fields(part.get("example"))
    named = [fields(one) for one in items(example.get(f"{where}_text_named_params"))]
    if named:
        return {text(one.get("param_name")): str(one.get("example", "")) for one in named}
    rows = items(example.get(f"{where}_text"))
    values = rows[0] if rows and isinstance(rows[0], list) else rows
    return {str(position): str(value) for position, value in enumerate(values, start=1)}


def _buttons(made: Json, buttons: list[Json], part: str, examples: Json) -> None:
    """`buttons`, or `otp` for the button of a one-time code."""
    found: list[Json] = []
    for index, button in enumerate(buttons, start=1):
        kind = text(button.get("type")).upper()
        if kind == "OTP":
            _otp(made).update(_otp_button(button))
            continue
        if kind not in BUTTONS:
            raise refused("template", "Zenvia's templates have no button of this kind.", kind)
        item = {"type": kind} | {
            theirs: words for ours, theirs in BUTTONS[kind].items() if (words := text(button.get(ours)))
        }
        sample = items(button.get("example")) or [button.get("example")]
        if kind == "URL":
            samples = dict.fromkeys(VARIABLE.findall(item.get("url", "")), text(sample[0]))
            item["url"] = _words(item.get("url", ""), f"{part}_{index}", samples, examples)["text"]
        if kind == "COPY_CODE" and text(sample[0]):
            examples["code"] = text(sample[0])
        if kind == "QUICK_REPLY":
            item["payload"] = text(button.get("payload")) or item.get("text", "")
        found.append(item)
    if found:
        replies = {item["type"] in REPLIES for item in found}
        kind = "MIXED" if len(replies) == 2 else "QUICK_REPLIES" if True in replies else "ACTIONS"
        made["buttons"] = {"type": kind, "items": found}


def _otp_button(button: Json) -> Json:
    kind = text(button.get("otp_type")).upper() or "COPY_CODE"
    if kind not in ("COPY_CODE", "ONE_TAP"):
        raise refused("template", "Zenvia's one-time codes are copied or filled in with one tap.", kind)
    names = {
        "text": "copyButtonText",
        "autofill_text": "autofillText",
        "package_name": "packageName",
        "signature_hash": "signatureHash",
    }
    return {"type": kind} | {theirs: words for ours, theirs in names.items() if (words := text(button.get(ours)))}


def _card(card: Json, number: int, examples: Json) -> Json:
    made: Json = {}
    for part in map(fields, items(card.get("components"))):
        match text(part.get("type")).upper():
            case "HEADER":
                made["header"] = _header(part, examples)
            case "BODY":
                made["body"] = _words(text(part.get("text")), f"card_{number}", _samples(part, "body"), examples)
            case "BUTTONS":
                _buttons(made, [fields(one) for one in items(part.get("buttons"))], f"card_{number}_button", examples)
            case kind:
                raise refused("template", "Zenvia's cards have no such part.", kind)
    return made


# --- And back --------------------------------------------------------------------------------------------------------


def from_zenvia(components: Json, examples: Json) -> list[Json]:
    """Meta's list of components: header, body, footer, buttons, carousel. What Zenvia leaves out is left out."""
    made: list[Json] = []
    if header := fields(components.get("header")):
        made.append(_header_back(header, examples))
    otp = fields(components.get("otp"))
    if body := fields(components.get("body")):
        made.append(_words_back("BODY", body, examples))
    elif otp:
        made.append({"type": "BODY", "add_security_recommendation": bool(otp.get("addSecurityRecommendation"))})
    if footer := fields(components.get("footer")):
        made.append({"type": "FOOTER", "text": text(footer.get("text"))})
    elif otp.get("codeExpirationMinutes"):
        made.append({"type": "FOOTER", "code_expiration_minutes": otp["codeExpirationMinutes"]})
    buttons = _buttons_back(fields(components.get("buttons")), examples)
    if otp:
        buttons.insert(0, _otp_back(otp))
    if buttons:
        made.append({"type": "BUTTONS", "buttons": buttons})
    if cards := items(fields(components.get("carousel")).get("cards")):
        made.append({"type": "CAROUSEL", "cards": [_card_back(fields(card), examples) for card in cards]})
    return made


def _header_back(header: Json, examples: Json) -> Json:
    form = text(header.get("type")).removeprefix("MEDIA_")
    if form not in MEDIA:
        return {"format": "TEXT", **_words_back("HEADER", header, examples)}
    sample = text(examples.get(MEDIA[form]))
    return {"type": "HEADER", "format": form} | ({"example": {"header_handle": [sample]}} if sample else {})


def _words_back(kind: str, part: Json, examples: Json) -> Json:
    words = text(part.get("text"))
    made: Json = {"type": kind, "text": words}
    names = [name for name in dict.fromkeys(VARIABLE.findall(words)) if name in examples]
    if names:
        params = [{"param_name": name, "example": str(examples[name])} for name in names]
        made["example"] = {f"{kind.lower()}_text_named_params": params}
    return made


def _buttons_back(buttons: Json, examples: Json) -> list[Json]:
    found = []
    for item in map(fields, items(buttons.get("items"))):
        kind = "QUICK_REPLY" if item.get("type") == "OPT_OUT" else text(item.get("type"))
        names = BUTTONS.get(kind, {"text": "text"})
        button = {"type": kind} | {ours: words for ours, theirs in names.items() if (words := text(item.get(theirs)))}
        if kind == "QUICK_REPLY" and (payload := text(item.get("payload"))):
            button["payload"] = payload
        samples = [str(examples[name]) for name in VARIABLE.findall(button.get("url", "")) if name in examples]
        found.append(button | ({"example": samples[:1]} if samples else {}))
    return found


def _otp_back(otp: Json) -> Json:
    return {
        "type": "OTP",
        "otp_type": text(otp.get("type")) or "COPY_CODE",
        "text": text(otp.get("copyButtonText")),
    }


def _card_back(card: Json, examples: Json) -> Json:
    parts: list[Json] = []
    if header := fields(card.get("header")):
        parts.append(_header_back(header, {}))
    if body := fields(card.get("body")):
        parts.append(_words_back("BODY", body, examples))
    if buttons := _buttons_back(fields(card.get("buttons")), examples):
        parts.append({"type": "BUTTONS", "buttons": buttons})
    return {"components": parts}
