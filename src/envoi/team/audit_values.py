"""A single value of the audit log in words: a state by its name, a moment by the reader's clock, a row by its name.

What words a column's values have is known by its model, whichever app it is in; `changes` and this name tables alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from django.apps import apps
from django.db.models import DateField, Field
from django.utils import formats, timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from ..web.look import language_name, whole_day
from .audit import POINTS
from .audit_fields import FIELDS
from .models import Staff
from .rights import WORDS

LONGEST = 160

# What a secret's two sides stand as in `changes` (team.changes): never what it was.
SECRET = ("•", "••")
# Moments as PostgreSQL and Python write them in JSON. Without a zone it may be anything, and stays as it is.
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)")

Names = Mapping[tuple[str, str], str]


def value_words(name: str, value: Any, names: Names = MappingProxyType({}), *, place: str = "") -> str:
    """What stands in a field; place: the table that it is a column of, where it is one."""
    if value in SECRET:
        return _("(secret)")
    if name in POINTS and isinstance(value, int):
        return names.get((POINTS[name], str(value)), f"#{value}")
    if value in ("given", "taken"):
        return _("given") if value == "given" else _("taken")
    if (words := _NUMBERS.get(name)) and isinstance(value, int) and value in words:
        return str(words[value])
    if (make := _SPECIAL.get(name)) and isinstance(value, str | list):
        value = make(value)
    text = _text(name, value, _column(place, name))
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def field_words(name: str) -> str:
    """What a field of a deed's own is called."""
    return str(FIELDS.get(name) or WORDS.get(name) or name.replace("_", " "))


def _text(name: str, value: Any, column: Field[Any, Any] | None = None) -> str:
    match value:
        case None | "":
            return _("nothing")
        case True:
            return _("yes")
        case False:
            return _("no")
        case list() | dict() if not value:
            return _("nothing")
        case list() if all(isinstance(one, str | int) for one in value):
            return ", ".join(str(one) for one in value)
        case dict() if all(isinstance(one, str | int | float | None) for one in value.values()):
            return ", ".join(f"{field_words(key)}: {_text(key, one)}" for key, one in value.items())
        case dict() | list():
            return json.dumps(value, ensure_ascii=False)
        case str():
            return _one(name, value, column)
        case _:
            return str(value)


def _one(name: str, value: str, column: Field[Any, Any] | None) -> str:
    if column is not None and column.flatchoices:
        return str(dict(column.flatchoices).get(value, value))
    if name == "language":
        return capfirst(language_name(value))
    try:
        if MOMENT.fullmatch(value) and (moment := parse_datetime(value)):
            # With its year and the seconds: a log is read long afterwards.
            local = timezone.localtime(moment)
            return f"{whole_day(local.date())} {formats.date_format(local, 'H:i:s')}"
        if isinstance(column, DateField) and (day := parse_date(value)):
            return whole_day(day)
    except (ValueError, OverflowError):
        return value
    return value


def _column(place: str, name: str) -> Field[Any, Any] | None:
    return _columns().get((place, name))


@cache
def _columns() -> Mapping[tuple[str, str], Field[Any, Any]]:
    return {
        (model._meta.db_table, str(field.column)): field
        for model in apps.get_models()
        for field in model._meta.concrete_fields
    }


def _role(role: Any) -> Any:
    names = dict(Staff.Role.choices)
    return [str(names.get(one, one)) for one in role] if isinstance(role, list) else str(names.get(role, role))


_SPECIAL: dict[str, Callable[[Any], Any]] = {
    "role": _role,
    "two_step_roles": _role,
    "right": lambda right: str(WORDS.get(right, right)),
    "week": lambda week: [day or _("closed") for day in week],
}
_PRIORITIES = {
    0: pgettext_lazy("priority of a conversation", "Normal"),
    1: pgettext_lazy("priority of a conversation", "High"),
    2: pgettext_lazy("priority of a conversation", "Urgent"),
}
_NUMBERS: dict[str, Mapping[Any, Any]] = {
    "level": {
        1: gettext_lazy("Later than the target"),
        2: gettext_lazy("Much too late"),
        3: gettext_lazy("Red alert"),
        4: gettext_lazy("The window closes unanswered"),
    },
    "priority": _PRIORITIES,
    "raise_to": _PRIORITIES,
}
