"""All that is kept of one person, for themselves (GDPR 15 and 20): the same as JSON and as a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..contacts import belongings
from ..core.errors import NotFound
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from .belongings import ALL

# Of the contact's own row: what says nothing to the person.
HIDDEN = ("held_at", "held_times", "owner_id", "erased_at")


@dataclass(frozen=True, slots=True)
class PersonData:
    """What is kept of one person: their own row, and the rows of every table by its name."""

    contact_id: int
    at: str
    contact: dict[str, Any]
    tables: dict[str, list[dict[str, Any]]]

    def as_json(self) -> dict[str, Any]:
        """The file that they get."""
        return {"format": "envoi.person.1", "at": self.at, "contact": self.contact, **self.tables}


@transaction.atomic
def person_data(contact_id: int, *, by: Staff | None) -> PersonData:
    """Gather what is kept of somebody; that it was handed out is in the audit log. Raises NotFound."""
    require(by, "contacts.privacy")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_jsonb(c) - %(hidden)s::text[] FROM contacts c WHERE id = %(id)s AND erased_at IS NULL",
            {"id": contact_id, "hidden": list(HIDDEN)},
        )
        found = belongings.rows_of(cursor)
        if not found:
            raise NotFound(_("There is no such contact."))
        tables = {one.table: belongings.data_of(cursor, one, contact_id) for one in ALL if one.export}
        _name_tags(cursor, tables["contact_tags"])
    note(by, "contacts.export_person", f"contact/{contact_id}")
    return PersonData(contact_id, timezone.now().isoformat(), found[0], tables)


def _name_tags(cursor: Any, rows: list[dict[str, Any]]) -> None:
    cursor.execute("SELECT id, name FROM tags WHERE id = ANY(%(ids)s)", {"ids": [row["tag_id"] for row in rows]})
    names = dict(cursor.fetchall())
    for row in rows:
        row["tag"] = names.get(row.pop("tag_id"))
