"""Files brought in by tests, and what waits for another process without hoping."""

from __future__ import annotations

import csv
import io
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
from django.db import connection

from envoi.contacts import actions, imports, queries
from envoi.contacts.models import Contact, Import
from envoi.orders import imports as order_imports


def stored(
    content: str | bytes, *, kind: str = "contacts", name: str = "people.csv", draft: bool = False, **options: Any
) -> Import:
    """An import of this content, waiting for its worker, or for somebody to say what its columns are."""
    data = content.encode() if isinstance(content, str) else content
    return actions.start_import(kind=kind, file_name=name, file=io.BytesIO(data), options=options, by=None, draft=draft)


def brought(content: str | bytes, *, kind: str = "contacts", **options: Any) -> Import:
    """An import of this content, after its worker is done."""
    one = stored(content, kind=kind, **options)
    return run(one)


def run(one: Import) -> Import:
    """Do the worker's part."""
    (order_imports if one.kind == "orders" else imports).run(one.pk)
    one.refresh_from_db()
    return one


def counts(one: Import) -> dict[str, int]:
    """Rows by what came of them, without the zeros."""
    names = ("created", "updated", "unchanged", "duplicate", "rejected")
    found = {name: getattr(one, f"rows_{name}") for name in names}
    assert sum(found.values()) == one.rows_read
    return {name: number for name, number in found.items() if number}


def rejects(one: Import) -> list[list[str]]:
    """The rows of the rejects file, its first line included."""
    text = queries.rejects_path(one).read_text("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def reasons(one: Import) -> dict[int, str]:
    """Why each line was refused."""
    return {int(row[0]): row[1] for row in rejects(one)[1:]}


def contact(phone: str) -> Contact:
    return Contact.objects.get(phone=phone)


def until(holds: Callable[[], Any], *, seconds: float = 30) -> Any:
    """What `holds` returns as soon as that is true; a failure when it never is."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)
    return found


def waiting(db: psycopg.Connection[Any]) -> list[int]:
    """Processes of the server, in this database, that wait for somebody's lock."""
    # Within a transaction the server would show the first answer again.
    db.execute("SELECT pg_stat_clear_snapshot()")
    rows = db.execute(
        """SELECT pid FROM pg_stat_activity
            WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"""
    ).fetchall()
    return [pid for (pid,) in rows]


class Aside(threading.Thread):
    """Work on the side, on a connection of its own; `result` waits for its end and raises what it raised."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._value: Any = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._value = self._work()
        except BaseException as error:
            self._error = error
        finally:
            connection.close()

    def result(self) -> Any:
        self.join(30)
        assert not self.is_alive()
        if self._error:
            raise self._error
        return self._value
