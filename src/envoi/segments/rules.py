"""A rule about contacts: a JSON tree, made into one SQL condition or into a sentence. It runs no SQL itself.

A rule is {"all": [rules]}, {"any": [rules]}, {"not": rule}, or a leaf {"field": …, "is": operator, "value": …};
{"all": []} is everybody, {"any": []} nobody. FIELDS says which operators and values each field takes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from ..core.errors import BadInput
from .fields import COMPARISONS, FIELDS, Field

__all__ = ["FIELDS", "BadRule", "Condition", "Field", "compile_rule", "in_words"]

DEEPEST = 20
MOST_LEAVES = 200
MOST_DAYS = 36_500
LARGEST = 10**12
NEGATIVE = {"has_not", "is_not", "not_within"}

Rule = Mapping[str, Any]


class BadRule(BadInput):
    """The rule can't be meant; the sentence says which part."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A boolean SQL expression over `contacts c`, never NULL, with its named parameters; it holds no other %."""

    sql: str
    params: dict[str, Any]


def compile_rule(rule: Rule) -> Condition:
    """The rule as one SQL condition. What people typed is only ever a parameter. Raises BadRule."""
    params: dict[str, Any] = {}
    return Condition(_tree(rule, params, depth=0), params)


def in_words(rule: Rule) -> str:
    """The rule as a sentence in the reader's language. Raises BadRule."""
    compile_rule(rule)
    return _words(rule, outermost=True)


def _tree(rule: Any, params: dict[str, Any], *, depth: int) -> str:
    if depth > DEEPEST:
        raise BadRule(_("The rule is nested too deeply."))
    match _shape(rule):
        case "all", parts:
            return _joined(" AND ", "true", [_tree(part, params, depth=depth + 1) for part in parts])
        case "any", parts:
            return _joined(" OR ", "false", [_tree(part, params, depth=depth + 1) for part in parts])
        case "not", part:
            return f"NOT ({_tree(part, params, depth=depth + 1)})"
        case _:
            return _leaf(rule, params)


def _shape(rule: Any) -> tuple[str, Any]:
    """("all" | "any" | "not" | "leaf", what is inside), or BadRule."""
    if not isinstance(rule, Mapping):
        raise BadRule(_("A part of the rule is not understood."))
    keys = set(rule)
    if keys == {"field", "is", "value"}:
        return "leaf", rule
    if len(keys) != 1 or not keys <= {"all", "any", "not"}:
        raise BadRule(_("A part of the rule is not understood."))
    (key,) = keys
    if key != "not" and not isinstance(rule[key], list):
        raise BadRule(_("A part of the rule is not understood."))
    return key, rule[key]


def _joined(word: str, empty: str, parts: list[str]) -> str:
    return f"({word.join(parts)})" if parts else empty


def _leaf(rule: Rule, params: dict[str, Any]) -> str:
    field, operator = _field(rule)
    value = _value(field, operator, rule["value"])
    if field.column:
        return _comparison(field, operator, value, params)
    name = _parameter(params, value)
    since = f"now() - make_interval(days => {name})"
    condition = field.sql.format(value=name, since=since)
    return f"NOT ({condition})" if operator in NEGATIVE else condition


def _field(rule: Rule) -> tuple[Field, str]:
    field = FIELDS.get(rule["field"]) if isinstance(rule["field"], str) else None
    if field is None:
        raise BadRule(_("There is no field “%(name)s”.") % {"name": str(rule["field"])[:60]})
    operator = rule["is"]
    if operator not in [known for known, _label in field.operators]:
        raise BadRule(
            _("“%(field)s” can't be compared with “%(operator)s”.")
            % {"field": field.label, "operator": str(operator)[:20]}
        )
    return field, operator


def _comparison(field: Field, operator: str, value: Any, params: dict[str, Any]) -> str:
    if operator == "between":
        low, high = value
        test = f"{field.column} BETWEEN {_parameter(params, low)} AND {_parameter(params, high)}"
        holds_for_none = field.none is not None and low <= field.none <= high
    else:
        test = f"{field.column} {operator} {_parameter(params, value)}"
        holds_for_none = field.none is not None and COMPARISONS[operator](field.none, value)
    if holds_for_none:
        # Who has no order counts as none: in unless an order says otherwise.
        return "NOT " + field.sql.format(test=f"NOT ({test})")
    return field.sql.format(test=test)


def _parameter(params: dict[str, Any], value: Any) -> str:
    name = f"r{len(params) + 1}"
    if len(params) >= MOST_LEAVES:
        raise BadRule(_("The rule has too many parts."))
    params[name] = value
    return f"%({name})s"


def _value(field: Field, operator: str, value: Any) -> Any:
    """The value as the field takes it, or BadRule with a sentence."""
    if operator == "between":
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise BadRule(_("“%(field)s” between needs two numbers.") % {"field": field.label})
        low, high = (_number(field, one) for one in value)
        if low > high:
            raise BadRule(_("“%(field)s” between needs the smaller number first.") % {"field": field.label})
        return low, high
    match field.kind:
        case "whole" | "money" | "days":
            return _number(field, value)
        case "choice":
            if value not in [known for known, _label in field.choices]:
                raise BadRule(_("“%(field)s” can't be “%(value)s”.") % {"field": field.label, "value": str(value)[:60]})
            return value
        case kind:
            text = value.strip() if isinstance(value, str) else ""
            if not text or len(text) > 60 or "\0" in text:
                raise BadRule(_("“%(field)s” needs a value.") % {"field": field.label})
            return {"country": text.upper(), "language": text.lower().replace("_", "-")}.get(kind, text)


def _number(field: Field, value: Any) -> int | Decimal:
    wrong = BadRule(_("“%(field)s” needs a number.") % {"field": field.label})
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not math.isfinite(value):
        raise wrong
    if not 0 <= value <= (MOST_DAYS if field.kind == "days" else LARGEST):
        raise BadRule(_("The number for “%(field)s” is out of range.") % {"field": field.label})
    if field.kind == "money":
        return Decimal(str(value))
    if value != int(value):
        raise BadRule(_("“%(field)s” needs a whole number.") % {"field": field.label})
    return int(value)


def _words(rule: Rule, *, outermost: bool = False) -> str:
    match _shape(rule):
        case "all", parts:
            said = pgettext("between conditions", " and ").join(_words(part) for part in parts) or _("everybody")
        case "any", parts:
            said = pgettext("between conditions", " or ").join(_words(part) for part in parts) or _("nobody")
        case "not", part:
            return _("not: %(condition)s") % {"condition": _words(part)}
        case _:
            return _leaf_words(rule)
    return said if outermost or len(parts) < 2 else f"({said})"


def _leaf_words(rule: Rule) -> str:
    field, operator = _field(rule)
    value = _value(field, operator, rule["value"])
    if field.column:
        # Translators: a comparison with its number, such as “is more than 3”.
        said = _("%(comparison)s %(number)s") % {
            "comparison": dict(field.operators)[operator],
            "number": _("%(low)s and %(high)s") % {"low": _shown(value[0]), "high": _shown(value[1])}
            if operator == "between"
            else _shown(value),
        }
        return str(field.has) % {"value": said}
    shown = dict(field.choices).get(value, value) if field.choices else value
    return str(field.has_not if operator in NEGATIVE else field.has) % {"value": shown}


def _shown(number: int | Decimal) -> str:
    return number_format(number, use_l10n=True, force_grouping=True)
