"""The page on which a rule is built: groups within groups, each a few conditions; everything is text until it is saved.

The page sends its groups and conditions in their order ("open:n1", "leaf:n2", "close"), and what belongs to each under
its number ("field.n2"). So it works without scripts too, and a bad value is never lost: it comes back as it was typed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, Self

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from ..core.paging import whole
from .asking import text_attribute
from .compiling import DEEPEST, MOST_LEAVES
from .fields import ATTRIBUTE, FIELDS, NUMBERS, SEVERAL, Field, attribute_field
from .known import Known
from .operators import TEXT, WITH_DATE, WITH_DAYS, WITHOUT_VALUE, Text
from .shapes import LEAF, Rule, shape

Join = Literal["all", "any", "none", "not_all"]
JOINS: tuple[tuple[Join, Text], ...] = (
    ("all", _("all of these hold")),
    ("any", _("any of these holds")),
    ("none", _("none of these holds")),
    ("not_all", _("not all of these hold")),
)
FIRST_FIELD = "tag"
# What a page may send; the compiler's own limits are said in words when the rule is counted.
MOST_NODES = 4 * MOST_LEAVES


@dataclass(frozen=True)
class Row:
    """One condition as the page shows it."""

    id: str
    about: Field
    operator: str
    values: tuple[str, ...] = ()
    upper: str = ""
    days: str = ""
    fresh: bool = False
    is_group = False

    @property
    def value(self) -> str:
        """Its one value, where it has one."""
        return self.values[0] if self.values else ""

    @property
    def editor(self) -> str:
        """Which editor its value has; "" when the operator says it all."""
        if self.operator in WITHOUT_VALUE:
            return ""
        if self.operator in WITH_DAYS:
            return "days"
        if self.operator in WITH_DATE:
            return "date"
        return "number" if self.about.kind in NUMBERS else self.about.kind

    @property
    def two(self) -> bool:
        """Whether it has a lower and an upper value."""
        return self.operator in ("between", "between_dates")

    @property
    def several(self) -> bool:
        """Whether any of several values may be chosen."""
        return self.about.kind in SEVERAL

    @property
    def step(self) -> str:
        """The smallest step of its number."""
        return {"money": "0.01", "number": "any"}.get(self.about.kind, "1")

    def rule(self) -> dict[str, Any]:
        """This row as a part of a rule."""
        leaf: dict[str, Any] = {"field": self.about.name, "is": self.operator}
        if self.editor:
            leaf["value"] = self._value()
        return leaf

    def _value(self) -> Any:
        match self.editor:
            case "days":
                return number_of(self.value)
            case "date":
                return [self.value, self.upper] if self.two else self.value
            case "number":
                return [number_of(self.value), number_of(self.upper)] if self.two else number_of(self.value)
            case "campaign":
                return {"campaign": whole(self.value), "days": number_of(self.days) if self.days.strip() else None}
            case "product":
                return {"product": self.value, "days": number_of(self.days) if self.days.strip() else None}
            case "segment":
                return whole(self.value)
            case "random":
                return {"percent": number_of(self.value), "salt": self.upper}
            case "staff":
                return _one_or_list([whole(one) for one in self.values])
            case _:
                return _one_or_list(list(self.values)) if self.several else self.value

    @classmethod
    def of(cls, number: str, leaf: Rule, known: Known) -> Self:
        """A row for a part of a stored rule."""
        about = _field_named(leaf["field"], known)
        value = leaf.get("value")
        operator = _operator(about, leaf["is"])
        if isinstance(value, Mapping):
            given = value.get("campaign", value.get("product", value.get("percent")))
            salt = str(value.get("salt", ""))
            return cls(number, about, operator, (_text(given),), upper=salt, days=_text(value.get("days")))
        if isinstance(value, list | tuple) and operator in ("between", "between_dates") and len(value) == 2:
            return cls(number, about, operator, (_text(value[0]),), upper=_text(value[1]))
        values = value if isinstance(value, list | tuple) else [value]
        return cls(number, about, operator, tuple(_text(one) for one in values if one is not None))


@dataclass(frozen=True)
class Bunch:
    """A group of conditions and of further groups."""

    id: str
    join: Join
    parts: tuple[Row | Bunch, ...] = ()
    depth: int = 0
    is_group = True

    def rule(self) -> dict[str, Any]:
        """This group as a part of a rule."""
        inside = [part.rule() for part in self.parts]
        match self.join:
            case "none":
                return {"not": {"any": inside}}
            case "not_all":
                return {"not": {"all": inside}}
            case join:
                return {join: inside}

    def walk(self) -> Iterator[Row | Bunch]:
        """Itself and everything in it, in the page's order."""
        yield self
        for part in self.parts:
            if isinstance(part, Bunch):
                yield from part.walk()
            else:
                yield part

    @property
    def may_nest(self) -> bool:
        """Whether a group may go into it: deeper than this nobody reads it."""
        return self.depth < DEEPEST // 2 - 1


