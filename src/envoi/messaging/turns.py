"""Whether a promotion to one customer would leave now, by the rules that the send will ask; it promises no slot."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from .actions import ledger_db
from .ledger.standing import in_force, joins, verdict


def promotion_now(contact_id: int, channel_id: int) -> tuple[str, datetime | None]:
    """Why a promotion by template would not leave now, "" when it would, and until when (None is for good)."""
    no, until = verdict(promotional="true", free_form="false", expires_at="'infinity'::timestamptz")
    # As for a claim, by the keys of one contact; no message is 0, so every promotion that they had counts.
    needed = joins(promotional="true", of="claim", message_id="0::bigint")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {no}, {until} FROM contacts c {needed} WHERE c.id = %(contact)s",  # noqa: S608  (our own text)
            {**in_force(ledger_db(), channel_id).parameters, "contact": contact_id},
        )
        row = cursor.fetchone()
    return (row[0], row[1]) if row else ("", None)
