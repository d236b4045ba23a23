"""A template's wording: Meta's shapes to Bird's, its variables, the review; it refuses to speak HTTP.

Bird fact sheet, 3.6. Shapes as components[].type header|body|footer|buttons|carousel.
"""

import re
from typing import Any

from envoi.simulator.bird.accounts import Wording

VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
SHORTENER = re.compile(r"\b(bit\.ly|tinyurl\.com|wa\.me)/", re.IGNORECASE)
SCAM = re.compile(r"\b(password|card number|cvv|lottery|you have won)\b|密码|中奖", re.IGNORECASE)
PROMOTION = re.compile(
    r"\b(sale|discount|offer|promo\w*|soldes?|offre|oferta|desconto|rabatt)\b|折扣|优惠", re.IGNORECASE
)
VALUED_BUTTONS = ("copy_code", "otp")


def from_meta(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the control API and MessageBird's templates give, in the Bird API's shapes."""
    built = []
    for component in components:
        kind = str(component.get("type", "")).lower()
        shape: dict[str, Any] = {"type": kind}
        if kind == "header":
            shape["format"] = str(component.get("format", "TEXT")).lower()
        if "text" in component:
            shape["text"] = component["text"]
        if kind == "buttons":
            buttons = component.get("buttons") or []
            shape["buttons"] = [{**button, "type": str(button.get("type", "")).lower()} for button in buttons]
        if kind == "carousel":
            cards = component.get("cards") or []
            shape["cards"] = [{"components": from_meta(card.get("components") or [])} for card in cards]
        built.append(shape)
    return built


def variables(words: Any) -> list[str]:
    """The names in a text, each once, in order."""
    return list(dict.fromkeys(VARIABLE.findall(str(words or ""))))


def quick_replies(wording: Wording) -> tuple[str, ...]:
    """The labels of the quick replies by position, "" for other buttons."""
    buttons = wording.component("buttons").get("buttons") or []
    return tuple(str(one.get("text", "")) if one.get("type") == "quick_reply" else "" for one in buttons)


def valued(component: dict[str, Any]) -> list[int]:
    """The positions of the buttons that take a value."""
    buttons = component.get("buttons") or []
    return [
        place
        for place, button in enumerate(buttons)
        if button.get("type") in VALUED_BUTTONS or (button.get("type") == "url" and variables(button.get("url")))
    ]


def problem_of(components: list[dict[str, Any]], sent: list[dict[str, Any]]) -> str:
    """Why these parts don't fit this wording, "" when they do (Bird sheet, 3.2: no index, order decides)."""
    parts = {
        kind: next((one for one in components if one.get("type") == kind), {})
        for kind in ("header", "body", "buttons", "carousel")
    }
    buttons = parts["buttons"].get("buttons") or []
    if parts["body"] and not parts["body"].get("text") and any(one.get("type") == "otp" for one in buttons):
        # WhatsApp words a one-time code itself, with the code as its only variable (Meta fact sheet, A.5).
        parts["body"] = {**parts["body"], "text": "{{1}}"}
    given: dict[str, list[dict[str, Any]]] = {}
    for part in sent:
        given.setdefault(str(part.get("type")), []).append(part)
    if unknown := set(given) - {"header", "body", "button", "carousel"}:
        return f"There is no component {sorted(unknown)}."
    return (
        _header_problem(parts["header"], given.get("header", []))
        or _text_problem("body", parts["body"], given.get("body", []))
        or _button_problem(parts["buttons"], given.get("button", []))
        or _carousel_problem(parts["carousel"], given.get("carousel", []))
    )


def _header_problem(header: dict[str, Any], given: list[dict[str, Any]]) -> str:
    form = str(header.get("format", "text"))
    if not header or form == "text":
        return _text_problem("header", header, given)
    parameters = _parameters(given)
    if len(parameters) != 1 or parameters[0].get("type") != form:
        return f"The header takes one {form}."
    parameter = parameters[0]
    if form == "location":
        return "" if isinstance(parameter.get("location"), dict) else "The header's location is missing."
    return "" if str(parameter.get("url", "")).startswith("http") else f"The header's {form} needs a url."


def _text_problem(kind: str, component: dict[str, Any], given: list[dict[str, Any]]) -> str:
    names, parameters = variables(component.get("text")), _parameters(given)
    if len(names) != len(parameters):
        return f"The {kind} takes {len(names)} parameters, {len(parameters)} were given."
    if any(one.get("type") != "text" or not str(one.get("text") or "") for one in parameters):
        return f"A parameter of the {kind} must be a text with something in it."
    named = bool(names) and not names[0].isdigit()
    told = [one.get("name") for one in parameters]
    if named and sorted(map(str, told)) != sorted(names):
        return f"The {kind}'s parameters are named {names}."
    return f"The {kind}'s parameters have no names." if not named and any(told) else ""


def _button_problem(component: dict[str, Any], given: list[dict[str, Any]]) -> str:
    places = valued(component)
    if len(places) != len(given):
        return f"{len(places)} buttons take a value, {len(given)} were given."
    texts = [part.get("parameters") or [] for part in given]
    fits = all(len(one) == 1 and one[0].get("type") == "text" and one[0].get("text") for one in texts)
    return "" if fits else "A button takes one text."


def _carousel_problem(component: dict[str, Any], given: list[dict[str, Any]]) -> str:
    cards = component.get("cards") or []
    sent = given[0].get("cards") or [] if given else []
    if len(cards) != len(sent):
        return f"The template has {len(cards)} cards, {len(sent)} were given."
    problems = [
        problem_of(card.get("components") or [], one.get("components") or [])
        for card, one in zip(cards, sent, strict=True)
    ]
    return next(filter(None, problems), "")


def _parameters(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for part in given for one in part.get("parameters") or [] if isinstance(one, dict)]


def check(components: Any) -> list[tuple[str, str]]:
    """What a validation finds at once, as (field, message)."""
    if not isinstance(components, list) or not all(isinstance(one, dict) for one in components):
        return [("components", "Components must be a list of objects.")]
    body = next((one for one in components if one.get("type") == "body"), None)
    if body is None:
        return [("components", "A template needs a body.")]
    problems = []
    for component in components:
        kind, words = str(component.get("type")), str(component.get("text") or "")
        needed = len(variables(words))
        if needed != len(component.get("example_parameters") or []) and kind in ("header", "body") and words:
            problems.append((kind, f"{needed} variables need as many example parameters."))
        if len(component.get("buttons") or []) > 10:
            problems.append(("buttons", "A template has at most 10 buttons."))
    words = str(body.get("text") or "").strip()
    if VARIABLE.match(words) or (words and words.endswith("}}")):
        problems.append(("body", "Variables can't be at the start or end of the body."))
    return problems


def review(wording: Wording) -> None:
    """WhatsApp's verdict, by rules of its own: a wording has one verdict."""
    words = str(wording.component("body").get("text") or "")
    if SCAM.search(words):
        wording.status = "rejected"
        reason, advice = "It asks for secrets or promises a prize.", "Take that out."
        wording.rejection = {"category": "scam", "reason": reason, "recommendation": advice}
    elif SHORTENER.search(words):
        wording.status = "rejected"
        reason, advice = "It hides where a link leads.", "Write the whole address."
        wording.rejection = {"category": "invalid_format", "reason": reason, "recommendation": advice}
    else:
        wording.status, wording.rejection = "approved", None
        if wording.category == "utility" and PROMOTION.search(words):
            wording.category = "marketing"
