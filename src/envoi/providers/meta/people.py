"""Who a webhook is about: with a phone, a business-scoped id, or both (Meta sheet, A.9)."""

from __future__ import annotations

import re
from typing import Any

from ...core.events import Person
from ..reading import fields, text


def person(phone: Any, user_id: Any, contacts: list[Any]) -> Person | None:
    """Who it is, completed from `contacts`; None when neither phone nor id is there (A.9)."""
    ours, user = number(phone), text(user_id) or None
    if ours is None and user is None:
        return None
    for contact in map(fields, contacts):
        other = number(contact.get("wa_id"))
        if (user and contact.get("user_id") == user) or (ours and other == ours):
            profile = fields(contact.get("profile"))
            username = text(profile.get("username")).removeprefix("@")
            return Person(
                ours or other, user or text(contact.get("user_id")) or None, text(profile.get("name")), username
            )
    return Person(ours, user)


def number(digits: Any) -> str | None:
    """Meta writes E.164 without its plus."""
    found = re.fullmatch(r"\+?([0-9]{6,15})", text(digits))
    return f"+{found[1]}" if found else None
