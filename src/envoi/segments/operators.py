"""How a field may be compared: each operator as the rule writes it and as people read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Text = str | Promise
Operators = tuple[tuple[str, Text], ...]

HAS: Final[Operators] = (("has", _("has")), ("has_not", _("has not")))
IS: Final[Operators] = (("is", _("is")), ("is_not", _("is not")))
IN: Final[Operators] = (("in", _("is in")), ("not_in", _("is not in")))
SET: Final[Operators] = (("set", _("is known")), ("unset", _("is not known")))
YES: Final[Operators] = (("yes", pgettext_lazy("answer", "yes")), ("no", pgettext_lazy("answer", "no")))
DID: Final[Operators] = (("did", pgettext_lazy("behaviour", "did")), ("did_not", pgettext_lazy("behaviour", "did not")))
COMPARE: Final[Operators] = (
    ("=", _("is exactly")),
    ("<", _("is less than")),
    ("<=", _("is at most")),
    (">", _("is more than")),
    (">=", _("is at least")),
    ("between", _("is between")),
)
TEXT: Final[Operators] = (
    *IS,
    ("contains", _("contains")),
    ("contains_not", _("does not contain")),
    ("starts", _("starts with")),
    *SET,
)
WITHIN: Final[Operators] = (
    ("within", pgettext_lazy("days", "in the last")),
    ("not_within", pgettext_lazy("days", "not in the last")),
)
MOMENT: Final[Operators] = (
    *WITHIN,
    ("since", pgettext_lazy("date", "on or after")),
    ("before", pgettext_lazy("date", "before")),
)
DATE: Final[Operators] = (
    ("on", pgettext_lazy("date", "on")),
    ("since", pgettext_lazy("date", "on or after")),
    ("before", pgettext_lazy("date", "before")),
    ("between_dates", pgettext_lazy("date", "between")),
    ("within", pgettext_lazy("days", "in the last")),
    ("coming", pgettext_lazy("days", "in the next")),
    ("anniversary_week", _("anniversary this week")),
    ("anniversary", _("anniversary in the next")),
    *SET,
)
INACTIVE: Final[Operators] = (
    ("since_days", pgettext_lazy("days", "for at least")),
    ("not_since_days", pgettext_lazy("days", "not for")),
)

# An operator that only says the contrary of another: whoever is chosen by one is not by the other.
CONTRARY: Final[dict[str, str]] = {
    "has_not": "has",
    "is_not": "is",
    "not_in": "in",
    "unset": "set",
    "no": "yes",
    "did_not": "did",
    "contains_not": "contains",
    "not_within": "within",
    "not_since_days": "since_days",
}
CONTRARY_OF: Final[dict[str, str]] = {plain: contrary for contrary, plain in CONTRARY.items()}
# These say everything by themselves.
WITHOUT_VALUE: Final = frozenset({"set", "unset", "yes", "no", "anniversary_week"})
# What is compared with a number of days, with a date, whatever the field's own kind is.
WITH_DAYS: Final = frozenset({"within", "not_within", "coming", "anniversary", "since_days", "not_since_days"})
WITH_DATE: Final = frozenset({"on", "since", "before", "between_dates"})

COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "=": lambda left, right: left == right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