@dataclass(frozen=True)
class RuleForm:
    """A name and a tree of conditions. `asker` names the page, so that a newer count ends the one before it."""

    name: str
    top: Bunch
    asker: str = field(default_factory=lambda: secrets.token_hex(8))

    @classmethod
    def sent(cls, data: QueryDict, known: Known) -> Self:
        """What the page sent, after the button that adds or removes a part."""
        top = _read(data, known)
        do, _colon, where = data.get("do", "").partition(":")
        if do in ("add", "group"):
            top = _added(top, where, group=do == "group", known=known)
        elif do == "remove":
            top = _without(top, where)
        elif do == "redraw":
            top = _redrawn(top, where)
        asker = data.get("asker", "")
        return cls(data.get("name", ""), top, asker if asker.isalnum() and len(asker) <= 32 else secrets.token_hex(8))

    @classmethod
    def of(cls, name: str, rule: Rule, known: Known) -> Self:
        """The page of a stored rule."""
        numbers = (f"n{number}" for number in range(1, 10 * MOST_NODES))
        return cls(name, _bunch(rule, numbers, known, depth=0))

    @classmethod
    def empty(cls, known: Known) -> Self:
        """The page of a new segment."""
        return cls.of("", {"all": [{"field": FIRST_FIELD, "is": "has", "value": None}]}, known)

    @property
    def shape(self) -> str:
        """What the tree looks like apart from its values: when it changes, it must be drawn again."""
        return "|".join(
            f"{one.id}:{len(one.parts)}" if isinstance(one, Bunch) else f"{one.id}:{one.about.name}:{one.operator}"
            for one in self.top.walk()
        )

    def rule(self) -> dict[str, Any]:
        """The rule that the page describes."""
        return self.top.rule()


def number_of(text: str) -> int | float | str:
    """The number that was typed, with a comma or a point; the text itself when it is none, for the rules to refuse."""
    try:
        number = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return text
    # "1e3000000" is short to type and takes minutes to write out: no count and no amount is that large.
    if not number.is_finite() or number.adjusted() > 15:
        return text
    return int(number) if number == number.to_integral_value() else float(number)


def _read(data: QueryDict, known: Known) -> Bunch:
    """The tree as it was sent. Whatever is not closed or not opened is as if it had been."""
    open_groups: list[tuple[str, Join, list[Row | Bunch]]] = []
    top: Bunch | None = None
    for word in data.getlist("node")[:MOST_NODES]:
        kind, _colon, number = word.partition(":")
        number = number[:12]
        if kind == "open" and len(open_groups) < DEEPEST:
            open_groups.append((number, _join(data.get(f"join.{number}", "")), []))
        elif kind == "leaf" and open_groups:
            open_groups[-1][2].append(_row(data, number, known))
        elif kind == "close" and open_groups:
            top = _closed(open_groups)
    while open_groups:
        top = _closed(open_groups)
    return top or Bunch("n1", "all")


def _closed(open_groups: list[tuple[str, Join, list[Row | Bunch]]]) -> Bunch:
    number, join, parts = open_groups.pop()
    made = Bunch(number, join, tuple(parts), depth=len(open_groups))
    if open_groups:
        open_groups[-1][2].append(made)
    return made


