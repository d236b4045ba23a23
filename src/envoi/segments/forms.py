"""The page on which a rule is built: a flat list of conditions, joined by all or any. It leaves nested rules alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, Self

from django.http import QueryDict

from ..core.paging import whole
from .rules import FIELDS, Field

Join = Literal["all", "any"]
NUMBERS = {"whole", "money", "days"}


@dataclass(frozen=True)
class Row:
    """One condition as the page shows it: everything is text until the rule is made."""

    field: str
    operator: str
    value: str
    value_to: str = ""

    @property
    def about(self) -> Field:
        """What the rules know of this field."""
        return FIELDS[self.field]

    @property
    def is_number(self) -> bool:
        """Whether a number is asked for."""
        return self.about.kind in NUMBERS

    @property
    def step(self) -> str:
        """The smallest step of its number."""
        return "0.01" if self.about.kind == "money" else "1"

    def leaf(self) -> dict[str, Any]:
        """This row as a part of a rule."""
        value: Any = self.value
        if self.operator == "between":
            value = [_number(self.value), _number(self.value_to)]
        elif self.is_number:
            value = _number(self.value)
        return {"field": self.field, "is": self.operator, "value": value}

    @classmethod
    def of(cls, leaf: Mapping[str, Any]) -> Self:
        """A row for a part of a stored rule."""
        value = leaf["value"]
        low, high = value if isinstance(value, list) else (value, "")
        return cls(leaf["field"], leaf["is"], str(low), str(high))

    def sound(self) -> Self:
        """The same row with a field and an operator that exist, and no value of another field's kind."""
        field = self.field if self.field in FIELDS else next(iter(FIELDS))
        operators = [known for known, _label in FIELDS[field].operators]
        operator = self.operator if self.operator in operators else operators[0]
        return replace(self, field=field, operator=operator)


@dataclass(frozen=True)
class RuleForm:
    """Name, join and rows."""

    name: str
    join: Join
    rows: tuple[Row, ...]

    @classmethod
    def sent(cls, data: QueryDict) -> Self:
        """What the page sent, after the button that adds or removes a row."""
        columns = [data.getlist(name) for name in ("field", "is", "value", "value_to")]
        length = min(len(columns[0]), len(columns[1]))
        padded = [column + [""] * (length - len(column)) for column in columns]
        rows = [Row(*cells).sound() for cells in zip(*(column[:length] for column in padded), strict=True)]
        before = data.get("shape", "").split("|")
        # A row whose field changed starts without the old field's value.
        rows = [
            replace(row, value="", value_to="")
            if position < len(before) and before[position].split(":")[0] not in ("", row.field)
            else row
            for position, row in enumerate(rows)
        ]
        do = data.get("do", "")
        if do == "add" or not rows:
            rows.append(new_row())
        elif do.startswith("remove.") and whole(do.removeprefix("remove.")) is not None:
            rows = [row for position, row in enumerate(rows) if position != whole(do.removeprefix("remove."))]
        return cls(data.get("name", ""), "any" if data.get("join") == "any" else "all", tuple(rows))

    @classmethod
    def of(cls, name: str, rule: Mapping[str, Any]) -> Self | None:
        """The page of a stored rule; None for one that is nested."""
        if set(rule) == {"field", "is", "value"}:
            rule = {"all": [rule]}
        for join in ("all", "any"):
            parts = rule.get(join)
            if isinstance(parts, list) and all(set(part) == {"field", "is", "value"} for part in parts):
                return cls(name, "any" if join == "any" else "all", tuple(Row.of(part) for part in parts))
        return None

    @classmethod
    def empty(cls) -> Self:
        """The page of a new segment."""
        return cls("", "all", (new_row(),))

    @property
    def shape(self) -> str:
        """What the rows look like apart from their values: when it changes, they must be drawn again."""
        return "|".join(f"{row.field}:{row.operator}" for row in self.rows)

    def rule(self) -> dict[str, Any]:
        """The rule that the page describes."""
        return {self.join: [row.leaf() for row in self.rows]}


def new_row() -> Row:
    """The condition that a new row starts with."""
    return Row("", "", "").sound()


def _number(text: str) -> int | float | str:
    """The number that was typed, with a comma or a point; the text itself when it is none, for the rules to refuse."""
    try:
        number = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return text
    # "1e3000000" is short to type and takes minutes to write out: no count and no amount is that large.
    if not number.is_finite() or number.adjusted() > 15:
        return text
    return int(number) if number == number.to_integral_value() else float(number)
