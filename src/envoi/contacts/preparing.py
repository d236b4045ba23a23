"""Before an import runs: its first rows, what its columns seem to be, and what somebody says that they are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ..core import clock, jobs
from ..core.errors import NotFound, Problem
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from .columns import (
    CONTACT_TITLES,
    ORDER_TITLES,
    Titles,
    guess,
    is_known,
    is_rejects,
    need_contacts,
    need_orders,
    recognise,
)
from .models import Import, ImportColumns
from .options import ImportOptions
from .stored import AS_CSV, is_to_unpack, table_of
from .words import folded

JOBS = {Import.Kind.CONTACTS: "contacts.run_import", Import.Kind.ORDERS: "orders.run_import"}
TITLES: dict[str, Titles] = {Import.Kind.CONTACTS: CONTACT_TITLES, Import.Kind.ORDERS: ORDER_TITLES}
# From these somebody may still choose; the others run, or have run.
OPEN = (Import.State.DRAFT, Import.State.CHECKED, Import.State.FAILED, Import.State.CANCELLED)
SHOWN = 5


class NotOpen(Problem):
    """The import runs, or has run: nothing about it can be chosen any more."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column as the page shows it: its title, the first cells, and what it seems to be (columns.recognise)."""

    title: str
    cells: list[str]
    what: str


@dataclass(frozen=True, slots=True)
class Preview:
    """A file before it is brought in. remembered: choices made for the same titles; encoding: as people know it."""

    columns: list[Column]
    encoding: str
    remembered: dict[str, Any]


def preview(one: Import) -> Preview:
    """The first rows of a stored file. Raises BadInput for one that can't be read at all."""
    titles = TITLES[one.kind]
    known = is_known(titles)
    with table_of(one, lambda title: folded(title) in known) as table:
        skip = 2 if is_rejects(table.header) else 0
        header = table.header[skip:]
        rows = [row.cells[skip:] for row in islice(table, SHOWN)]
        memory = ImportColumns.objects.filter(kind=one.kind, titles=titles_of(header)).first()
        chosen = list(ImportOptions.parse(one.options).columns) or (memory.columns if memory else [])
        whats = chosen if len(chosen) == len(header) else guess(header, titles)
        columns = [
            Column(title, [row[place][:60] if place < len(row) else "" for row in rows], what)
            for place, (title, what) in enumerate(zip(header, whats, strict=True))
        ]
        # How our own copy of a workbook is written is nobody's business.
        encoding = "" if table.path.name == AS_CSV else table.encoding.title
        return Preview(columns, encoding, memory.options if memory else {})


@transaction.atomic
def choose(import_id: int, *, options: Mapping[str, Any], check_only: bool, by: Staff | None) -> Import:
    """Say what the columns are and how to bring the file in, and queue that, or only a check that counts.

    Columns and options are remembered for the next file with the same titles. Raises BadInput, NotOpen.
    """
    require(by, "contacts.import")
    one = Import.objects.select_for_update().filter(pk=import_id).first()
    if one is None:
        raise NotFound(_("There is no such import."))
    if one.state not in OPEN:
        raise NotOpen(_("This import runs or has run already: send the file again to choose otherwise."))
    if is_to_unpack(one):
        raise NotOpen(_("The workbook was not read to its end: import the file again."))
    chosen = ImportOptions.parse(options)
    with table_of(one) as table:
        columns = recognise(table.header, TITLES[one.kind], chosen.columns)
        if one.kind == Import.Kind.ORDERS:
            need_orders(table.header, columns, chosen.currency)
        else:
            need_contacts(table.header, columns)
        header = table.header[2:] if columns.mended else table.header
    one.options = chosen.stored()
    one.save(update_fields=["options"])
    _remember(one.kind, header, chosen)
    return _queue(one, check_only=check_only, by=by)


@transaction.atomic
def go_on(import_id: int, *, by: Staff | None) -> Import:
    """Bring in what was checked. Raises NotOpen."""
    require(by, "contacts.import")
    one = Import.objects.select_for_update().filter(pk=import_id, state=Import.State.CHECKED).first()
    if one is None:
        raise NotOpen(_("Only a file that was checked can be brought in from here."))
    return _queue(one, check_only=False, by=by)


def titles_of(header: list[str]) -> str:
    """A hash by which files with the same first line know each other."""
    return hashlib.sha256("\n".join(map(folded, header)).encode()).hexdigest()


def _queue(one: Import, *, check_only: bool, by: Staff | None) -> Import:
    one.state = Import.State.QUEUED
    one.check_only = check_only
    one.cancel_requested = False
    one.problem = ""
    one.save(update_fields=["state", "check_only", "cancel_requested", "problem"])
    note(by, "contacts.check_import" if check_only else "contacts.import", f"import/{one.pk}", {"file": one.file_name})
    jobs.defer(JOBS[Import.Kind(one.kind)], import_id=one.pk)
    return one


def _remember(kind: str, header: list[str], chosen: ImportOptions) -> None:
    # What somebody vouches for is said anew for each file.
    kept = replace(chosen, tags=(), columns=(), consent=type(chosen.consent)()).stored()
    ImportColumns.objects.update_or_create(
        kind=kind,
        titles=titles_of(header),
        defaults={"columns": list(chosen.columns), "options": kept, "used_at": clock.now()},
    )
