"""Contacts as rows of a table, all that a filter or a segment chooses, read a thousand at a time.

The columns are those that an import knows: what goes out comes in again as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from ..core.tables import Cell
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from .finding import KNOWN, all_of, filter_of

CHUNK = 1_000
MOST_ATTRIBUTES = 200

KEYS = """
SELECT DISTINCT key FROM contacts c CROSS JOIN LATERAL jsonb_object_keys(c.attributes) AS key
 WHERE {where} ORDER BY key LIMIT {most}
"""
# By the primary key, a stretch at a time: no transaction stays open while somebody's browser takes its time.
ROWS = """
SELECT c.id, c.phone, (SELECT min(i.value) FROM identities i WHERE i.contact_id = c.id AND i.kind = 'customer'),
       c.name, c.language, c.country, c.timezone,
       ARRAY(SELECT t.name FROM contact_tags g JOIN tags t ON t.id = g.tag_id WHERE g.contact_id = c.id ORDER BY 1),
       c.marketing, c.created_at, c.last_inbound_at,
       ARRAY(SELECT c.attributes ->> key FROM unnest(%(_keys)s::text[]) AS key)
  FROM contacts c
 WHERE {where} AND c.id > %(_after)s
 ORDER BY c.id LIMIT {chunk}
"""
CONSENTS = {"granted": "yes", "withdrawn": "no"}


def export(staff: Staff | None, **asked: Any) -> tuple[list[str], Iterator[list[Cell]]]:
    """Titles and rows of everybody that the list's filters choose (queries.contact_list); the audit log knows of it."""
    wanted = filter_of(**{name: value for name, value in asked.items() if name != "sort"})
    return export_where(
        staff,
        all_of(wanted.seen),
        wanted.parameters,
        {name: value for name, value in asked.items() if value and name != "sort"},
    )


def export_where(
    staff: Staff | None, where: str, parameters: Mapping[str, Any], told: Mapping[str, Any]
) -> tuple[list[str], Iterator[list[Cell]]]:
    """As export, for a condition in SQL about `contacts c`; told: what the audit log says of the choice."""
    where = f"{KNOWN} AND {where}"
    header, keys = _titles(staff, where, parameters, told)
    return header, _rows(where, {**parameters, "_keys": keys})


def export_people(
    staff: Staff | None, ids: Sequence[int], told: Mapping[str, Any]
) -> tuple[list[str], Iterator[list[Cell]]]:
    """As export, for these contacts, in the order of their ids: whatever chose them has to choose but once."""
    chosen = sorted(ids)
    header, keys = _titles(staff, "c.id = ANY(%(_ids)s)", {"_ids": chosen}, told)
    return header, _rows_of(chosen, keys)


def _titles(
    staff: Staff | None, where: str, parameters: Mapping[str, Any], told: Mapping[str, Any]
) -> tuple[list[str], list[str]]:
    """The first line and the keys of the attributes that end it; asks for the right and notes the export."""
    require(staff, "contacts.export")
    note(staff, "contacts.export", "contacts", dict(told))
    with connection.cursor() as cursor:
        cursor.execute(KEYS.format(where=where, most=MOST_ATTRIBUTES), parameters)
        keys = [key for (key,) in cursor.fetchall()]
    header = [_("phone"), _("customer number"), _("name"), _("language"), _("country"), _("time zone"), _("tags")]
    return [*header, _("marketing"), _("added"), _("last wrote"), *keys], keys


def _rows_of(ids: Sequence[int], keys: Sequence[str]) -> Iterator[list[Cell]]:
    for start in range(0, len(ids), CHUNK):
        yield from _rows(f"{KNOWN} AND c.id = ANY(%(_ids)s)", {"_ids": ids[start : start + CHUNK], "_keys": keys})


def _rows(where: str, parameters: Mapping[str, Any]) -> Iterator[list[Cell]]:
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(ROWS.format(where=where, chunk=CHUNK), {**parameters, "_after": after})
            found = cursor.fetchall()
        for contact_id, *cells, tags, marketing, added, wrote, attributes in found:
            yield [*cells, ";".join(tags), CONSENTS.get(marketing, ""), added, wrote, *attributes]
            after = contact_id
        if len(found) < CHUNK:
            return
