"""Which segments a rule is made of: circles are refused, and what is launched is written out."""

from __future__ import annotations

from typing import Any

from .compiling import field_of
from .known import Known, KnownSegment, circle, named
from .operators import CONTRARY
from .shapes import Rule, leaves, shape
from .values import value_of


def refers_to(rule: Rule) -> set[int]:
    """The segments that a rule names, by number."""
    return {
        leaf["value"]
        for leaf in leaves(rule)
        if leaf["field"] == "segment" and isinstance(leaf.get("value"), int) and not isinstance(leaf["value"], bool)
    }


def check_circle(rule: Rule, *, of: KnownSegment, known: Known | None = None) -> None:
    """Refuse a rule by which the segment `of` would be made of itself. Raises Circle, which names the way round."""
    known = known or Known()
    # Each segment is looked into once, however many ways lead to it.
    seen: set[int] = set()
    waiting: list[tuple[Rule, tuple[KnownSegment, ...]]] = [(rule, (of,))]
    while waiting:
        one, path = waiting.pop()
        for segment_id in sorted(refers_to(one)):
            found = known.segment(segment_id)
            if segment_id == of.id:
                raise circle((*path, of))
            if found is not None and found.kind == "rule" and segment_id not in seen:
                seen.add(segment_id)
                waiting.append((found.rule, (*path, found)))


def frozen(rule: Any, known: Known | None = None) -> dict[str, Any]:
    """The rule with the rules of the segments it names written out: later changes to those change nothing in it.

    Lists stay what they are: whoever is on one when it is read. Raises BadRule for a circle or a segment that is gone.
    """
    return _frozen(rule, known or Known(), ())


def _frozen(rule: Any, known: Known, within: tuple[KnownSegment, ...]) -> dict[str, Any]:
    match shape(rule):
        case "not", part:
            return {"not": _frozen(part, known, within)}
        case ("all" | "any") as join, parts:
            return {join: [_frozen(part, known, within) for part in parts]}
    if rule["field"] != "segment":
        return dict(rule)
    about, operator = field_of(rule, known)
    found = named(known, value_of(about, operator, rule.get("value")))
    if found.id in [one.id for one in within]:
        raise circle((*within, found))
    if found.kind == "list":
        return dict(rule)
    inside = _frozen(found.rule, known, (*within, found))
    return {"not": inside} if operator in CONTRARY else inside
