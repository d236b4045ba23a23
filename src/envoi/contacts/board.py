"""Where an import stands, told while its transaction is still open, and whether somebody wants it stopped."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from django.db import connection

from .models import Import

TELL_SECONDS = 0.5
RUNNING = 0x656E766E


class Cancelled(Exception):
    """Somebody asked the import to stop."""


class StillRunning(Exception):
    """Another worker has this import in hand; look again later."""


@contextmanager
def board_of(import_id: int) -> Iterator[Board]:
    """The board of an import, for one worker at a time. Raises StillRunning."""
    with closing(Board(import_id)) as board:
        board.take()
        yield board


class Board:
    """Where one import stands, on a connection of its own: seen while the import is in its transaction."""

    def __init__(self, import_id: int) -> None:
        self.import_id = import_id
        self._db = connection.copy()
        self._next = 0.0

    def take(self) -> None:
        """Make this worker the only one on the import, for as long as the connection lives. Raises StillRunning."""
        if not self._one("SELECT pg_try_advisory_lock(%(space)s, %(key)s)", space=RUNNING, key=self.import_id % 2**31):
            raise StillRunning(f"import {self.import_id}")

    def begin(self) -> None:
        """It reads from the first line on, whatever an earlier try has told. Raises Cancelled."""
        self._tell(
            """UPDATE imports SET state = 'reading', started_at = now(), bytes_done = 0, rows_read = 0,
                                  rows_rejected = 0, problem = '',
                                  unseen = '{}'
                WHERE id = %(id)s RETURNING cancel_requested"""
        )

    def tell(self, state: str, done: int, read: int, rejected: int) -> None:
        """How far it is. Raises Cancelled."""
        self._next = time.monotonic() + TELL_SECONDS
        self._tell(
            """UPDATE imports SET state = %(state)s, bytes_done = LEAST(%(done)s, bytes_total), rows_read = %(read)s,
                                  rows_rejected = %(rejected)s
                WHERE id = %(id)s RETURNING cancel_requested""",
            state=state,
            done=done,
            read=read,
            rejected=rejected,
        )

    def tell_now_and_then(self, done: int, read: int, rejected: int) -> None:
        """As tell while reading, at most twice a second. Raises Cancelled."""
        if time.monotonic() >= self._next:
            self.tell(Import.State.READING, done, read, rejected)

    def hide(self, ids: list[int]) -> None:
        """Tell lists to step over these ids, from, below, from, below, … for as long as the import writes."""
        self._one("UPDATE imports SET unseen = %(ids)s::bigint[] WHERE id = %(id)s RETURNING true", ids=ids)

    def begin_unpacking(self) -> None:
        """A workbook is being turned into CSV. Raises Cancelled."""
        self._tell(
            """UPDATE imports SET started_at = now(), bytes_done = 0, problem = ''
                WHERE id = %(id)s RETURNING cancel_requested"""
        )

    def unpacked(self, share: float) -> None:
        """How much of a workbook is read, 0 to 1. Raises Cancelled."""
        self._tell(
            "UPDATE imports SET bytes_done = bytes_total * %(share)s WHERE id = %(id)s RETURNING cancel_requested",
            share=share,
        )

    def end_unpacking(self) -> None:
        """The workbook is read: its columns can be chosen. Raises Cancelled."""
        self._tell(
            """UPDATE imports SET state = CASE WHEN cancel_requested THEN state ELSE 'draft' END,
                                  started_at = NULL, bytes_done = 0
                WHERE id = %(id)s RETURNING cancel_requested"""
        )

    def begin_undo(self) -> None:
        """What was brought in is being taken back."""
        self._one(
            """UPDATE imports SET state = 'undoing', started_at = now(), bytes_done = 0, problem = ''
                WHERE id = %(id)s RETURNING true"""
        )

    def share(self, done: int, of: int) -> None:
        """How much of an undo is done."""
        self._one(
            "UPDATE imports SET bytes_done = bytes_total * %(done)s / %(of)s WHERE id = %(id)s RETURNING true",
            done=done,
            of=of,
        )

    def look(self) -> None:
        """Raise Cancelled when somebody asked for it."""
        self._tell("SELECT cancel_requested FROM imports WHERE id = %(id)s")

    def end(self, state: str, problem: str = "") -> None:
        """It has ended without bringing anything in; an undo that failed leaves the day on which its file came in."""
        self._one(
            """UPDATE imports SET state = %(state)s, problem = %(problem)s, unseen = '{}',
                                  finished_at = CASE WHEN %(state)s = 'finished' THEN finished_at ELSE now() END
                WHERE id = %(id)s RETURNING true""",
            state=state,
            problem=problem,
        )

    def close(self) -> None:
        """Leave the import to others."""
        try:
            if self._db.connection is not None:
                self._one("SELECT pg_advisory_unlock_all()")
        finally:
            self._db.close()

    def _tell(self, sql: str, **parameters: Any) -> None:
        if self._one(sql, **parameters):
            raise Cancelled

    def _one(self, sql: str, **parameters: Any) -> Any:
        with self._db.cursor() as cursor:
            cursor.execute(sql, {"id": self.import_id, **parameters})
            return cursor.fetchone()[0]
