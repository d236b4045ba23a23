"""Reading people: the list, one of them, their tags and consent, the imports. It changes nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from ..core.errors import BadInput, NotFound
from ..core.paging import Page
from ..team.models import Staff
from ..team.rights import require
from .models import ConsentEntry, Contact, Identity, Import, Note, Tag

# Counting stops here: an exact number beyond it helps nobody and costs a scan of everybody.
COUNTED = 10_000
REJECTS = "rejects.csv"
KNOWN = "c.erased_at IS NULL"

Sort = Literal["newest", "name"]
ORDERS: dict[str, tuple[str, str]] = {
    # Each is an index of the table, so that a page starts where the one before ended.
    "newest": ("c.created_at DESC, c.id DESC", "(c.created_at, c.id) < (%(after)s::timestamptz, %(after_id)s)"),
    "name": ("c.name, c.id", "(c.name, c.id) > (%(after)s, %(after_id)s)"),
}

# What PostgreSQL's statistics say of the common tags is good enough for the common ones: counting the millions of
# rows of contact_tags for a list of choices would take longer than all the rest of the page.
TAGS = """
WITH common AS (
    SELECT v.tag_id, v.share * c.reltuples AS people
      FROM pg_stats s JOIN pg_class c ON c.oid = 'contact_tags'::regclass
     CROSS JOIN LATERAL unnest(s.most_common_vals::text::bigint[], s.most_common_freqs) AS v (tag_id, share)
     WHERE s.schemaname = c.relnamespace::regnamespace::text AND s.tablename = c.relname AND s.attname = 'tag_id'
)
SELECT t.id, t.name,
       CASE WHEN common.people > %(counted)s THEN round(common.people)::bigint
            ELSE (SELECT count(*) FROM contact_tags ct WHERE ct.tag_id = t.id) END AS people
  FROM tags t LEFT JOIN common ON common.tag_id = t.id
 ORDER BY t.name
