"""What an import could take at best: the same rows, finished, put into the same tables with their keys and indexes.

    envoi bench floor [--json] [--kind contacts|orders] [--rows N]

Processor seconds a million rows of the file: `\\copy` of it into a bare table, the INSERT of the finished rows into
empty copies of the tables it fills (no foreign keys, nothing matched, nothing summed), and the import itself on the
server and in Python. `value` is what the floor takes, the baseline `\\copy`: no import into these tables has a lower
ratio. With --kind orders there is a contact for five orders.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import psutil
import psycopg

from rig import Bench, bench, result, say

TABLES = {
    "contacts": {
        "contacts": "id",
        "identities": "kind, value",
        "consents": "contact_id, id",
        "contact_tags": "contact_id, tag_id",
    },
    "orders": {"orders": "contact_id, at", "order_totals": "contact_id"},
}


class Clock:
    """Processor seconds of everything under a PostgreSQL server, those that ended included."""

    def __init__(self, url: str) -> None:
        with psycopg.connect(url) as db:
            (backend,) = db.execute("SELECT pg_backend_pid()").fetchone() or (0,)
            self._server = psutil.Process(psutil.Process(backend).ppid())
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measured(self, what: str) -> Iterator[None]:
        """Add up what the server works meanwhile, under this name."""
        before = self._now()
        yield
        self.seconds[what] = self.seconds.get(what, 0.0) + self._now() - before

    def _now(self) -> float:
        ended = self._server.cpu_times()
        # Only of the server's own children: what a child has ended is nobody's here.
        times = [one.cpu_times() for one in self._server.children()]
        return sum(one.user + one.system for one in times) + ended.children_user + ended.children_system


def floor(url: str, clock: Clock, kind: str) -> None:
    """Insert what an import has just brought in into empty copies of its tables; each table under its own name."""
    for table, order in TABLES[kind].items():
        with psycopg.connect(url, autocommit=True) as db:
            db.execute(f"CREATE TABLE floor_{table} (LIKE {table} INCLUDING ALL)")
            # Sorted beforehand: no import has to read these rows from anywhere but its own memory.
            db.execute(f"CREATE TABLE finished AS SELECT * FROM {table} ORDER BY {order}")  # noqa: S608
            db.execute("CHECKPOINT")
            with clock.measured(table):
                db.execute(f"INSERT INTO floor_{table} SELECT * FROM finished")  # noqa: S608
            db.execute(f"DROP TABLE floor_{table}, finished")


def python() -> float:
    """Processor seconds of ended child processes."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(one: Bench, kind: str, rows: int) -> None:
    """Bring a file in, then its rows into bare copies, and print what each took."""
    brought = import_module("import")
    for name, of in [("contacts", rows // 5), ("orders", rows)] if kind == "orders" else [("contacts", rows)]:
        path = one.folder / f"{name}.csv"
        say(f"Bringing in {of:,} {name} …")
        brought.contacts_file(path, of) if name == "contacts" else brought.orders_file(path, of, rows // 5)
        clock, before = Clock(one.url), python()
        with clock.measured("import"):
            _seconds, peak, _counts = brought.bring(one, name, path)
        read = python() - before
    with clock.measured("copy"):
        brought.bare_copy(one.url, path)
    say("The finished rows alone …")
    floor(one.url, clock, kind)
    million = {name: seconds * 1e6 / rows for name, seconds in clock.seconds.items()}
    least = sum(million[table] for table in TABLES[kind])
    result(
        "floor",
        value=least,
        unit="processor seconds a million rows",
        baseline="\\copy of the same file into a bare table",
        baseline_value=million["copy"],
        seconds=time.monotonic() - one.started,
        peak_rss_mb=peak,
        more={
            "kind": kind,
            "rows": rows,
            "import_server": round(million["import"], 2),
            "import_python": round(read * 1e6 / rows, 2),
            "tables": {table: round(million[table], 2) for table in TABLES[kind]},
        },
    )


def main() -> None:
    """Measure and print."""
    wants = argparse.ArgumentParser()
    wants.add_argument("--rows", type=int, default=500_000)
    wants.add_argument("--kind", choices=("contacts", "orders"), default="orders")
    asked = wants.parse_args()
    with bench() as one:
        measure(one, asked.kind, asked.rows)


if __name__ == "__main__":
    main()
