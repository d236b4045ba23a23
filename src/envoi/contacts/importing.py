"""Runs an import, whatever it brings: file -> COPY -> temporary table -> set-based SQL, all in one transaction.

Nothing of a file is in the database before all of it is: a Problem, a cancellation or a killed process leaves no row,
and the job, run again, begins at the first line. How far it is shows through a second connection of its own.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from django.db import connection, transaction
from django.utils.translation import gettext as _
from psycopg.copy import QueuedLibpqWriter

from ..core.errors import BadInput
from ..core.tables import unguarded
from .board import Board, Cancelled, StillRunning
from .columns import Columns, Titles, is_known, recognise
from .models import Import
from .options import ImportOptions
from .reading import Batch, Row, Table
from .rejects import REJECTS, Rejects
from .stored import table_of
from .words import folded
from .working import told_on, work_on

__all__ = ["Cells", "Kind", "Outcome", "StageRow", "StillRunning", "Watch", "run", "unchecked"]

BATCH = 2_000
BRINGING = (Import.State.QUEUED, Import.State.READING, Import.State.WRITING)
# Held while an import writes, so that two of them never wait for each other's rows in a circle.
WRITING = 0x656E766F

SETTINGS = """
SET LOCAL work_mem = '64MB';
-- Rough statistics of the temporary tables do: their joins are all on keys.
SET LOCAL default_statistics_target = 10;
-- A server in the middle of a long statement notices a killed worker, instead of finishing for nobody.
SET LOCAL client_connection_check_interval = '2s'
"""

# So many new rows make PostgreSQL's statistics wrong until its own next look, up to a minute later: pages would walk
# through everybody meanwhile.
MANY = 10_000
WHOLE_STATISTICS = "SET LOCAL default_statistics_target = DEFAULT"

REFUSED = "CREATE TEMPORARY TABLE refused (line int PRIMARY KEY, reason text) ON COMMIT DROP"

FINISH = """
UPDATE imports
   SET state = CASE WHEN check_only THEN 'checked' ELSE 'finished' END,
       finished_at = clock_timestamp(), unseen = '{}', bytes_done = bytes_total, rows_read = %(read)s,
       rows_created = %(created)s, rows_updated = %(updated)s, rows_unchanged = %(unchanged)s,
       rows_duplicate = %(duplicate)s, rows_rejected = %(rejected)s
 WHERE id = %(id)s AND NOT cancel_requested
"""

ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

Cells = list[str]
StageRow = Sequence[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Rows by what came of them; those refused by the database's answer are in the temporary table `refused`."""

    created: int
    updated: int
    unchanged: int
    duplicate: int


class Reader(Protocol):
    """From the cells of a file to what is copied into the stage."""

    def row(self, line: int, cells: Cells) -> StageRow:
        """One row. Raises BadInput for a bad one."""
        ...

    def batch(self, found: Batch) -> tuple[list[StageRow], set[int]]:
        """Those of the rows that are plain, and the places of those that `row` has to look at."""
        ...

    def finish(self, cursor: Any) -> None:
        """Write what belongs to the rows beside the stage, once all are read."""
        ...


class Watch(Protocol):
    """Who follows an import while it writes; see Board."""

    def look(self) -> None:
        """Between two statements. May raise Cancelled."""
        ...

    def hide(self, ids: list[int]) -> None:
        """These ids are given to people whom nobody sees yet."""
        ...


class Kind(Protocol):
    """What an app says about its files. `copy` is COPY … FROM STDIN (NULL ''): empty means NULL.

    tables: those that a file fills.
    """

    titles: Titles
    stage: str
    copy: str
    tables: str

    def reader(self, one: Import, header: Cells, columns: Columns) -> Reader:
        """What reads the rows of this file. Raises BadInput for columns that are not enough."""
        ...

    def write(self, cursor: Any, one: Import, watch: Watch) -> Outcome:
        """Move the stage into the tables; `watch` is told between statements."""
        ...


def run(import_id: int, kind: Kind) -> None:
    """Bring a stored file in, or say in its row why not. One that has ended is left as it is.

    Raises OperationalError when the database went away and StillRunning: then nothing is in, and it may run again.
    """
    with work_on(import_id, BRINGING) as work:
        if work is None:
            return
        one, board = work
        stopped = _("The import stopped on an error of Envoi's own. Nothing was changed.")
        with told_on(board, stopped=stopped):
            board.begin()
            _bring(one, kind, board)


@contextmanager
def unchecked(cursor: Any) -> Iterator[None]:
    """Insert rows whose foreign keys are right by themselves, without looking each of them up again.

    Only for rows that refer to what this transaction has inserted itself or holds locked: nobody can delete that
    before the commit. A look-up takes 9 µs, and a contact with two keys, a consent and two tags has seven of them,
    a third of the whole import. Where the database's owner does not let us, they are looked up.
    """
    cursor.execute("SELECT has_parameter_privilege('session_replication_role', 'SET')")
    if not cursor.fetchone()[0]:
        yield
        return
    cursor.execute("SET LOCAL session_replication_role = 'replica'")
    yield
    cursor.execute("SET LOCAL session_replication_role = 'origin'")


