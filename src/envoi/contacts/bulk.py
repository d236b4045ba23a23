"""Rows that a program sends, brought in by the path of files: stage, match, write; all that is good in one transaction.

A row that can't be read comes back with its place and a sentence, and the others go in. What came so can be undone as a
file can.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from ..core import clock
from ..core.errors import BadInput, Problem
from ..team.models import Staff
from ..team.rights import require
from ..web.templatetags.look import count
from . import importing
from .columns import ATTRIBUTE, TITLE, Columns, recognise
from .importing import Kind, Outcome
from .imports import ContactFile
from .models import Import
from .options import ImportOptions

MOST_ROWS = 10_000
# As long as a program waits for an answer.
WAIT = "20s"

CONTACT_KEYS = ("phone", "customer", "name", "language", "country", "timezone", "tags", "consent", "consent_at")


class Busy(Problem):
    """A large import is writing at the moment."""

    status = 503


@dataclass(frozen=True, slots=True)
class Done:
    """What came of the rows. refused: their places, counted from 0, with a sentence each. import_id: for its undo."""

    import_id: int
    created: int
    updated: int
    unchanged: int
    duplicate: int
    refused: dict[int, str]


def bring_contacts(
    rows: Sequence[Mapping[str, Any]], *, options: Mapping[str, Any] | None = None, by: Staff | None
) -> Done:
    """Add or change contacts: CONTACT_KEYS as text, `tags` as a list, `attributes` as a mapping.

    options: as for a file (ImportOptions). Raises BadInput for too many rows or an option that can't be meant, and
    Busy while an import writes.
    """
    keys = dict.fromkeys(str(key).strip() for row in rows for key in row.get("attributes") or {})
    if any(not 0 < len(key) <= TITLE or "\0" in key for key in keys):
        raise BadInput(_("The name of an attribute has 1 to 60 characters."))
    header = [*CONTACT_KEYS, *(ATTRIBUTE + key for key in keys)]
    columns = recognise(header, ContactFile.titles, header)
    return bring(ContactFile(), Import.Kind.CONTACTS, header, columns, _cells(rows, list(keys)), options or {}, by=by)


def bring(
    kind: Kind,
    name: str,
    header: list[str],
    columns: Columns,
    rows: Sequence[list[str] | BadInput],
    options: Mapping[str, Any],
    *,
    by: Staff | None,
) -> Done:
    """Bring rows of cells in. A row that is a BadInput already is one of the refused."""
    require(by, "contacts.import")
    if len(rows) > MOST_ROWS:
        raise BadInput(_("Send at most %(most)s rows at a time.") % {"most": count(MOST_ROWS)})
    chosen = ImportOptions.parse(options)
    refused: dict[int, str] = {}
    with transaction.atomic(), connection.cursor() as cursor:
        one = Import.objects.create(
            kind=name, file_name="API", options=chosen.stored(), started_by=by, started_at=clock.now()
        )
        outcome = _write(cursor, kind, one, kind.reader(one, header, columns), rows, refused)
        one.state = Import.State.FINISHED
        one.finished_at = clock.now()
        one.rows_read, one.rows_rejected = len(rows), len(refused)
        one.rows_created, one.rows_updated = outcome.created, outcome.updated
        one.rows_unchanged, one.rows_duplicate = outcome.unchanged, outcome.duplicate
        one.save()
    return Done(one.pk, outcome.created, outcome.updated, outcome.unchanged, outcome.duplicate, refused)


class Unwatched:
    """Few rows, and somebody waits for them: nobody follows or hides anything."""

    def look(self) -> None:
        """Nobody cancels."""

    def hide(self, ids: list[int]) -> None:
        """A list steps over ten thousand rows in a few milliseconds."""


def text_of(value: Any) -> str:
    """A value of JSON as a cell. Raises BadInput for what no cell can hold."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            if "\0" in value:
                raise BadInput(_("A value has a NUL character."))
            return value
        case int() | float():
            return str(value)
    return json.dumps(value, ensure_ascii=False)


def _write(
    cursor: Any,
    kind: Kind,
    one: Import,
    reader: importing.Reader,
    rows: Sequence[list[str] | BadInput],
    refused: dict[int, str],
) -> Outcome:
    cursor.execute(importing.SETTINGS)
    cursor.execute(kind.stage)
    cursor.execute(importing.REFUSED)
    good = []
    for place, cells in enumerate(rows):
        try:
            if isinstance(cells, BadInput):
                raise cells
            good.append(reader.row(place, cells))
        except BadInput as problem:
            refused[place] = problem.sentence
    with cursor.copy(kind.copy) as copy:
        copy.write(importing.as_copy(good))
    reader.finish(cursor)
    cursor.execute("ANALYZE stage")
    _take_turn(cursor)
    outcome = kind.write(cursor, one, Unwatched())
    cursor.execute("SELECT line, reason FROM refused")
    refused.update(cursor.fetchall())
    return outcome


def _take_turn(cursor: Any) -> None:
    cursor.execute(f"SET LOCAL lock_timeout = '{WAIT}'")
    try:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [importing.WRITING])
    except OperationalError:
        raise Busy(_("A large import is writing just now: send this again in a minute.")) from None
    cursor.execute("SET LOCAL lock_timeout = DEFAULT")


def _cells(rows: Sequence[Mapping[str, Any]], keys: list[str]) -> list[list[str] | BadInput]:
    return list(_each(rows, keys))


def _each(rows: Sequence[Mapping[str, Any]], keys: list[str]) -> Iterator[list[str] | BadInput]:
    for row in rows:
        attributes = {str(key).strip(): value for key, value in (row.get("attributes") or {}).items()}
        try:
            cells = [_tags(row.get("tags")) if key == "tags" else text_of(row.get(key)) for key in CONTACT_KEYS]
            yield [*cells, *(text_of(attributes.get(key)) for key in keys)]
        except BadInput as problem:
            yield problem


def _tags(words: Any) -> str:
    """A list of tags as a cell: one a line."""
    if any(any(mark in str(word) for mark in ",;|，；、\n") for word in words or ()):
        raise BadInput(_("A tag has no comma, semicolon or bar."))
    return "\n".join(map(text_of, words or ()))
