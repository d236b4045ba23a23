"""Steps over what a running import has inserted: nobody sees it before the commit, but an index holds it already.

A list that begins with the newest met all of them, up to a million on every page. An import says which ids it has given
out (`imports.unseen`, on a connection of its own), and a list goes from one side of them to the other.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

# Ids are bigint.
BEYOND = 2**63 - 1

# Others take numbers too while an import takes its million: their people are seen. Almost always it is one range.
GIVEN_OUT = """
SELECT min(contact_id), max(contact_id) + 1, count(*) FROM matched WHERE is_new
"""
RANGES = """
SELECT lower(one), upper(one)
  FROM (SELECT unnest(range_agg(int8range(contact_id, contact_id + 1))) AS one FROM {people}) AS ranges
 ORDER BY upper(one) - lower(one) DESC LIMIT 20
"""
RUNNING = "SELECT unseen FROM imports WHERE state = 'writing' AND unseen <> '{}'"


def given_out(cursor: Any) -> list[int]:
    """The ids that the table `matched` gives to new people: from, below, from, below, …"""
    cursor.execute(GIVEN_OUT)
    first, end, people = cursor.fetchone()
    if not people:
        return []
    if end - first == people:
        return [first, end]
    cursor.execute(RANGES.format(people="matched WHERE is_new"))
    return edges(cursor)


def edges(cursor: Any) -> list[int]:
    """What RANGES has found: from, below, from, below, …"""
    return [edge for one in cursor.fetchall() for edge in one]


def stretches() -> list[tuple[int, int]]:
    """All ids but those: (from, below), the highest first. One stretch while no import writes."""
    with connection.cursor() as cursor:
        cursor.execute(RUNNING)
        ranges = [pair for (edges,) in cursor.fetchall() for pair in zip(edges[::2], edges[1::2], strict=True)]
    found, below = [], BEYOND
    for start, end in sorted(ranges, reverse=True):
        found.append((end, below))
        below = start
    return [*found, (0, below)]
