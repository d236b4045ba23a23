"""Tables and columns in words for people."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from ..team.models import Staff
from .values import value_words

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
        "conversations": _("Conversations"),
        "conversation_events": _("What happened to the conversations"),
        "internal_notes": _("Notes between colleagues"),
        "segment_members": _("Lists they are on"),
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


def column_word(name: str) -> str:
    """A column of any table as a heading; one that nobody named is shown as it is, its underscores as blanks."""
    return _columns().get(name) or field_word(name).replace("_", " ")


def _columns() -> dict[str, str]:
    return {
        "accepted_at": _("Taken by the provider"),
        "activity": _("Activity"),
        "amount": _("Amount"),
        "assigned_at": _("Given to somebody"),
        "at": _("When"),
        "attributes": _("Attributes"),
        "blocked_at": _("Blocked"),
        "blocked_reason": _("Why blocked"),
        "campaign_id": _("Campaign"),
        "category": _("Category"),
        "closed_at": _("Closed"),
        "contact_id": _("Contact"),
        "content": _("Content"),
        "conversation_id": _("Conversation"),
        "created_at": _("Noted"),
        "currency": _("Currency"),
        "delivered": _("Delivered"),
        "delivered_at": _("Delivered"),
        "delays": _("Reply times counted"),
        "detail": _("Details"),
        "direction": _("Direction"),
        "error_code": _("Error"),
        "error_detail": _("Error in detail"),
        "error_title": _("Error in words"),
        "external_id": _("Order number"),
        "failed": _("Failed"),
        "failed_at": _("Failed"),
        "first_at": _("First order"),
        "held_at": _("Promotions rest since"),
        "held_times": _("Rests in a row"),
        "held_until": _("Promotions rest until"),
        "import_id": _("Import"),
        "items": _("Products"),
        "kind": _("Kind"),
        "last_at": _("Last order"),
        "last_inbound_at": _("Last wrote"),
        "last_read_at": _("Last read"),
        "last_seen_at": _("Last seen"),
        "last_text": _("Last words"),
        "month": _("Month"),
        "opened_at": _("Opened"),
        "orders": _("Orders"),
        "orders_30": _("Orders in 30 days"),
        "orders_90": _("Orders in 90 days"),
        "orders_365": _("Orders in a year"),
        "place": _("Place"),
        "price": _("Price"),
        "pricing": _("How it was billed"),
        "promotions": _("Promotions"),
        "proof": _("Proof"),
        "provider_id": _("The provider’s number of it"),
        "purpose": _("Purpose"),
        "quantity": _("Pieces"),
        "read": _("Read"),
        "read_at": _("Read"),
        "reason": _("Why"),
        "received": _("Messages from them"),
        "refunded": _("Given back"),
        "replies": _("Replies"),
        "reply_seconds": _("Seconds until their replies"),
        "reply_to": _("Answer to"),
        "satisfaction": _("Satisfaction"),
        "satisfaction_text": _("Satisfaction in words"),
        "scope": _("Where it holds"),
        "segment_id": _("List"),
        "sent": _("Sent"),
        "sent_at": _("Sent"),
        "source": _("Source"),
        "spend": _("Spend"),
        "state": _("State"),
        "tag_id": _("Tag"),
        "template_id": _("Template"),
        "text": _("Text"),
        "unconverted": _("Orders without a value"),
        "updated_at": _("Last changed"),
        "value": _("Value"),
        "values": _("What was filled in"),
        "what": _("What"),
        "window_open_until": _("May be written to freely until"),
        "by_rule": _("By a rule"),
        "fresh_until": _("Counts hold until"),
        "twin": _("Came by a merge"),
    }


def said(name: str, value: Any) -> str:
    """A value of a contact's column as people read it."""
    if value is None or value == "":
        return "–"
    if name == "owner_id":
        return str(staff_named(value))
    return value_words("contacts", name, value)


def staff_named(staff_id: int) -> str:
    """Who that is, "–" for nobody that there is any more."""
    found = Staff.objects.filter(pk=staff_id).first()
    return str(found) if found else "–"


def readable(rows: list[dict[str, Any]], table: str) -> tuple[list[str], list[list[str]]]:
    """Rows of a table as a page shows them: the columns that say anything, and each row's values."""
    names = list(dict.fromkeys(name for row in rows for name in row if name not in INTERNAL))
    told = [name for name in names if any(row.get(name) not in (None, "", [], {}) for row in rows)]
    return [column_word(name) for name in told], [
        [value_words(table, name, row.get(name)) for name in told] for row in rows
    ]
