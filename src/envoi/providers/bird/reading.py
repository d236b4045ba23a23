"""What Bird's three APIs write alike: moments, phones, people, and contents in the shapes that Envoi keeps."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from ...core.events import Fact, Person, PreferenceChanged, Receipt
from ..reading import MISSHAPEN, Json, NotJson, fields, items, need, read, text

__all__ = [
    "MISSHAPEN",
    "Json",
    "NotJson",
    "fields",
    "items",
    "moment",
    "need",
    "person",
    "phone",
    "read",
    "text",
    "with_preference",
]


def moment(value: Any) -> datetime:
    """An RFC 3339 time as an aware UTC datetime. Raises ValueError or OverflowError."""
    at = datetime.fromisoformat(need(value))
    if at.tzinfo is None:
        raise ValueError("A time without a zone.")
    return at.astimezone(UTC)


def phone(value: Any) -> str | None:
    """E.164 with its plus; MessageBird also writes a number without it, or as a whole number."""
    digits = str(value) if isinstance(value, int) and not isinstance(value, bool) else text(value)
    found = re.fullmatch(r"\+?([0-9]{6,15})", digits)
    return f"+{found[1]}" if found else None


def person(number: Any, user_id: Any = None, name: Any = "") -> Person | None:
    """Who it is, None when there is neither a phone nor a business-scoped id."""
    known, user = phone(number), text(user_id) or None
    return None if known is None and user is None else Person(known, user, text(name))


def with_preference(receipt: Receipt) -> list[Fact]:
    """The receipt; a refusal because the person opted out is told a second time, as their preference."""
    known = receipt.recipient.phone or receipt.recipient.user_id
    if known and receipt.failure and receipt.failure.action == "opted_out":
        changed = PreferenceChanged(receipt.channel, receipt.recipient, False, receipt.at, receipt.failure.title)
        return [receipt, changed]
    return [receipt]
