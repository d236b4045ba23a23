"""Meta's review of a template, by rules of its own; it refuses to be random: a wording has one verdict.

Meta fact sheet, C.2 to C.4.
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from envoi.simulator.meta.accounts import Template
from envoi.simulator.meta.errors import GraphError
from envoi.simulator.meta.template_sends import VARIABLE

NAME = re.compile(r"[a-z0-9_]{1,512}")
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,3})?")
CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
WORDS_PER_VARIABLE = 2
PROMOTION = re.compile(
    r"\b(sale|discount|offers?|promo\w*|coupon|deal|% off|free gift|save|buy now|limited time|réduction|"
    r"soldes?|remise|offre|descuento|oferta|rebajas|desconto|promoção|rabatt|angebot|sconto|offerta)\b|折扣|优惠|促销",
    re.IGNORECASE,
)
SCAM = re.compile(r"\b(password|card number|cvv|bank login|you have won|lottery)\b|密码|中奖", re.IGNORECASE)
ABUSE = re.compile(r"\b(idiot|shut up|or else|last warning)\b", re.IGNORECASE)
ONE_TIME_CODE = re.compile(r"\b(verification code|one-time (code|password)|otp)\b|验证码", re.IGNORECASE)
BUTTON_LIMITS = {"URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1}
MEDIA_FORMATS = ("IMAGE", "VIDEO", "DOCUMENT", "GIF")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Approved in `category`, or rejected for `reason` with advice."""

    status: str
    category: str
    reason: str = "NONE"
    advice: str = ""


def _invalid(subcode: int, title: str, details: str) -> GraphError:
    return GraphError(100, details, message="Invalid parameter", subcode=subcode, user_title=title)


def check_wording(name: Any, language: Any, category: Any, components: Any) -> list[dict[str, Any]]:
    """Raise what creation refuses at once; return the components."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise _invalid(2388023, "Invalid name", "A name has only lower-case letters, digits and underscores.")
    if not isinstance(language, str) or not LANGUAGE.fullmatch(language):
        raise _invalid(2388024, "Invalid language", "The language code is not supported.")
    if category not in CATEGORIES:
        raise GraphError(100, f"Param category must be one of {', '.join(CATEGORIES)}.")
    if not isinstance(components, list) or not all(isinstance(part, dict) for part in components):
        raise GraphError(100, "Param components must be an array of objects.")
    body = next((part for part in components if str(part.get("type", "")).upper() == "BODY"), None)
    if body is None:
        raise GraphError(100, "A template needs a BODY component.")
    for part in components:
        _check_component(str(part.get("type", "")).upper(), part, category)
    return components


def _check_component(kind: str, part: dict[str, Any], category: str) -> None:
    text = str(part.get("text") or "")
    if not isinstance(part.get("example") or {}, dict):
        raise GraphError(100, "Param example must be a JSON object.")
    if kind == "BODY" and category != "AUTHENTICATION":
        _check_body(text)
    elif kind == "HEADER":
        if len(text) > 60 or len(VARIABLE.findall(text)) > 1:
            raise _invalid(2388047, "Invalid header", "A header has at most 60 characters and one variable.")
    elif kind == "FOOTER":
        if len(text) > 60 or VARIABLE.search(text):
            raise _invalid(2388073, "Invalid footer", "A footer has at most 60 characters and no variable.")
    elif kind == "BUTTONS":
        _check_buttons(part.get("buttons"))


def _check_body(text: str) -> None:
    if not text.strip() or len(text) > 1024:
        raise _invalid(2388039, "Invalid body length", "A body has 1 to 1024 characters.")
    stripped = text.strip()
    variables = list(VARIABLE.finditer(stripped))
    if variables and (variables[0].start() == 0 or variables[-1].end() == len(stripped)):
        raise _invalid(2388299, "Leading or trailing variables", "Variables can't be at the start or end of the body.")
    names = [match.group(1) for match in variables]
    numbers = sorted({int(name) for name in names if name.isdigit()})
    if numbers and numbers != list(range(1, len(numbers) + 1)):
        raise _invalid(2388072, "Invalid variables", "Numbered variables must run from 1 without a gap.")
    words = len(VARIABLE.sub(" ", stripped).split())
    cjk = sum(1 for letter in stripped if ord(letter) >= 0x2E80)
    if words + cjk // 2 < WORDS_PER_VARIABLE * len(names):
        raise _invalid(2388293, "Too many variables", "There are too many variables for the length of the body.")


def _check_buttons(buttons: Any) -> None:
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 10:
        raise GraphError(100, "A template has 1 to 10 buttons.")
    if not all(isinstance(button, dict) for button in buttons):
        raise GraphError(100, "A button must be a JSON object.")
    kinds = [str(button.get("type", "")).upper() for button in buttons]
    for kind, most in BUTTON_LIMITS.items():
        if kinds.count(kind) > most:
            raise GraphError(100, f"At most {most} buttons of type {kind}.")
    changes = sum((a == "QUICK_REPLY") != (b == "QUICK_REPLY") for a, b in pairwise(kinds))
    if changes > 1:
        raise GraphError(100, "Quick replies must stand together, other buttons together.")
    if any(len(str(button.get("text", ""))) > 25 for button in buttons):
        raise GraphError(100, "A button's label has at most 25 characters.")


def verdict_on(template: Template) -> Verdict:
    """What the reviewer will say after the delay."""
    text = " ".join(str(template.component(kind).get("text", "")) for kind in ("HEADER", "BODY", "FOOTER"))
    category = template.category
    missing = _missing_example(template)
    if missing:
        return Verdict("REJECTED", category, "INVALID_FORMAT", f"Add an example for the {missing}.")
    if SCAM.search(text):
        return Verdict("REJECTED", category, "SCAM", "Do not ask for secrets or promise winnings.")
    if ABUSE.search(text):
        return Verdict("REJECTED", category, "ABUSIVE_CONTENT", "Remove threatening or insulting words.")
    if category != "AUTHENTICATION" and ONE_TIME_CODE.search(text):
        return Verdict("REJECTED", category, "INCORRECT_CATEGORY", "One-time codes need an AUTHENTICATION template.")
    if category == "UTILITY" and PROMOTION.search(text):
        return Verdict("APPROVED", "MARKETING")
    return Verdict("APPROVED", category)


def _missing_example(template: Template) -> str:
    """The name of the first part that has a variable or media but no sample, or ""."""
    header, body = template.component("HEADER"), template.component("BODY")
    header_example, body_example = header.get("example") or {}, body.get("example") or {}
    named = template.parameter_format == "NAMED"
    if str(header.get("format", "")).upper() in MEDIA_FORMATS and not header_example.get("header_handle"):
        return "header"
    if VARIABLE.search(str(header.get("text", ""))) and not header_example.get(
        "header_text_named_params" if named else "header_text"
    ):
        return "header"
    variables = set(VARIABLE.findall(str(body.get("text", ""))))
    if not variables:
        return ""
    if named:
        examples = _list_in(body_example, "body_text_named_params")
        given = {str(example.get("param_name")) for example in examples if isinstance(example, dict)}
        return "" if variables <= given else "body"
    rows = _list_in(body_example, "body_text")
    first = rows[0] if rows and isinstance(rows[0], list) else rows
    return "" if len(first) >= len(variables) else "body"


def _list_in(example: dict[str, Any], name: str) -> list[Any]:
    value = example.get(name)
    return value if isinstance(value, list) else []
