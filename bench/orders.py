"""How many orders a second are taken in with every buyer's figures kept, and how soon a segment knows of one.

    envoi bench orders [--json] [--people N] [--each N] [--new N]

`--people` contacts have `--each` orders on average; then `--new` orders come in, a batch at a time, through the same
action as the API's bulk call. `value` is orders per second; the baseline inserts the same batches into an empty copy of
the table that has its primary key and nothing else. `segment_ms`: from handing in one order to a segment's count of
everybody that has its buyer in it, while a writer in another process keeps handing in batches.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from bench.rig import Memory, bench, result, say

BATCH = 1_000
ASKED = 20
DAYS = 500
# More than anybody else has spent: exactly the buyers that `soon` makes are in it.
RICH = 10**9
RULE = {
    "all": [
        {"field": "orders.count", "is": ">=", "value": 2},
        {"field": "orders.spend", "is": ">", "value": RICH},
        {"field": "orders.last_days", "is": "within", "value": 7},
    ]
}

SEED = """
INSERT INTO orders (contact_id, external_id, at, amount, currency, quantity, value)
SELECT 1 + mod(n * 48271, %(people)s), 'seed ' || n, now() - make_interval(mins => mod(n * 69621, %(minutes)s)::int),
       5 + mod(n, 300) + 0.5, 'EUR', 1, 5 + mod(n, 300) + 0.5
  FROM generate_series(1::bigint, %(orders)s) AS n
"""
# Everybody whose windows would change in the coming day.
TOMORROW = "UPDATE order_totals SET fresh_until = now() WHERE fresh_until < now() + interval '1 day'"


def seed(url: str, people: int, each: int) -> None:
    """Orders of the past, spread over everybody and over more than a year, and their totals."""
    totals = importlib.import_module("envoi.orders.totals")
    with psycopg.connect(url, autocommit=True) as db:
        # Look-ups of contacts that are known to be there, one for each row, would take most of the time.
        db.execute("SET session_replication_role = 'replica'")
        db.execute("SET work_mem = '256MB'")
        db.execute("SET maintenance_work_mem = '512MB'")
        db.execute("INSERT INTO order_settings (id, currency) VALUES (1, 'EUR')")
        # Indexes that are made at the end take a fifth of the time of those that grow.
        indexes = db.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'orders' AND indexname <> 'orders_pkey'"
        ).fetchall()
        db.execute("ALTER TABLE orders DROP CONSTRAINT orders_pkey")
        for name, _definition in indexes:
            db.execute(f"DROP INDEX {name}")
        db.execute(SEED, {"people": people, "orders": people * each, "minutes": DAYS * 24 * 60})
        db.execute("ALTER TABLE orders ADD PRIMARY KEY (contact_id, id)")
        for _name, definition in indexes:
            db.execute(definition)
        db.execute("VACUUM ANALYZE orders")
        db.execute("CREATE TEMPORARY TABLE everybody AS SELECT id AS contact_id FROM contacts")
        totals.refresh_from(db, "everybody")
        db.execute("VACUUM ANALYZE order_totals")


def batches(people: int, count: int, mark: str) -> Iterator[list[Any]]:
    """New orders of today, of anybody."""
    new = importlib.import_module("envoi.orders.actions").NewOrder
    draw = random.Random(mark)  # noqa: S311
    now = datetime.now(UTC)
    for start in range(0, count, BATCH):
        yield [
            new(
                1 + draw.randrange(people),
                f"{mark} {number}",
                now - timedelta(seconds=draw.randrange(3600)),
                Decimal(draw.randrange(500, 30_000)) / 100,
                "EUR",
                1,
                [],
            )
            for number in range(start, min(start + BATCH, count))
        ]


def bare(url: str, all_batches: list[list[Any]]) -> float:
    """Orders per second of plain INSERTs, a transaction a batch."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("CREATE TABLE bare (LIKE orders INCLUDING DEFAULTS)")
        db.execute("ALTER TABLE bare ADD PRIMARY KEY (contact_id, id)")
        started = time.monotonic()
        for rows in all_batches:
            db.execute(
                "INSERT INTO bare (contact_id, external_id, at, amount, currency, quantity, items)"
                " SELECT * FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::numeric[], %s::text[],"
                " %s::int[], %s::jsonb[])",
                [
                    [one.contact_id for one in rows],
                    [one.external_id for one in rows],
                    [one.at for one in rows],
                    [one.amount for one in rows],
                    [one.currency for one in rows],
                    [one.quantity for one in rows],
                    ["[]" for _ in rows],
                ],
            )
        seconds = time.monotonic() - started
        db.execute("DROP TABLE bare")
    return sum(map(len, all_batches)) / seconds


