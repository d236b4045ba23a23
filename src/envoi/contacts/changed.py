"""Whose record was changed, for whoever follows facts: a few rows that live for a minute."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection

NOTE = """
INSERT INTO changed_contacts (contact_id)
SELECT id FROM contacts WHERE id = ANY(%(ids)s) ORDER BY id ON CONFLICT DO NOTHING
"""


# The same for all in a temporary table, with a contact_id each.
NOTE_ALL = """
INSERT INTO changed_contacts (contact_id)
SELECT id FROM contacts WHERE id IN (SELECT {column} FROM {table}) ORDER BY id ON CONFLICT DO NOTHING
"""


def note_changed(contact_ids: Iterable[int]) -> None:
    """Note that these were changed, in the caller's transaction; its start is the time that they carry."""
    with connection.cursor() as cursor:
        cursor.execute(NOTE, {"ids": list(contact_ids)})


def note_all_changed(cursor: Any, table: str, column: str = "contact_id") -> None:
    """Note whoever stands in `table`, for what changes a whole file's people at once."""
    cursor.execute(NOTE_ALL.format(table=table, column=column))


def forget_changed(*, before: datetime) -> None:
    """Let go of what was noted before a moment: whoever follows has seen it."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM changed_contacts WHERE at < %(before)s", {"before": before})
