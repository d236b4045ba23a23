"""The list newest first, by the index that holds exactly those who are asked for in this order.

Left to itself PostgreSQL walks the primary key past everybody who came later, and past all that a running import has
inserted: half a second where somebody asks for a tag that only the first contacts have.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

from .models import Contact
from .unseen import stretches

# OFFSET 0 keeps the planner from turning the look-up of a contact around into a walk of all of them.
EVERYBODY = """
SELECT c.* FROM contacts c WHERE {where} AND c.id >= %(_from)s AND c.id < %(_below)s ORDER BY c.id DESC LIMIT %(_most)s
"""
TAGGED = """
SELECT c.* FROM contact_tags t
 CROSS JOIN LATERAL (SELECT * FROM contacts c WHERE c.id = t.contact_id AND {where} OFFSET 0) AS c
 WHERE t.tag_id = %(tag)s AND t.contact_id >= %(_from)s AND t.contact_id < %(_below)s
 ORDER BY t.contact_id DESC LIMIT %(_most)s
"""
# One language with one state of consent is a stretch of contacts_by_language, ordered by id: the newest of each, and
# of those the newest. There are some dozens of them at most.
STREAMS = """
(SELECT s.id FROM unnest(%(languages)s::text[]) AS spoken CROSS JOIN unnest(%(states)s::text[]) AS said
  CROSS JOIN LATERAL (SELECT i.id FROM contacts i
                       WHERE i.language = spoken AND i.marketing = said AND i.erased_at IS NULL
                         AND i.id >= %(_from)s AND i.id < %(_below)s
                       ORDER BY i.id DESC LIMIT %(_most)s) AS s)
"""
NEWEST = f"""
SELECT c.* FROM (SELECT n.id FROM {STREAMS} AS n ORDER BY n.id DESC LIMIT %(_most)s) AS newest
 CROSS JOIN LATERAL (SELECT * FROM contacts c WHERE c.id = newest.id OFFSET 0) AS c
 ORDER BY c.id DESC
"""  # noqa: S608
IDS_OF_STREAMS = f"SELECT n.id FROM {STREAMS} AS n LIMIT %(_most)s"  # noqa: S608
IDS = "SELECT c.id FROM contacts c WHERE {where} LIMIT %(_most)s"
WITHIN = "c.id >= %(_from)s AND c.id < %(_below)s"

LANGUAGES = """
WITH RECURSIVE found AS (
    (SELECT language FROM contacts WHERE erased_at IS NULL ORDER BY language LIMIT 1)
     UNION ALL
    SELECT (SELECT c.language FROM contacts c WHERE c.erased_at IS NULL AND c.language > found.language
             ORDER BY c.language LIMIT 1)
      FROM found WHERE found.language IS NOT NULL
)
SELECT language FROM found WHERE language IS NOT NULL
"""


def languages() -> list[str]:
    """Every language that somebody has: one look into the index for each, however many people there are."""
    with connection.cursor() as cursor:
        cursor.execute(LANGUAGES)
        return [one for (one,) in cursor.fetchall()]


def newest(sql: str, parameters: dict[str, Any], *, below: int | None, limit: int) -> list[Contact]:
    """The first `limit` contacts of one of the statements above, the highest id first, all of them under `below`."""
    found: list[Contact] = []
    for start, end in stretches():
        if below is not None and below <= start:
            continue
        bounds = {"_from": start, "_below": end if below is None else min(end, below), "_most": limit - len(found)}
        found += Contact.objects.raw(sql, parameters | bounds)
        if len(found) >= limit:
            break
    return found


def ids(where: str | None, parameters: dict[str, Any], *, most: int) -> list[int]:
    """Up to `most` ids, in no order, of those for whom a condition holds; None: by their language and consent alone."""
    found: list[int] = []
    with connection.cursor() as cursor:
        for start, end in (parts := stretches()):
            if where is None:
                sql = IDS_OF_STREAMS
            else:
                # Bounds only where there are some: of a new table PostgreSQL thinks that they leave few.
                sql = IDS.format(where=where if len(parts) == 1 else f"{where} AND {WITHIN}")
            cursor.execute(sql, parameters | {"_from": start, "_below": end, "_most": most - len(found)})
            found += [one for (one,) in cursor.fetchall()]
            if len(found) >= most:
                break
    return found
