"""A rule about contacts: a JSON tree, made into one SQL condition or into a sentence.

A rule is {"all": [rules]}, {"any": [rules]}, {"not": rule}, or a leaf {"field": …, "is": operator, "value": …} (without
a value where the operator says it all); {"all": []} is everybody, {"any": []} nobody. fields.FIELDS says which
operators each field takes, values.value_of what a value looks like.
"""

from __future__ import annotations

from .compiling import Condition, compile_rule, field_of
from .errors import BadRule, Circle
from .fields import FIELDS, Field
from .references import check_circle, frozen, refers_to
from .saying import gone, in_words, remarks
from .shapes import Rule, leaves, shape

__all__ = [
    "FIELDS",
    "BadRule",
    "Circle",
    "Condition",
    "Field",
    "Rule",
    "check_circle",
    "compile_rule",
    "field_of",
    "frozen",
    "gone",
    "in_words",
    "leaves",
    "refers_to",
    "remarks",
    "shape",
]
