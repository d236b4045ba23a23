"""Reading files: for lists and pickers, and one whole for who may see it."""

from __future__ import annotations

from collections.abc import Collection

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from ..core.errors import NotFound
from ..core.links import file_behind
from ..core.paging import Page, whole
from ..team.models import Staff
from ..team.rights import may, require
from .models import File

PER_PAGE = 48
KINDS = File.Kind.choices
# Any of these rights opens a page that shows such files: contacts and conversations what customers sent; they,
# templates and campaigns what the company sends.
SEEN_WITH = {
    File.Source.INBOUND: ("contacts.read", "inbox.read"),
    File.Source.UPLOAD: ("contacts.read", "inbox.read", "templates.read", "campaigns.read"),
}


def files(staff: Staff | None, *, kind: str = "", search: str = "", after: str | None = None) -> Page[File]:
    """The library, newest first; `kind` image, video, audio, document or sticker."""
    require(staff, "contacts.read")
    found = File.objects.filter(source=File.Source.UPLOAD).select_related("created_by").order_by("-id")
    if kind:
        found = found.filter(kind=kind)
    if search:
        found = found.filter(name__icontains=search)
    if (last := whole(after)) is not None:
        found = found.filter(id__lt=last)
    rows = list(found[: PER_PAGE + 1])
    return Page(rows[:PER_PAGE], str(rows[PER_PAGE - 1].pk) if len(rows) > PER_PAGE else None)


def file_for(staff: Staff | None, file_id: int) -> File:
    """One file, for who may open pages that show it. Raises NotFound also for who may not: what exists is not told."""
    seen = [source for source, rights in SEEN_WITH.items() if any(may(staff, right) for right in rights)]
    if seen and (found := File.objects.filter(pk=file_id, source__in=seen).first()):
        return found
    raise NotFound(_("There is no such file."))


def library_file(staff: Staff | None, file_id: int, *, lock: bool = False) -> File:
    """One file of the library, if asked so until the end of the transaction. Raises NotFound."""
    require(staff, "contacts.read")
    found = File.objects.filter(pk=file_id, source=File.Source.UPLOAD)
    if (file := (found.select_for_update() if lock else found).first()) is not None:
        return file
    raise NotFound(_("There is no such file."))


def file_behind_link(seal: str) -> File:
    """The file that a public address of ours opens (core.links). Raises NotFound for any other, and for an old one."""
    file_id = file_behind(seal)
    if file_id is not None and (found := File.objects.filter(pk=file_id).first()):
        return found
    raise NotFound(_("There is no such file."))


def files_by_id(file_ids: Collection[int]) -> dict[int, File]:
    """These files, by id; what was deleted is left out."""
    return File.objects.in_bulk(list(file_ids)) if file_ids else {}


def content(file: File, start: int = 0, length: int | None = None) -> bytes:
    """Bytes of a file. Raises NotFound when the storage has lost it."""
    try:
        with default_storage.open(file.path) as stored:
            stored.seek(start)
            data: bytes = stored.read() if length is None else stored.read(length)
    except FileNotFoundError:
        raise NotFound(_("The file is no longer in the storage.")) from None
    return data
