"""The shape of a rule's tree, whatever its leaves mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from .errors import BadRule

Rule = Mapping[str, Any]
LEAF = "leaf"


def shape(rule: Any) -> tuple[str, Any]:
    """("all" | "any" | "not" | "leaf", what is inside). Raises BadRule."""
    if not isinstance(rule, Mapping):
        raise BadRule(_("A part of the rule is not understood."))
    keys = set(rule)
    if keys in ({"field", "is", "value"}, {"field", "is"}):
        return LEAF, rule
    if len(keys) != 1 or not keys <= {"all", "any", "not"}:
        raise BadRule(_("A part of the rule is not understood."))
    (key,) = keys
    if key != "not" and not isinstance(rule[key], list):
        raise BadRule(_("A part of the rule is not understood."))
    return key, rule[key]


def leaves(rule: Any) -> Iterator[Rule]:
    """Every leaf, in order; what has no shape is passed over, and so is what lies too deep to be meant."""
    return (leaf for leaf, _denied in signed_leaves(rule))


def signed_leaves(rule: Any) -> Iterator[tuple[Rule, bool]]:
    """The same, each with whether it stands under an odd number of "not"."""
    waiting: list[tuple[Any, bool]] = [(rule, False)]
    while waiting:
        one, denied = waiting.pop()
        try:
            kind, inside = shape(one)
        except BadRule:
            continue
        if kind == LEAF:
            yield inside, denied
        elif kind == "not":
            waiting.append((inside, not denied))
        else:
            waiting.extend((part, denied) for part in reversed(inside))
