"""Tables and columns in words for people."""

from __future__ import annotations

from django.utils.translation import gettext as _


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
