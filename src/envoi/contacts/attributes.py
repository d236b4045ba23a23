"""The company's own attributes of people: their kinds, and what may stand in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ..core.errors import BadInput, NotFound
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from .models import Attribute

YES = ("true", "yes", "1")
NO = ("false", "no", "0")
MOST = 200


def definitions() -> list[Attribute]:
    """Every attribute that the company has defined, by its label."""
    return list(Attribute.objects.order_by("label", "key"))


def clean(attribute: Attribute, text: str) -> Any:
    """What is kept of a typed or imported text, None for nothing. Raises BadInput with a sentence."""
    text = text.replace("\0", "").strip()
    if not text:
        return None
    kind = attribute.kind
    if kind == Attribute.Kind.NUMBER:
        return _number(attribute, text)
    if kind == Attribute.Kind.DATE:
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            raise BadInput(_("%(label)s: write the date as 2026-03-01.") % {"label": attribute.label}) from None
    if kind == Attribute.Kind.BOOLEAN:
        if text.lower() in YES or text.lower() in NO:
            return text.lower() in YES
        raise BadInput(_("%(label)s is yes or no.") % {"label": attribute.label})
    if kind == Attribute.Kind.CHOICE and text not in attribute.choices:
        said = {"label": attribute.label, "choices": ", ".join(attribute.choices)}
        raise BadInput(_("%(label)s is one of: %(choices)s.") % said)
    if len(text) > 1_000:
        raise BadInput(_("%(label)s has at most 1,000 characters.") % {"label": attribute.label})
    return text


def typed(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of attributes that a program gives: those with a kind as it asks. Raises BadInput."""
    kinds = {one.key: one for one in definitions()} if given else {}
    return {key: clean(kinds[key], _text(value)) if key in kinds else value for key, value in given.items()}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


@transaction.atomic
def define(*, key: str, label: str, kind: str, choices: Iterable[str] = (), by: Staff | None) -> Attribute:
    """Define an attribute, or say something else of one that there is. Values that stand already are left."""
    require(by, "contacts.write")
    key, label = " ".join(key.replace("\0", "").split()), " ".join(label.replace("\0", "").split())
    offered = list(dict.fromkeys(word for choice in choices if (word := " ".join(choice.split()))))
    if not 1 <= len(key) <= 60 or len(label) > 60:
        raise BadInput(_("A key and a label have 1 to 60 characters."))
    if kind not in Attribute.Kind.values:
        raise BadInput(_("Choose what kind of value it is."))
    if kind == Attribute.Kind.CHOICE and len(offered) < 2:
        raise BadInput(_("A choice needs at least two words to choose from, one a line."))
    if any(len(word) > 60 for word in offered) or len(offered) > 100:
        raise BadInput(_("A choice has at most 100 words of 60 characters."))
    if Attribute.objects.count() >= MOST and not Attribute.objects.filter(key=key).exists():
        raise BadInput(_("There are %(most)s attributes already; remove one first.") % {"most": MOST})
    values = {"label": label or key, "kind": kind, "choices": offered if kind == Attribute.Kind.CHOICE else []}
    made, _new = Attribute.objects.update_or_create(key=key, defaults=values)
    note(by, "contacts.define_attribute", f"attribute/{key}", {"kind": kind, "choices": offered})
    return made


@transaction.atomic
def undefine(key: str, *, by: Staff | None) -> None:
    """Forget what kind an attribute is; the values stay with the contacts, as text from a file does."""
    require(by, "contacts.write")
    gone, _what = Attribute.objects.filter(key=key).delete()
    if not gone:
        raise NotFound(_("There is no such attribute."))
    note(by, "contacts.undefine_attribute", f"attribute/{key}")


def shown(attributes: dict[str, Any], known: Sequence[Attribute]) -> list[tuple[str, str, Any]]:
    """Label, kind and value of what a contact has, defined ones first; dates as dates."""
    rows: list[tuple[str, str, Any]] = []
    for one in known:
        value = attributes.get(one.key)
        if value is not None and value != "":
            rows.append((one.label, one.kind, _as_date(value) if one.kind == Attribute.Kind.DATE else value))
    keys = {one.key for one in known}
    rows += [(key, "text", value) for key, value in sorted(attributes.items()) if key not in keys]
    return rows


def _number(attribute: Attribute, text: str) -> int | float:
    plain = text.replace(" ", "").replace("\u202f", "").replace("\u00a0", "")
    if "." not in plain and plain.count(",") == 1:
        plain = plain.replace(",", ".")
    try:
        value = float(plain)
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e15:
        raise BadInput(_("%(label)s is a number, such as 12 or 12.5.") % {"label": attribute.label})
    return int(value) if value.is_integer() else value


def _as_date(value: Any) -> Any:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return value