@contextmanager
def without_cycles() -> Iterator[None]:
    """Spare Python its search for rings of objects while millions of rows, which make none, come and go.

    It goes through all that lives each time some thousand objects were made: a third of the reading.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _bring(one: Import, kind: Kind, board: Board) -> None:
    titles = is_known(kind.titles)
    with table_of(one, lambda title: folded(title) in titles, lambda share: board.look()) as table:
        columns = recognise(table.header, kind.titles, ImportOptions.parse(one.options).columns)
        reader = kind.reader(one, table.header, columns)
        rejects = Rejects(table.path.with_name(REJECTS), _original(table.header, columns))
        with rejects, transaction.atomic():
            _write(one, kind, board, table, columns, reader, rejects)


def _write(
    one: Import,
    kind: Kind,
    board: Board,
    table: Table,
    columns: Columns,
    reader: Reader,
    rejects: Rejects,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SETTINGS)
        cursor.execute(kind.stage)
        cursor.execute(REFUSED)
        read = _copy(cursor, kind.copy, table, reader, columns, rejects, board)
        reader.finish(cursor)
        cursor.execute("ANALYZE stage")
        board.tell(Import.State.WRITING, table.bytes_read, read, rejects.count)
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WRITING])
        outcome = kind.write(cursor, one, board)
        if outcome.created > MANY:
            cursor.execute(WHOLE_STATISTICS)
            cursor.execute(f"ANALYZE {kind.tables}")
        _refuse(cursor, table.path, rejects)
        rejects.keep()
        counts = {name: getattr(outcome, name) for name in Outcome.__dataclass_fields__}
        cursor.execute(FINISH, counts | {"id": one.pk, "read": read, "rejected": rejects.count})
        if cursor.rowcount != 1:
            raise Cancelled


def _copy(
    cursor: Any,
    statement: str,
    table: Table,
    reader: Reader,
    columns: Columns,
    rejects: Rejects,
    board: Board,
) -> int:
    """Stream the good rows into the stage and the bad ones into the rejects; returns how many were read."""
    read = 0
    batch: list[StageRow] = []

    def one_by_one(rows: Iterable[Row]) -> int:
        count = 0
        for line, cells, reason in rows:
            if not reason and not any(cells):
                continue
            count += 1
            if columns.mended:
                cells = [unguarded(cell) for cell in cells]
            if reason:
                rejects.add(line, reason, _original(cells, columns))
                continue
            try:
                batch.append(reader.row(line, cells))
            except BadInput as problem:
                rejects.add(line, problem.sentence, _original(cells, columns))
        return count

    # A thread hands the rows over, so that the server takes them in while the next ones are read.
    writer = QueuedLibpqWriter(cursor.cursor)
    with without_cycles(), cursor.copy(statement, writer=writer) as copy:
        for found in table.batches():
            if isinstance(found, Row):
                read += one_by_one([found])
            elif columns.mended:
                read += one_by_one(map(Row, count(found.first), found.rows()))
            else:
                plain, doubt = reader.batch(found)
                batch += plain
                read += len(plain) + one_by_one(Row(found.first + at, found.row(at)) for at in sorted(doubt))
            if len(batch) >= BATCH:
                copy.write(as_copy(batch))
                batch.clear()
            board.tell_now_and_then(table.bytes_read, read, rejects.count)
        copy.write(as_copy(batch))
    return read


def _refuse(cursor: Any, path: Path, rejects: Rejects) -> None:
    """Write the rows that the database's answer refused; their cells are read from the file once more."""
    cursor.execute("SELECT line, reason FROM refused ORDER BY line")
    refused = _stream(cursor)
    wanted = next(refused, None)
    if wanted is None:
        return
    with Table(path) as table:
        columns = recognise(table.header, {})
        for found in table.batches():
            end = found.line + 1 if isinstance(found, Row) else found.first + len(found)
            while wanted is not None and wanted[0] < end:
                line, reason = wanted
                cells = found.cells if isinstance(found, Row) else found.row(line - found.first)
                rejects.add(line, reason, _original(cells, columns))
                wanted = next(refused, None)
            if wanted is None:
                return


def _stream(cursor: Any) -> Iterator[tuple[int, str]]:
    while rows := cursor.fetchmany(BATCH):
        yield from rows


def _original(cells: Cells, columns: Columns) -> Cells:
    """The cells of the customer's own file: without line and reason, when that was a file of rejects."""
    return cells[2:] if columns.mended else cells


def as_copy(rows: list[StageRow]) -> str:
    """Rows as COPY takes them. Almost never is there anything in a cell that has to be escaped."""
    text = "\n".join(map("\t".join, rows))
    marks = text.count("\t") + text.count("\n")
    if "\\" in text or "\r" in text or (rows and marks != len(rows) * len(rows[0]) - 1):
        text = "\n".join("\t".join(cell.translate(ESCAPED) for cell in row) for row in rows)
    return f"{text}\n" if rows else ""
