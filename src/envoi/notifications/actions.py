"""Telling staff what they should know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from .models import Notification


@transaction.atomic
def notify(staff_ids: Iterable[int], kind: Notification.Kind, *, link: str, facts: dict[str, Any] | None = None) -> int:
    """Tell each of the staff once, in the caller's transaction; returns how many were told.

    facts: what the sentence names ("contact", "minutes", "by"…); link: the path of the page where to look.
    """
    told = [Notification(staff_id=one, kind=kind, link=link, facts=facts or {}) for one in dict.fromkeys(staff_ids)]
    return len(Notification.objects.bulk_create(told))
