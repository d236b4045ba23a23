"""What an automatic answer says: the version in the customer's language, with its variables filled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .matching import speaks

# {{first_name}}, or {{first_name|dear customer}} with what stands in when it is not known.
VARIABLE = re.compile(r"\{\{\s*([^{}|]{1,80}?)\s*(?:\|([^{}]{0,200}))?\}\}")
# What is never known of somebody does not leave a gap: “Hello {{first_name}}!” becomes “Hello!”.
_WITH_SPACE = re.compile(r"[ \t]?" + VARIABLE.pattern)

OF_CONTACT = ("first_name", "name", "phone", "language", "country")
OF_ORDER = ("order.number", "order.date", "order.amount", "order.items")
CODE = "code"

Version = Mapping[str, Any]


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with each variable's value, else its fallback, else without it."""

    def value(match: re.Match[str]) -> str:
        found = values.get(match[1], "") or (match[2] or "").strip()
        space = match[0][: len(match[0]) - len(match[0].lstrip(" \t"))]
        return space + found if found else ""

    # A line that begins with nothing begins with what follows.
    return "\n".join(line.rstrip() for line in _WITH_SPACE.sub(value, text).strip().splitlines())


def variables_in(text: str) -> list[tuple[str, bool]]:
    """The variables of a text, each with whether it says what stands in for it."""
    return [(match[1], bool((match[2] or "").strip())) for match in VARIABLE.finditer(text)]


def version_for(versions: Sequence[Version], language: str) -> Version:
    """The version in this language, in the language without its country, the one for all, or the first there is."""
    code = language.lower().replace("_", "-")
    for one in versions:
        if one.get("language") and one["language"] == code:
            return one
    for one in versions:
        if one.get("language") and speaks(code, [one["language"]]):
            return one
    return next((one for one in versions if not one.get("language")), versions[0] if versions else {})


def asks_for_order(actions: Iterable[Mapping[str, Any]]) -> bool:
    """Whether any text of these actions names the customer's order."""
    return any(
        name.startswith("order.")
        for action in actions
        for version in action.get("texts", ())
        for name, _fallback in variables_in(str(version.get("text", "")))
    )