def soon(people: int) -> list[float]:
    """Milliseconds from handing in an order to a count of everybody that has its buyer in it, for a few buyers."""
    actions = importlib.import_module("envoi.orders.actions")
    count = importlib.import_module("envoi.segments.queries").count
    taken = []
    for number in range(ASKED):
        contact_id = 1 + number * people // ASKED
        orders = [
            actions.NewOrder(contact_id, f"soon {number} {one}", datetime.now(UTC), Decimal(RICH), "EUR")
            for one in range(2)
        ]
        started = time.monotonic()
        actions.add_orders(orders)
        assert count(RULE) == number + 1
        taken.append((time.monotonic() - started) * 1000)
    return sorted(taken)


def timed(work: Callable[[], Any]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def write_on(people: int) -> None:
    """The writer in another process: batches until it is ended."""
    importlib.import_module("django").setup()
    actions = importlib.import_module("envoi.orders.actions")
    for rows in batches(people, 10**9, f"writer {os.getpid()}"):
        actions.add_orders(rows)


def main() -> None:
    wants = argparse.ArgumentParser()
    wants.add_argument("--people", type=int, default=1_000_000)
    wants.add_argument("--each", type=int, default=5)
    wants.add_argument("--new", type=int, default=60_000)
    wants.add_argument("--write", action="store_true", help=argparse.SUPPRESS)
    asked = wants.parse_args()
    if asked.write:
        write_on(asked.people)
        return
    with bench() as one:
        # Only now: they bring Django, which reads the database's address.
        crowd = importlib.import_module("bench.crowd")
        actions = importlib.import_module("envoi.orders.actions")
        bounds = importlib.import_module("envoi.orders.bounds")
        windows = importlib.import_module("envoi.orders.windows")
        say(f"Making {asked.people:,} contacts with {asked.people * asked.each:,} orders …")
        crowd.people(one.url, asked.people)
        seed(one.url, asked.people, asked.each)
        scored = timed(bounds.refresh)
        with psycopg.connect(one.url, autocommit=True) as db:
            changing = db.execute(TOMORROW).rowcount
        counted = timed(lambda: [None for _ in iter(windows.keep_stretch, 0)])
        say(f"Taking in {asked.new:,} more …")
        all_batches = list(batches(asked.people, asked.new, "new"))
        memory = Memory(os.getpid())
        seconds = timed(lambda: [actions.add_orders(rows) for rows in all_batches])
        plain = bare(one.url, all_batches)
        one.start(str(Path(__file__)), "--write", "--people", str(asked.people), PYTHONPATH=os.pathsep.join(sys.path))
        waited = soon(asked.people)
        result(
            "orders",
            value=asked.new / seconds,
            unit="orders/s",
            baseline="INSERT of the same batches into an empty table with its primary key alone",
            baseline_value=plain,
            seconds=time.monotonic() - one.started,
            peak_rss_mb=memory.stop(),
            more={
                "segment_ms_median": round(waited[ASKED // 2]),
                "segment_ms_max": round(waited[-1]),
                "bounds_seconds": round(scored, 2),
                "a_days_windows_people": changing,
                "a_days_windows_seconds": round(counted, 2),
            },
        )


if __name__ == "__main__":
    main()