def _row(data: QueryDict, number: str, known: Known) -> Row:
    about = _field_named(data.get(f"field.{number}", ""), known)
    if data.get(f"was.{number}", about.name) != about.name:
        # Another field was chosen: it begins without the old one's value.
        return replace(_new_row(number, about), fresh=True)
    operator = _operator(about, data.get(f"is.{number}", ""))
    values = tuple(one for one in data.getlist(f"value.{number}")[:200] if one)
    return Row(
        number,
        about,
        operator,
        values,
        upper=data.get(f"upper.{number}", "")[:200],
        days=data.get(f"days.{number}", "")[:20],
    )


def _new_row(number: str, about: Field) -> Row:
    salt = secrets.token_hex(4) if about.kind == "random" else ""
    return Row(number, about, about.operators[0][0], upper=salt)


def _added(top: Bunch, where: str, *, group: bool, known: Known) -> Bunch:
    number = _next(top)
    row = replace(_new_row(f"n{number}", FIELDS[FIRST_FIELD]), fresh=True)
    part: Row | Bunch = row
    if group:
        part = Bunch(f"n{number + 1}", "any", (row,))

    def into(one: Bunch) -> Bunch:
        parts = tuple(into(inner) if isinstance(inner, Bunch) else inner for inner in one.parts)
        return replace(one, parts=(*parts, part) if one.id == where else parts)

    return _with_depths(into(top))


def _without(top: Bunch, where: str) -> Bunch:
    def out_of(one: Bunch) -> Bunch:
        kept = (part for part in one.parts if part.id != where)
        return replace(one, parts=tuple(out_of(part) if isinstance(part, Bunch) else part for part in kept))

    return out_of(top)


def _redrawn(top: Bunch, where: str) -> Bunch:
    """A random sample is drawn anew: with another salt."""

    def look(one: Bunch) -> Bunch:
        return replace(one, parts=tuple(look(part) if isinstance(part, Bunch) else salted(part) for part in one.parts))

    def salted(row: Row) -> Row:
        return replace(row, upper=secrets.token_hex(4)) if row.id == where else row

    return look(top)


def _with_depths(one: Bunch, depth: int = 0) -> Bunch:
    parts = tuple(_with_depths(part, depth + 1) if isinstance(part, Bunch) else part for part in one.parts)
    return replace(one, parts=parts, depth=depth)


def _next(top: Bunch) -> int:
    numbers = [int(one.id[1:]) for one in top.walk() if one.id[1:].isascii() and one.id[1:].isdigit()]
    return max(numbers, default=0) + 1


def _bunch(rule: Rule, numbers: Iterator[str], known: Known, *, depth: int) -> Bunch:
    """A group for any rule: a leaf is a group of one, and what is denied is a group of which none holds."""
    number = next(numbers)
    kind, inside = shape(rule)
    join: Join = "all"
    parts: Sequence[Rule]
    if kind == "not":
        inner, more = shape(inside)
        join = {"any": "none", "all": "not_all"}.get(inner, "none")  # type: ignore[assignment]
        parts = more if inner in ("any", "all") else [inside]
    elif kind == LEAF:
        parts = [rule]
    else:
        join, parts = ("any" if kind == "any" else "all"), inside
    made = tuple(
        Row.of(next(numbers), part, known) if shape(part)[0] == LEAF else _bunch(part, numbers, known, depth=depth + 1)
        for part in parts
    )
    return Bunch(number, join, made, depth)


def _field_named(name: str, known: Known) -> Field:
    if not name.startswith(ATTRIBUTE):
        return FIELDS.get(name) or FIELDS[FIRST_FIELD]
    key = name.removeprefix(ATTRIBUTE)[:60]
    if found := known.attribute(key):
        return attribute_field(found)
    # Nobody notes it any more. It stays where it is, for the rule to say so and a person to choose another.
    return Field(name, key, "attributes", "text", TEXT, text_attribute, key=key)


def _operator(about: Field, operator: str) -> str:
    offered = [one for one, _label in about.operators]
    return operator if operator in offered else offered[0]


def _join(text: str) -> Join:
    return next((join for join, _label in JOINS if join == text), "all")


def _one_or_list(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _text(value: Any) -> str:
    return "" if value is None else str(value)
