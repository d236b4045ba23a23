"""What stands in a row of somebody's data, in words for them: states, kinds, languages and moments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.apps import apps
from django.db.models import DateField, DateTimeField, Field
from django.utils import formats, timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from ..inbox.speech import kind_word
from ..web.look import language_name, whole_day
from ..web.told import consent_proof, consent_source, headline, why

# As PostgreSQL writes them into JSON: a moment has its zone.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d(:?\d\d)?)")


def value_words(table: str, name: str, value: Any) -> str:
    """A value of a column of that table; "–" for none. What customers and the company wrote stays as it is."""
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, dict):
        return ", ".join(f"{key}: {value_words('', key, one)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(value_words("", "", one) for one in value)
    return _one(table, name, value) if isinstance(value, str) else str(value)


def _one(table: str, name: str, value: str) -> str:
    column = _columns().get((table, name))
    if column is not None and column.flatchoices:
        return str(dict(column.flatchoices).get(value, value))
    match table, name:
        case "consents", "source":
            return capfirst(consent_source(value))
        case "consents", "proof":
            return consent_proof(value)
        case "messages", "kind":
            return _("Text") if value == "text" else kind_word(value)
        case "messages" | "message_events", "reason":
            return why(value)
        case "message_events", "what":
            return headline(value)
        case "contact_events" | "conversation_events", "what":
            return _deeds().get(value, value.replace("_", " "))
        case _, "language" if column is not None:
            return capfirst(language_name(value))
    if column is None or isinstance(column, DateField):
        return _moment(value, column)
    return value


def _moment(value: str, column: Field[Any, Any] | None) -> str:
    """A moment by the reader's clock, a day as a day; what is neither as it is."""
    try:
        if MOMENT.fullmatch(value) and (moment := parse_datetime(value)):
            local = timezone.localtime(moment)
            return f"{whole_day(local.date())} {formats.date_format(local, 'H:i:s')}"
        if column is not None and not isinstance(column, DateTimeField) and (day := parse_date(value)):
            return whole_day(day)
    except (ValueError, OverflowError):
        return value
    return value


@cache
def _columns() -> Mapping[tuple[str, str], Field[Any, Any]]:
    return {
        (model._meta.db_table, str(field.column)): field
        for model in apps.get_models()
        for field in model._meta.concrete_fields
    }


def _deeds() -> dict[str, str]:
    """What was done to a record or a conversation."""
    return {
        "alarm": _("Waited too long"),
        "asked": _("Asked how satisfied they are"),
        "assigned": _("Given to somebody"),
        "blocked": _("Blocked"),
        "changed": _("Details changed"),
        "closed": _("Closed"),
        "erased": _("Erased"),
        "merged": _("Merged with another record"),
        "moved": _("Number or id changed"),
        "opened": _("Opened"),
        "owner": _("Looked after by somebody else"),
        "parted": _("A merge was undone"),
        "priority": _("Made more or less urgent"),
        "reopened": _("Opened again"),
        "reply": _("Answered"),
        "scored": _("They said how satisfied they are"),
        "snoozed": _("Put off"),
        "tagged": _("A tag put on"),
        "taken_back": _("An answer was taken back before it left"),
        "unblocked": _("May be written to again"),
        "untagged": _("A tag taken off"),
    }
