"""Everything that a rule may ask about a contact: one entry a field, for the compiler and for the builder page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ..contacts.models import Consent

Text = str | Promise
Kind = Literal["tag", "language", "country", "choice", "whole", "money", "days"]

HAS: tuple[tuple[str, Text], ...] = (("has", _("has")), ("has_not", _("has not")))
IS: tuple[tuple[str, Text], ...] = (("is", _("is")), ("is_not", _("is not")))
COMPARE: tuple[tuple[str, Text], ...] = (
    ("=", _("is exactly")),
    ("<", _("is less than")),
    ("<=", _("is at most")),
    (">", _("is more than")),
    (">=", _("is at least")),
    ("between", _("is between")),
)
WITHIN: tuple[tuple[str, Text], ...] = (
    ("within", pgettext_lazy("days", "in the last")),
    ("not_within", pgettext_lazy("days", "not in the last")),
)

TAG = (
    "EXISTS (SELECT 1 FROM contact_tags t WHERE t.contact_id = c.id"
    " AND t.tag_id = (SELECT g.id FROM tags g WHERE g.name = {value}))"
)
LANGUAGE = "(c.language = {value} OR starts_with(c.language, {value} || '-'))"
# Never true for who has no orders, so that a comparison is an EXISTS or its absence: PostgreSQL makes a join of it.
TOTALS = "EXISTS (SELECT 1 FROM order_totals o WHERE o.contact_id = c.id AND {test})"
ORDERED = "EXISTS (SELECT 1 FROM order_totals o WHERE o.contact_id = c.id AND o.last_at >= {since})"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to ask. `sql`: the condition on `contacts c` with its place for a value, a comparison or a moment.

    none: what stands for a contact without any order, None when no comparison holds for them.
    has, has_not: the sentence with the value in it; for comparisons `has` takes %(value)s as "is more than 3".
    """

    name: str
    label: Text
    kind: Kind
    operators: tuple[tuple[str, Text], ...]
    sql: str
    has: Text
    has_not: Text = ""
    column: str = ""
    none: int | None = None
    choices: tuple[tuple[str, Text], ...] = ()
    unit: Text = ""


def _fields(*fields: Field) -> dict[str, Field]:
    return {field.name: field for field in fields}


FIELDS: dict[str, Field] = _fields(
    Field("tag", _("Tag"), "tag", HAS, TAG, _("has the tag “%(value)s”"), _("does not have the tag “%(value)s”")),
    Field(
        "language",
        _("Language"),
        "language",
        IS,
        LANGUAGE,
        _("language is %(value)s"),
        _("language is not %(value)s"),
    ),
    Field(
        "country",
        _("Country"),
        "country",
        IS,
        "c.country = {value}",
        _("country is %(value)s"),
        _("country is not %(value)s"),
    ),
    Field(
        "marketing",
        _("Marketing consent"),
        "choice",
        IS,
        "c.marketing = {value}",
        _("marketing consent is “%(value)s”"),
        _("marketing consent is not “%(value)s”"),
        choices=tuple((one.value, one.label) for one in Consent),
    ),
    Field(
        "orders.count",
        _("Number of orders"),
        "whole",
        COMPARE,
        TOTALS,
        _("number of orders %(value)s"),
        column="o.orders",
        none=0,
    ),
    Field(
        "orders.average",
        _("Average order"),
        "money",
        COMPARE,
        TOTALS,
        _("average order %(value)s"),
        column="(o.spend / o.orders)",
    ),
    Field(
        "orders.spend",
        _("Total spent"),
        "money",
        COMPARE,
        TOTALS,
        _("total spent %(value)s"),
        column="o.spend",
        none=0,
    ),
    Field(
        "orders.last_days",
        _("Ordered"),
        "days",
        WITHIN,
        ORDERED,
        _("ordered in the last %(value)s days"),
        _("has not ordered in the last %(value)s days"),
        unit=_("days"),
    ),
    Field(
        "contact.created_days",
        _("Added"),
        "days",
        WITHIN,
        "c.created_at >= {since}",
        _("was added in the last %(value)s days"),
        _("was not added in the last %(value)s days"),
        unit=_("days"),
    ),
    Field(
        "inbound_days",
        _("Wrote to us"),
        "days",
        WITHIN,
        "COALESCE(c.last_inbound_at >= {since}, false)",
        _("wrote to us in the last %(value)s days"),
        _("has not written to us in the last %(value)s days"),
        unit=_("days"),
    ),
)

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda left, right: left == right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
