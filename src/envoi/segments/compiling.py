"""A rule made into one SQL condition. It runs nothing but look-ups of what the rule names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from .asking import Question
from .errors import BadRule
from .fields import ATTRIBUTE, FIELDS, JOINS, Field, attribute_field
from .known import Known, KnownSegment, circle, named
from .operators import CONTRARY, WITHOUT_VALUE
from .shapes import Rule, shape
from .values import value_of

DEEPEST = 20
MOST_LEAVES = 200

# Somebody who was erased is nobody any more, whatever a rule says.
ALIVE = "c.erased_at IS NULL"


@dataclass(frozen=True, slots=True)
class Condition:
    """A boolean SQL expression with its named parameters; NULL is no. It holds no other %.

    Quickest as `FROM {source} WHERE {where}`; `sql` alone is for who has only `contacts c`.
    """

    where: str
    params: dict[str, Any]
    joins: tuple[str, ...] = ()

    @property
    def sql(self) -> str:
        """The same over `contacts c` and nothing else."""
        if not self.joins:
            return self.where
        return f"c.id IN (SELECT c.id FROM {self.source} WHERE {self.where})"  # noqa: S608

    @property
    def source(self) -> str:
        """What comes after FROM: contacts as `c`, with the rows of theirs that the condition reads."""
        return " ".join(("contacts c", *self.joins))


@dataclass(slots=True)
class _Compiler:
    known: Known
    params: dict[str, Any] = field(default_factory=dict)
    needs: set[str] = field(default_factory=set)
    leaves: int = 0
    within: tuple[KnownSegment, ...] = ()
    at_once: bool = False

    def condition(self, sql: str) -> Condition:
        """The SQL with all that it needs."""
        return Condition(sql, self.params, tuple(JOINS[one] for one in sorted(self.needs)))

    def tree(self, rule: Any, *, negated: bool, depth: int, must: bool = True) -> str:
        """Negations go down to the leaves, where NOT EXISTS is a join of its own and NULL is settled.

        must: whoever is chosen passes this; it is no alternative to something else.
        """
        if depth > DEEPEST:
            raise BadRule(_("The rule is nested too deeply."))
        match shape(rule):
            case "not", part:
                return self.tree(part, negated=not negated, depth=depth + 1, must=must)
            case ("all" | "any") as join, parts:
                both = (join == "all") != negated
                must = must and (both or len(parts) == 1)
                inside = [self.tree(part, negated=negated, depth=depth + 1, must=must) for part in parts]
                return _joined(inside, both=both)
            case _:
                return self.leaf(rule, negated=negated, depth=depth, must=must)

    def leaf(self, rule: Rule, *, negated: bool, depth: int, must: bool) -> str:
        self.leaves += 1
        if self.leaves > MOST_LEAVES:
            raise BadRule(_("The rule has too many parts."))
        about, operator = field_of(rule, self.known)
        value = value_of(about, operator, rule.get("value"))
        negated = negated != (operator in CONTRARY)
        if about.kind == "segment":
            return self.member(value, negated=negated, depth=depth, must=must)
        self.needs.update(about.needs)
        sql = about.build(self.question(about, CONTRARY.get(operator, operator), value, must=must))
        if not negated:
            return sql
        return f"NOT {sql}" if sql.startswith("EXISTS") else f"({sql}) IS NOT TRUE"

    def question(self, about: Field, operator: str, value: Any, *, must: bool) -> Question:
        """Alternatives are answered quickest from a hash of everybody who passes; see compile_rule."""
        return Question(about, operator, value, self.known, self.params, one_of_many=self.at_once and not must)

    def member(self, segment_id: int, *, negated: bool, depth: int, must: bool) -> str:
        found = named(self.known, segment_id)
        if found.id in [one.id for one in self.within]:
            raise circle((*self.within, found))
        if found.kind == "list":
            question = self.question(FIELDS["segment"], "in", found.id, must=must)
            listed = question.some("segment_members l", "l.contact_id", f"l.segment_id = {question.put(found.id)}")
            return f"NOT {listed}" if negated else listed
        outside, self.within = self.within, (*self.within, found)
        try:
            return self.tree(found.rule, negated=negated, depth=depth + 1, must=must)
        finally:
            self.within = outside


def compile_rule(rule: Rule, known: Known | None = None, *, at_once: bool = False) -> Condition:
    """The rule as one SQL condition. What people typed is only ever a parameter. Raises BadRule.

    at_once: it will be asked of everybody, in one statement with the memory of counting.MEMORY: alternatives are then
    hashed, by every core for itself. Where little memory is allowed that would be slow beyond measure, and probing an
    index for each of a few thousand contacts is right.
    """
    compiler = _Compiler(known or Known(), at_once=at_once)
    sql = compiler.tree(rule, negated=False, depth=0)
    return compiler.condition(f"({sql} AND {ALIVE})")


def compile_each(rules: Sequence[Rule], known: Known) -> tuple[list[str], Condition]:
    """The SQL of several rules over one source, and that source with the parameters of all. Raises BadRule."""
    compiler = _Compiler(known)
    each = [compiler.tree(rule, negated=False, depth=0) for rule in rules]
    return each, compiler.condition("true")


def field_of(rule: Rule, known: Known) -> tuple[Field, str]:
    """The field of a leaf and its operator, or BadRule."""
    name, operator = rule["field"], rule["is"]
    found = FIELDS.get(name) if isinstance(name, str) else None
    if isinstance(name, str) and name.startswith(ATTRIBUTE):
        attribute = known.attribute(name.removeprefix(ATTRIBUTE))
        found = attribute_field(attribute) if attribute else None
    if found is None:
        shown = str(name)[:60].removeprefix(ATTRIBUTE)
        raise BadRule(_("There is no field “%(name)s” (any more).") % {"name": shown})
    if operator not in [one for one, _label in found.operators]:
        raise BadRule(
            _("“%(field)s” can't be compared with “%(operator)s”.")
            % {"field": found.label, "operator": str(operator)[:20]}
        )
    if "value" not in rule and operator not in WITHOUT_VALUE:
        raise BadRule(_("“%(field)s” needs a value.") % {"field": found.label})
    return found, operator


def _joined(parts: list[str], *, both: bool) -> str:
    if not parts:
        return "true" if both else "false"
    return f"({(' AND ' if both else ' OR ').join(parts)})"