"""


def contact_list(
    staff: Staff | None,
    *,
    search: str = "",
    tag: str | None = None,
    marketing: str | None = None,
    language: str | None = None,
    sort: Sort = "newest",
    after: str | None = None,
    limit: int = 50,
) -> Page[Contact]:
    """One page of contacts, each with `tag_names`.

    search: part of a name (two letters or fewer: the start of a word of it) or of a phone number (three digits or
    more); tag: its name; marketing: unknown, granted or withdrawn; language: "zh" also finds "zh-hans";
    after: the `next` of the page before, for the same search and sort. Raises BadInput for one that we did not make.
    """
    require(staff, "contacts.read")
    where, parameters = _conditions(search=search, tag=tag, marketing=marketing, language=language)
    order, beyond = ORDERS[sort if sort in ORDERS else "newest"]
    total, more = _total(where, parameters)

    page = [KNOWN, *where]
    if after:
        value, after_id = _cursor(after, sort)
        page.append(beyond)
        parameters |= {"after": value, "after_id": after_id}
    # A search is answered by the trigram index first and sorted after: walking the sorted index in the hope of
    # meeting fifty that match would read everybody for a rare name.
    if search:
        source = f"WITH c AS MATERIALIZED (SELECT * FROM contacts c WHERE {_all(page)}) SELECT c.* FROM c"  # noqa: S608
    else:
        source = f"SELECT c.* FROM contacts c WHERE {_all(page)}"  # noqa: S608
    parameters["limit"] = limit + 1
    found = list(Contact.objects.raw(f"{source} ORDER BY {order} LIMIT %(limit)s", parameters))

    items = found[:limit]
    _name_tags(items)
    last = items[-1] if len(found) > limit else None
    return Page(items, next=_cursor_of(last, sort) if last else None, total=total, more=more)


def contact_for(staff: Staff | None, contact_id: int) -> Contact:
    """One contact, with `tag_names`. Raises NotFound."""
    require(staff, "contacts.read")
    contact = Contact.objects.select_related("owner").filter(pk=contact_id).first()
    if contact is None:
        raise NotFound(_("There is no such contact."))
    _name_tags([contact])
    return contact


def identities_of(contact_id: int) -> list[Identity]:
    """Every key by which this contact is known."""
    return list(Identity.objects.filter(contact_id=contact_id).order_by("kind", "value"))


def notes_of(contact_id: int, *, limit: int = 20) -> list[Note]:
    """The newest notes about a contact."""
    return list(Note.objects.select_related("by").filter(contact_id=contact_id).order_by("-at", "-id")[:limit])


def staff_to_own() -> list[Staff]:
    """Who may look after a contact."""
    return list(Staff.objects.filter(is_active=True).order_by("name", "email"))


def tags() -> list[tuple[Tag, int]]:
    """Every tag with the number of contacts that have it, by name. Above COUNTED the number is an estimate."""
    return [(tag, vars(tag)["people"]) for tag in Tag.objects.raw(TAGS, {"counted": COUNTED})]


def consents_of(contact_id: int) -> list[ConsentEntry]:
    """The consent ledger of one contact, newest first."""
    lines = ConsentEntry.objects.select_related("by").filter(contact_id=contact_id)
    return list(lines.order_by("-at", "-id"))


def imports(staff: Staff | None, *, limit: int = 50) -> list[Import]:
    """The newest imports."""
    require(staff, "contacts.read")
    return list(Import.objects.select_related("started_by").order_by("-pk")[:limit])


def import_for(staff: Staff | None, import_id: int) -> Import:
    """One import. Raises NotFound."""
    require(staff, "contacts.read")
    found = Import.objects.select_related("started_by").filter(pk=import_id).first()
    if found is None:
        raise NotFound(_("There is no such import."))
    return found


def rejects_path(one: Import) -> Path:
    """The CSV of the rows that were not brought in: line, reason, then the cells. Raises NotFound without any."""
    path = (Path(settings.MEDIA_ROOT) / one.path).with_name(REJECTS)
    if not one.path or not path.is_file():
        raise NotFound(_("This import rejected no row."))
    return path


def _conditions(
    *, search: str, tag: str | None, marketing: str | None, language: str | None
) -> tuple[list[str], dict[str, Any]]:
    where: list[str] = []
    parameters: dict[str, Any] = {}
    # PostgreSQL keeps no NUL character, and refuses to compare with one.
    if search := search.replace("\0", "").strip():
        where.append(_search(search, parameters))
    if tag:
        where.append(
            "EXISTS (SELECT 1 FROM contact_tags t WHERE t.contact_id = c.id"
            " AND t.tag_id = (SELECT id FROM tags WHERE name = %(tag)s))"
        )
        parameters["tag"] = tag.replace("\0", "")
    if marketing:
        where.append("c.marketing = %(marketing)s")
        parameters["marketing"] = marketing.replace("\0", "")
    if language:
        where.append("(c.language = %(language)s OR starts_with(c.language, %(language)s || '-'))")
        parameters["language"] = language.replace("\0", "").lower()
    return where, parameters


def _search(search: str, parameters: dict[str, Any]) -> str:
    """Conditions that the trigram indexes answer: three letters anywhere, fewer only where a word begins."""
    text = re.sub(r"([\\%_])", r"\\\1", search)
    if search.startswith("@") and len(search) > 1:
        parameters["username"] = search.removeprefix("@")
        return "c.username = %(username)s"
    digits = re.sub(r"[\s().+\-/]", "", search)
    if digits.isascii() and digits.isdigit() and len(digits) >= 3:
        # As people write it at home: 06 39 98… is +33639 98… here.
        parameters["digits"] = f"%{digits.removeprefix('00').removeprefix('0')}%"
        parameters["text"] = f"%{text}%"
        return "(upper(c.phone) LIKE %(digits)s OR upper(c.name) LIKE upper(%(text)s))"
    if len(search) >= 3:
        parameters["text"] = f"%{text}%"
        return "upper(c.name) LIKE upper(%(text)s)"
    parameters |= {"text": f"{text}%", "word": f"% {text}%"}
    return "(upper(c.name) LIKE upper(%(text)s) OR upper(c.name) LIKE upper(%(word)s))"


def _total(where: Sequence[str], parameters: dict[str, Any]) -> tuple[int, bool]:
    """How many match, counted up to COUNTED; everybody is estimated from PostgreSQL's own statistics."""
    with connection.cursor() as cursor:
        if not where:
            cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = 'contacts'::regclass")
            estimate = cursor.fetchone()[0]
            if estimate > COUNTED:
                return int(estimate), True
        found = f"SELECT 1 FROM contacts c WHERE {_all([KNOWN, *where])} LIMIT {COUNTED + 1}"  # noqa: S608
        cursor.execute(f"SELECT count(*) FROM ({found}) AS counted", parameters)  # noqa: S608
        counted: int = cursor.fetchone()[0]
    return min(counted, COUNTED), counted > COUNTED


def _all(conditions: Sequence[str]) -> str:
    return " AND ".join(conditions) or "true"


def _name_tags(contacts: Sequence[Contact]) -> None:
    names: dict[int, list[str]] = {contact.pk: [] for contact in contacts}
    rows = Tag.objects.filter(tagged__contact_id__in=names).order_by("name").values_list("tagged__contact_id", "name")
    for contact_id, name in rows:
        names[contact_id].append(name)
    for contact in contacts:
        contact.tag_names = names[contact.pk]  # type: ignore[attr-defined]


def _cursor_of(last: Contact, sort: str) -> str:
    return f"{last.pk} {last.name if sort == 'name' else last.created_at.isoformat()}"


def _cursor(text: str, sort: str) -> tuple[str | datetime, int]:
    number, _blank, value = text.replace("\0", "").partition(" ")
    try:
        return (value if sort == "name" else datetime.fromisoformat(value)), int(number)
    except ValueError:
        raise BadInput(_("This page of the list can't be found: start again from the first.")) from None
