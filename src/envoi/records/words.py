"""Tables and columns in words for people."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _

from ..contacts.models import Consent
from ..team.models import Staff

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
INTERNAL = ("id", "by_id", "channel_id", "message_id")


def table_word(table: str) -> str:
    """A table as a heading."""
    return {
        "identities": _("Phones, ids and customer numbers"),
        "consents": _("Consent"),
        "contact_tags": _("Tags"),
        "notes": _("Notes"),
        "contact_events": _("What was done to the record"),
        "orders": _("Orders"),
        "order_totals": _("Sum of the orders"),
        "messages": _("Messages"),
        "message_events": _("What became of the messages"),
        "attachments": _("Files they sent"),
        "activity": _("Activity"),
        "activity_months": _("Activity by month"),
    }.get(table, table.replace("_", " "))


def field_word(name: str) -> str:
    """A column of contacts as a label; an attribute under its own key."""
    return {
        "phone": _("Phone"),
        "username": _("Username"),
        "name": _("Name"),
        "language": _("Language"),
        "country": _("Country"),
        "timezone": _("Time zone"),
        "owner_id": _("Looked after by"),
        "marketing": _("Marketing"),
        "service": _("Service"),
    }.get(name, name)


def said(name: str, value: Any) -> str:
    """A value of a contact's column as people read it."""
    if value is None or value == "":
        return "–"
    if name in ("marketing", "service"):
        return str(dict(Consent.choices).get(value, value))
    if name == "owner_id":
        return str(staff_named(value))
    return _plain(value)


def staff_named(staff_id: int) -> str:
    """Who that is, "–" for nobody that there is any more."""
    found = Staff.objects.filter(pk=staff_id).first()
    return str(found) if found else "–"


def readable(rows: list[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Rows of a table as a page shows them: the columns that say anything, and each row's values."""
    names = list(dict.fromkeys(name for row in rows for name in row if name not in INTERNAL))
    told = [name for name in names if any(row.get(name) not in (None, "", [], {}) for row in rows)]
    return [name.replace("_", " ") for name in told], [[_plain(row.get(name)) for name in told] for row in rows]


def _plain(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_plain(one)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    if isinstance(value, str) and MOMENT.match(value):
        return f"{value[:10]} {value[11:19]}"
    return str(value)
