"""Bringing a million contacts in, against `\\copy` of the same file into a bare table; and pages meanwhile.

    envoi bench import [--json] [--rows N] [--kind contacts|orders]

The contacts' file has ten columns, 3 % bad rows and 5 % rows that repeat somebody. With --kind orders, five orders a
contact are brought in beside them. `value` is seconds; `pages_ms_max` is the slowest of the pages asked meanwhile.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import psycopg

from rig import Bench, Memory, bench, free_port, result, say, wait_for

COLUMNS = ("phone", "name", "language", "country", "tags", "city", "birthday", "size", "consent", "consent date")
CITIES = ("Lyon", "Nantes", "Lille", "Brest", "Metz", "Nice", "Dijon", "Tours")
FIRST = ("Ana", "Luc", "Zoé", "Max", "Léa", "Ugo", "Inès", "Paul", "Jade", "Tom")
PAGES = ("/contacts/", "/contacts/?q=Lea", "/campaigns/", "/")


def contacts_file(path: Path, rows: int) -> None:
    """Ten columns; of 100 rows three are bad and five repeat an earlier phone."""
    draw = random.Random(7)  # noqa: S311
    with path.open("w", newline="") as file:
        write = csv.writer(file)
        write.writerow(COLUMNS)
        for row in range(rows):
            fate = draw.randrange(100)
            number = draw.randrange(row) if fate < 5 and row else row
            phone = "not a number" if 5 <= fate < 8 else f"+336{number:08d}"
            write.writerow(
                (
                    phone,
                    f"{FIRST[row % 10]} {'abcdefghijklmnopqrst'[row % 20]}{row % 9973}",
                    ("fr", "en", "de")[row % 3],
                    "FR",
                    ("vip,spring", "spring", "", "news")[row % 4],
                    CITIES[row % 8],
                    f"19{50 + row % 50}-0{1 + row % 9}-1{row % 10}",
                    "SMLX"[row % 4],
                    ("yes", "yes", "no", "")[row % 4],
                    "2026-05-01",
                )
            )


def orders_file(path: Path, rows: int, contacts: int) -> None:
    """Orders of people by their phone."""
    with path.open("w", newline="") as file:
        write = csv.writer(file)
        write.writerow(("order number", "phone", "date", "amount", "currency", "quantity"))
        for row in range(rows):
            day = f"2026-{1 + row % 10:02d}-{1 + row % 28:02d}"
            write.writerow((f"o{row}", f"+336{row % contacts:08d}", day, f"{5 + row % 300}.{row % 90 + 10}", "EUR", 1))


def bare_copy(url: str, path: Path) -> float:
    """Seconds of COPY of the file into a table of text columns without an index."""
    with path.open() as file:
        titles = next(csv.reader(file))
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("DROP TABLE IF EXISTS bare")
        db.execute("CREATE TABLE bare (" + ", ".join(f'"{title}" text' for title in titles) + ")")
        started = time.monotonic()
        with (
            path.open("rb") as file,
            db.cursor() as cursor,
            cursor.copy("COPY bare FROM STDIN (FORMAT csv, HEADER)") as copy,
        ):
            while block := file.read(1 << 20):
                copy.write(block)
        seconds = time.monotonic() - started
        db.execute("DROP TABLE bare")
    return seconds


def bring(one: Bench, kind: str, path: Path) -> tuple[float, float, dict[str, int]]:
    """Seconds, peak memory in MB and the counts of `envoi import`."""
    words = [sys.executable, "-m", "envoi.cli", "import", kind, str(path), "--country", "FR", "--json"]
    words += ["--consent-source", "till"] if kind == "contacts" else []
    started = time.monotonic()
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    memory = Memory(process.pid)
    said, _ = process.communicate()
    seconds = time.monotonic() - started
    if process.returncode:
        raise SystemExit("The import failed.")
    return seconds, memory.stop(), json.loads(said.strip().splitlines()[-1])


class Pages(threading.Thread):
    """Asks for pages one after the other until `over`, as somebody signed in would; keeps how long each took."""

    def __init__(self, port: int, cookie: str) -> None:
        super().__init__(daemon=True)
        self.milliseconds: list[float] = []
        self.over = threading.Event()
        self.failed: Exception | None = None
        self._port, self._cookie = port, cookie

    def run(self) -> None:
        try:
            self._ask()
        except Exception as error:  # it is raised where the figures are read
            self.failed = error

    def _ask(self) -> None:
        while not self.over.is_set():
            for page in PAGES:
                request = urllib.request.Request(
                    f"http://127.0.0.1:{self._port}{page}", headers={"Cookie": f"envoi_session={self._cookie}"}
                )
                started = time.monotonic()
                with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                    if "/account/" in answer.url:
                        raise PermissionError("Nobody is signed in.")
                    answer.read()
                self.milliseconds.append((time.monotonic() - started) * 1000)
            self.over.wait(0.5)


def open_pages(one: Bench) -> Pages:
    """Start the web process and sign somebody in."""
    key = import_module("visitor").signed_in()
    port = free_port()
    one.start("-m", "envoi.cli", "web", "--port", str(port))
    ready = f"http://127.0.0.1:{port}/health/ready"

    def answers() -> bool:
        try:
            return bool(urllib.request.urlopen(ready, timeout=2).status == 200)
        except OSError:
            return False

    wait_for(answers, seconds=60, sentence="The web server did not start.")
    return Pages(port, key)


def several(asked: argparse.Namespace) -> Iterator[tuple[str, int]]:
    yield "contacts", asked.rows
    if asked.kind == "orders":
        yield "orders", asked.rows * 5


def main() -> None:
    """Measure and print."""
    wants = argparse.ArgumentParser()
    wants.add_argument("--rows", type=int, default=1_000_000)
    wants.add_argument("--kind", choices=("contacts", "orders"), default="contacts")
    asked = wants.parse_args()
    with bench() as one:
        pages = open_pages(one)
        for kind, rows in several(asked):
            path = one.folder / f"{kind}.csv"
            say(f"Writing a file of {rows:,} {kind} …")
            contacts_file(path, rows) if kind == "contacts" else orders_file(path, rows, asked.rows)
            copied = bare_copy(one.url, path)
            say(f"\\copy took {copied:.1f} s; bringing it in …")
            watch = kind == asked.kind
            if watch:
                pages.start()
            seconds, peak, counts = bring(one, kind, path)
            say(f"{rows:,} {kind} took {seconds:.0f} s.")
            if not watch:
                continue
            pages.over.set()
            pages.join()
            if pages.failed:
                raise pages.failed
            slow = sorted(pages.milliseconds)
            result(
                "import",
                value=seconds,
                unit="seconds",
                baseline="\\copy of the same file into a bare table",
                baseline_value=copied,
                seconds=time.monotonic() - one.started,
                peak_rss_mb=peak,
                more={
                    "kind": kind,
                    "rows_per_second": round(rows / seconds),
                    "pages_ms_max": round(slow[-1]),
                    "pages_ms_p95": round(slow[int(len(slow) * 0.95)]),
                    "counts": counts,
                },
            )


if __name__ == "__main__":
    main()
