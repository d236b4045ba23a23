"""Reading people: the list, one of them, their tags and consent, the imports. It changes nothing."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from ..core.errors import NotFound
from ..core.paging import Page
from ..team.models import Staff
from ..team.rights import require
from .finding import COUNTED, KNOWN, Sort, find, name_tags
from .models import ConsentEntry, Contact, Identity, Import, Note, Tag
from .preparing import OPEN, NotOpen, Preview, preview
from .rejects import REJECTS
from .stored import is_to_unpack
from .unseen import stretches

__all__ = ["COUNTED", "KNOWN", "Sort"]

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
            ELSE (SELECT count(*) FROM unnest(%(starts)s::bigint[], %(ends)s::bigint[]) AS stretch (start, below)
                   CROSS JOIN LATERAL (SELECT 1 FROM contact_tags ct
                                        WHERE ct.tag_id = t.id AND ct.contact_id >= start
                                          AND ct.contact_id < below) AS one) END AS people
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

    search: part of a name (two letters or fewer: the start of a word of it) or the beginning or end of a phone number
    (three digits or more); tag: its name; marketing: unknown, granted or withdrawn; language: "zh" also finds
    "zh-hans"; after: the `next` of the page before, for the same search and sort. Raises BadInput for one that is not
    ours.
    """
    require(staff, "contacts.read")
    return find(search=search, tag=tag, marketing=marketing, language=language, sort=sort, after=after, limit=limit)


def contact_for(staff: Staff | None, contact_id: int) -> Contact:
    """One contact, with `tag_names`. Raises NotFound."""
    require(staff, "contacts.read")
    contact = Contact.objects.select_related("owner").filter(pk=contact_id).first()
    if contact is None:
        raise NotFound(_("There is no such contact."))
    name_tags([contact])
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
    starts, ends = zip(*stretches(), strict=True)
    found = Tag.objects.raw(TAGS, {"counted": COUNTED, "starts": list(starts), "ends": list(ends)})
    return [(tag, vars(tag)["people"]) for tag in found]


def consents_of(contact_id: int) -> list[ConsentEntry]:
    """The consent ledger of one contact, newest first."""
    lines = ConsentEntry.objects.select_related("by").filter(contact_id=contact_id)
    return list(lines.order_by("-at", "-id"))


def imports(staff: Staff | None, *, limit: int = 50) -> list[Import]:
    """The newest imports of files."""
    require(staff, "contacts.read")
    return list(Import.objects.exclude(path="").select_related("started_by").order_by("-pk")[:limit])


def import_for(staff: Staff | None, import_id: int) -> Import:
    """One import. Raises NotFound."""
    require(staff, "contacts.read")
    found = Import.objects.select_related("started_by").filter(pk=import_id).first()
    if found is None:
        raise NotFound(_("There is no such import."))
    return found


def is_readable(staff: Staff | None, import_id: int) -> bool:
    """Whether the first rows of an import can be shown: not while a large workbook is yet to be turned into CSV."""
    require(staff, "contacts.import")
    one = import_for(staff, import_id)
    return one.state != Import.State.UNPACKING and not is_to_unpack(one)


def preview_of(staff: Staff | None, import_id: int) -> tuple[Import, Preview]:
    """One import that is being prepared, with its first rows. Raises NotFound, BadInput, NotOpen."""
    require(staff, "contacts.import")
    one = import_for(staff, import_id)
    if one.state not in OPEN:
        raise NotOpen(_("This import runs or has run already: send the file again to choose otherwise."))
    return one, preview(one)


def rejects_path(one: Import) -> Path:
    """The CSV of the rows that were not brought in: line, reason, then the cells. Raises NotFound without any."""
    path = (Path(settings.MEDIA_ROOT) / one.path).with_name(REJECTS)
    if not one.path or not path.is_file():
        raise NotFound(_("This import rejected no row."))
    return path
