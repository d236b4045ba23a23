"""A template's wording: its variables, and how a customer will see it. Meta's component shapes (Meta sheet, C.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..providers.base import Form, Slot

VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Variable:
    """One place to fill. `key` names it in a campaign's mapping: "first_name", "1", "header.1", "button.1".

    sample is the example that was sent to the provider for review, "" when there is none.
    """

    key: str
    slot: Slot
    sample: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """A button under the message: what it says, and where it leads when it leads anywhere."""

    kind: str
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message as its customer sees it, variables filled."""

    header: str
    header_kind: Literal["", "text", "image", "video", "document", "location"]
    body: str
    footer: str
    buttons: tuple[Button, ...]


Components = Sequence[Mapping[str, Any]]


def variables(components: Components) -> list[Variable]:
    """Every variable, in the order in which values are stored: header, body, then buttons."""
    found: list[Variable] = []
    for component in _ordered(components):
        kind = str(component.get("type", "")).upper()
        if kind == "BUTTONS":
            for index, button in enumerate(component.get("buttons", [])):
                if VARIABLE.search(str(button.get("url", ""))):
                    slot = Slot("button", index=index, sub_type="url")
                    found.append(Variable(f"button.{index + 1}", slot, _first(button.get("example"))))
        elif kind in ("HEADER", "BODY"):
            where: Literal["header", "body"] = "header" if kind == "HEADER" else "body"
            samples = _samples(component, where)
            for position, name in enumerate(_names(str(component.get("text", "")))):
                positional = name.isdigit()
                slot = Slot(where, name=None if positional else name)
                key = f"header.{name}" if where == "header" and positional else name
                sample = samples.get(name, samples.get(str(position + 1), ""))
                found.append(Variable(key, slot, sample))
    return found


def form_of(name: str, language: str, components: Components) -> Form:
    """What every message of this template has in common, for the provider."""
    return Form(name=name, language=language, slots=tuple(variable.slot for variable in variables(components)))


def bubble(components: Components, values: Mapping[str, str]) -> Bubble:
    """The message with `values` (by variable key) filled in; a missing one stays visible as {{name}}."""
    header, header_kind, body, footer = "", "", "", ""
    buttons: list[Button] = []
    for component in components:
        kind = str(component.get("type", "")).upper()
        text = str(component.get("text", ""))
        if kind == "HEADER":
            header_kind = str(component.get("format", "TEXT")).lower()
            header = _fill(text, values, prefix="header.")
        elif kind == "BODY":
            body = _fill(text, values)
        elif kind == "FOOTER":
            footer = text
        elif kind == "BUTTONS":
            for index, button in enumerate(component.get("buttons", [])):
                suffix = values.get(f"button.{index + 1}")
                url = str(button.get("url", ""))
                if suffix is not None:
                    url = suffix.join(VARIABLE.split(url)[::2])
                buttons.append(Button(str(button.get("type", "")).lower(), str(button.get("text", "")), url))
    return Bubble(header, header_kind, body, footer, tuple(buttons))  # type: ignore[arg-type]


def _ordered(components: Components) -> list[Mapping[str, Any]]:
    order = {"HEADER": 0, "BODY": 1, "BUTTONS": 2}
    return sorted(components, key=lambda one: order.get(str(one.get("type", "")).upper(), 3))


def _names(text: str) -> list[str]:
    """The variables of a text, each once; positional ones by their number."""
    names = list(dict.fromkeys(VARIABLE.findall(text)))
    return sorted(names, key=int) if all(name.isdigit() for name in names) else names


def _fill(text: str, values: Mapping[str, str], *, prefix: str = "") -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1]
        return values.get(prefix + name, values.get(name, match[0]))

    return VARIABLE.sub(value, text)


def _samples(component: Mapping[str, Any], where: str) -> dict[str, str]:
    example = component.get("example") or {}
    named = example.get(f"{where}_text_named_params") or []
    if named:
        return {str(one.get("param_name")): str(one.get("example", "")) for one in named}
    rows = example.get(f"{where}_text") or []
    values = rows[0] if rows and isinstance(rows[0], list) else rows
    return {str(position): str(value) for position, value in enumerate(values, start=1)}


def _first(example: Any) -> str:
    return str(example[0]) if isinstance(example, list) and example else ""
