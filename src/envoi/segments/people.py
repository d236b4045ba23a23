"""The people of a segment, page by page, and contacts by what a program knows of them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from ..contacts import lookup
from ..contacts.models import Contact
from ..contacts.queries import KNOWN, contact_list
from ..core.errors import BadInput
from ..core.paging import Page, whole
from ..core.phone import e164
from ..team.models import Staff
from ..team.rights import require
from .queries import segment_for
from .rules import compile_rule


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
    chosen = f"c.id > %(_after)s AND {KNOWN} AND ({condition.sql})"
    sql = f"SELECT c.* FROM contacts c WHERE {chosen} ORDER BY c.id LIMIT %(_limit)s"  # noqa: S608
    found = list(Contact.objects.raw(sql, parameters))
    page = list(lookup.with_tags(found[:limit]))
    return Page(page, next=str(page[-1].pk) if len(found) > limit else None)


def _by_phone(staff: Staff | None, phone: str) -> Page[Contact]:
    ids = lookup.contact_ids(staff, kind="phone", value=e164(phone))
    return Page(list(lookup.with_tags(list(Contact.objects.filter(pk__in=ids)))))
