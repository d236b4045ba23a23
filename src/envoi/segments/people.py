"""The people of a segment, page by page, and contacts by what a program knows of them."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from ..contacts import exporting, lookup
from ..contacts.models import Contact
from ..contacts.queries import KNOWN, contact_list
from ..core.errors import BadInput
from ..core.paging import Page, whole
from ..core.phone import e164
from ..core.tables import Cell
from ..team.models import Staff
from ..team.rights import require
from .compiling import compile_rule
from .counting import QUICKLY
from .queries import segment_for


def people(
    staff: Staff | None,
    *,
    search: str = "",
    phone: str = "",
    tag: str = "",
    segment_id: int | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[Contact]:
    """Contacts with `tag_names`: of a segment in the order of their ids, otherwise the newest first.

    phone: exactly this number, in any way of writing it with its country code. A segment stands alone, or with a tag.
    """
    if phone:
        return _by_phone(staff, phone)
    if segment_id is None:
        return contact_list(staff, search=search, tag=tag or None, after=after, limit=limit)
    if search:
        raise BadInput(_("Ask for a segment or for a search, not for both."))
    rule: dict[str, Any] = segment_for(staff, segment_id).rule
    if tag:
        rule = {"all": [rule, {"field": "tag", "is": "has", "value": tag}]}
    return members(staff, rule, after=after, limit=limit)


def members(staff: Staff | None, rule: dict[str, Any], *, after: str | None = None, limit: int = 50) -> Page[Contact]:
    """Whom a rule chooses now. Raises BadRule."""
    require(staff, "contacts.read")
    condition = compile_rule(rule)
    parameters = {**condition.params, "_after": whole(after) or 0, "_limit": limit + 1}
    # Along the primary key from where the page before ended: nobody comes twice, whoever is added meanwhile.
    sql = f"""
        SELECT c.* FROM {condition.source} WHERE c.id > %(_after)s AND {KNOWN} AND ({condition.where})
         ORDER BY c.id LIMIT %(_limit)s
    """  # noqa: S608
    found = list(Contact.objects.raw(sql, parameters))
    page = list(lookup.with_tags(found[:limit]))
    return Page(page, next=str(page[-1].pk) if len(found) > limit else None)


def export(staff: Staff | None, segment_id: int) -> tuple[str, list[str], Iterator[list[Cell]]]:
    """Name, titles and rows of everybody whom a segment chooses at this moment. Raises NotFound, BadRule."""
    segment = segment_for(staff, segment_id)
    require(staff, "contacts.export")
    condition = compile_rule(segment.rule, at_once=True)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(QUICKLY)
        cursor.execute(f"SELECT c.id FROM {condition.source} WHERE {KNOWN} AND ({condition.where})", condition.params)  # noqa: S608
        ids = array("q", (row[0] for row in cursor.fetchall()))
    header, rows = exporting.export_people(staff, ids, {"segment": segment.name})
    return segment.name, header, rows


def _by_phone(staff: Staff | None, phone: str) -> Page[Contact]:
    ids = lookup.contact_ids(staff, kind="phone", value=e164(phone))
    return Page(list(lookup.with_tags(list(Contact.objects.filter(pk__in=ids)))))
