"""The contact list at a million people: every filter and search, page 1 and page 5,000, as the page asks for them.

    envoi bench contacts [--json] [--people N]

`value` is the 95th percentile of all looks in seconds; the baseline is the first page of the bare table by its primary
key. `slowest` names the worst of them. Page 5,000 is where 5,000 pages of fifty end: the cursor is made for it, as
somebody who has turned all these pages would have it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from importlib import import_module
from typing import Any

import psycopg

from rig import Memory, bench, result, say

FILL = """
INSERT INTO contacts (phone, name, language, country, timezone, attributes, marketing, service)
SELECT '+336' || lpad(((n::bigint * 7919) %% 100000000)::text, 8, '0'),
       (ARRAY['Ana','Luc','Zoé','Max','Léa','Ugo','Inès','Paul','Jade','Tom'])[1 + n %% 10] || ' '
       || initcap(translate(substr(md5((n %% 20011)::text), 1, 7), '0123456789', 'aeioulrnst')),
       CASE WHEN n < 20000 THEN 'zh' WHEN n %% 1000 = 0 THEN 'ja' WHEN n %% 3 = 0 THEN 'en' ELSE 'fr' END,
       'FR', '', '{"city": "Lyon"}',
       CASE WHEN n BETWEEN 60000 AND 90000 THEN 'pending' WHEN n %% 100 = 0 THEN 'withdrawn'
            WHEN n %% 4 = 0 THEN 'unknown' ELSE 'granted' END, 'unknown'
  FROM generate_series(1, %(people)s) AS n
"""
AFTER = [
    # They refer to what was just inserted: not looked up one by one.
    "SET session_replication_role = 'replica'",
    "INSERT INTO identities (kind, value, contact_id) SELECT 'phone', phone, max(id) FROM contacts GROUP BY phone",
    "INSERT INTO tags (name) VALUES ('all'), ('half'), ('old'), ('rare')",
    "INSERT INTO contact_tags (contact_id, tag_id) SELECT c.id, t.id FROM contacts c JOIN tags t ON t.name = 'all'",
    "INSERT INTO contact_tags (contact_id, tag_id) SELECT c.id, t.id FROM contacts c JOIN tags t ON t.name = 'half'"
    " WHERE c.id % 2 = 0",
    # Many, but only among those who came first: the newest are walked past.
    "INSERT INTO contact_tags (contact_id, tag_id) SELECT c.id, t.id FROM contacts c JOIN tags t ON t.name = 'old'"
    " WHERE c.id < 50000",
    "INSERT INTO contact_tags (contact_id, tag_id) SELECT c.id, t.id FROM contacts c JOIN tags t ON t.name = 'rare'"
    " WHERE c.id % 9973 = 0",
    "VACUUM ANALYZE contacts",
    "VACUUM ANALYZE contact_tags",
    "VACUUM ANALYZE identities",
]
LOOKS: list[dict[str, Any]] = [
    {},
    {"sort": "name"},
    {"marketing": "granted"},
    {"marketing": "withdrawn"},
    # As with the tag “old”: many, and all of them among the first.
    {"marketing": "pending"},
    {"language": "fr"},
    {"language": "ja"},
    {"language": "zh"},
    {"language": "ko"},
    {"tag": "all"},
    {"tag": "half", "sort": "name"},
    {"tag": "old"},
    {"tag": "rare"},
    {"tag": "nobody"},
    {"tag": "half", "language": "fr", "marketing": "granted"},
    {"tag": "rare", "language": "fr", "marketing": "granted", "sort": "name"},
    {"search": "Ana"},
    {"search": "an"},
    {"search": "zoé l"},
    {"search": "xyzzy"},
    {"search": "06 12 34"},
    {"search": "+3361234"},
    {"search": "4567"},
    {"search": "336"},
    {"search": "lea", "tag": "half", "marketing": "granted"},
]
TIMES = 5


def deep(db: psycopg.Connection[Any], sort: str, rows: int) -> str:
    """The cursor of the page that begins after so many rows."""
    order = "name, id" if sort == "name" else "id DESC"
    row = db.execute(f"SELECT id, name FROM contacts ORDER BY {order} OFFSET {rows} LIMIT 1").fetchone()  # noqa: S608
    assert row is not None
    return f"{row[0]} {row[1] if sort == 'name' else sort}"


def main() -> None:
    """Measure and print."""
    wants = argparse.ArgumentParser()
    wants.add_argument("--people", type=int, default=1_000_000)
    asked = wants.parse_args()
    with bench() as one:
        import_module("visitor")
        find = import_module("envoi.contacts.finding").find
        say(f"Making {asked.people:,} contacts …")
        with psycopg.connect(one.url, autocommit=True) as db:
            db.execute(FILL, {"people": asked.people})
            for statement in AFTER:
                db.execute(statement)
            cursors = {sort: deep(db, sort, asked.people // 4) for sort in ("newest", "name")}
            memory = Memory(os.getpid())
            bare = []
            for _ in range(TIMES * 4):
                started = time.monotonic()
                db.execute("SELECT * FROM contacts ORDER BY id DESC LIMIT 51").fetchall()
                bare.append(time.monotonic() - started)
        seconds: list[tuple[float, str]] = []
        for look in LOOKS:
            for after in (None, cursors[look.get("sort", "newest")]):
                for _ in range(TIMES):
                    started = time.monotonic()
                    find(**look, after=after)
                    seconds.append((time.monotonic() - started, f"{look}{' page 5,000' if after else ''}"))
        seconds.sort(reverse=True)
        worst: dict[str, int] = {}
        for took, name in seconds:
            worst.setdefault(name, round(took * 1000))
        result(
            "contacts",
            value=seconds[len(seconds) // 20][0],
            unit="seconds",
            baseline="the first 51 rows of the bare table by its primary key",
            baseline_value=statistics.median(bare),
            seconds=time.monotonic() - one.started,
            peak_rss_mb=memory.stop(),
            more={
                "people": asked.people,
                "looks": len(LOOKS) * 2,
                "median_ms": round(statistics.median(took for took, _name in seconds) * 1000, 1),
                "slowest_ms": dict(list(worst.items())[:8]),
            },
        )


if __name__ == "__main__":
    main()
