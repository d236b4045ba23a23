"""Orders that stand in a file with one row for each of their products: put together before they are written."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

TWICE = """
CREATE TEMPORARY TABLE twice ON COMMIT DROP AS
SELECT contact_id, external_id, min(line) AS line, min(at) AS at, sum(amount) AS total, max(amount) AS largest,
       sum(refunded) AS total_back, max(refunded) AS largest_back,
       count(DISTINCT amount) AS amounts, count(DISTINCT currency) AS currencies, count(DISTINCT items) AS products,
       LEAST(sum(quantity), 2147483647)::int AS quantity
  FROM matched GROUP BY contact_id, external_id HAVING count(*) > 1
"""
REFUSE = """
WITH gone AS (
    DELETE FROM matched m USING twice t
     WHERE m.contact_id = t.contact_id AND m.external_id = t.external_id AND {unlike}
    RETURNING m.line, m.external_id
), forgotten AS (DELETE FROM twice t WHERE {unlike})
INSERT INTO refused (line, reason) SELECT line, replace(%(sentence)s, '{{number}}', external_id) FROM gone
"""
# A row with one product says how many of it, and what they cost. The products of an order in the order of its rows.
TOGETHER = """
WITH parts AS (
    SELECT m.line, m.contact_id, m.external_id,
           CASE WHEN jsonb_array_length(m.items) = 1
                THEN jsonb_build_array(m.items -> 0 || jsonb_build_object(
                         'quantity', GREATEST(m.quantity, (m.items -> 0 ->> 'quantity')::int)) || {cost})
                ELSE m.items END AS items
      FROM matched m JOIN twice t USING (contact_id, external_id)
     WHERE m.items IS NOT NULL
), products AS (
    SELECT p.contact_id, p.external_id, jsonb_agg(e.item ORDER BY p.line, e.place) AS items
      FROM parts p CROSS JOIN LATERAL jsonb_array_elements(p.items) WITH ORDINALITY AS e (item, place)
     GROUP BY p.contact_id, p.external_id
)
UPDATE matched m
   SET at = t.at, amount = t.{amount}, refunded = LEAST(t.{amount}_back, t.{amount}),
       quantity = t.quantity, items = p.items
  FROM twice t LEFT JOIN products p USING (contact_id, external_id)
 WHERE m.line = t.line
"""
OTHERS = """
DELETE FROM matched m USING twice t
 WHERE m.contact_id = t.contact_id AND m.external_id = t.external_id AND m.line <> t.line
"""


# Further lines of an order have a number and no amount. Each belongs to the line before it that has one, so that a file
# in which an order stands twice stays two orders of one number; without any before it, to the first one after.
PARTS = """
CREATE TEMPORARY TABLE parts ON COMMIT DROP AS
SELECT line, COALESCE(before, after) AS head, external_id, amount IS NULL AS further
  FROM (SELECT line, external_id, amount,
               max(line) FILTER (WHERE amount IS NOT NULL) OVER (PARTITION BY external_id ORDER BY line) AS before,
               min(line) FILTER (WHERE amount IS NOT NULL) OVER (PARTITION BY external_id) AS after
          FROM stage WHERE external_id IN (SELECT external_id FROM stage WHERE amount IS NULL)) AS numbered
"""
HEADLESS = """
WITH alone AS (DELETE FROM parts WHERE head IS NULL RETURNING line, external_id)
INSERT INTO refused (line, reason) SELECT line, replace(%(sentence)s, '{number}', external_id) FROM alone
"""
GATHER = """
WITH rows AS (
    SELECT p.head, s.line, s.quantity,
           CASE WHEN jsonb_array_length(s.items) = 1
                THEN jsonb_build_array(s.items -> 0 || jsonb_build_object(
                         'quantity', GREATEST(s.quantity, (s.items -> 0 ->> 'quantity')::int)))
                ELSE s.items END AS items
      FROM parts p JOIN stage s USING (line)
), products AS (
    SELECT r.head, jsonb_agg(e.item ORDER BY r.line, e.place) AS items
      FROM rows r CROSS JOIN LATERAL jsonb_array_elements(r.items) WITH ORDINALITY AS e (item, place)
     GROUP BY r.head
), pieces AS (
    SELECT head, LEAST(sum(quantity), 2147483647)::int AS quantity FROM rows GROUP BY head
)
UPDATE stage s SET quantity = n.quantity, items = p.items
  FROM pieces n LEFT JOIN products p USING (head)
 WHERE s.line = n.head
"""
GATHERED = "DELETE FROM stage WHERE amount IS NULL"
WITH_THEIRS = """
INSERT INTO refused (line, reason)
SELECT p.line, r.reason FROM parts p JOIN refused r ON r.line = p.head WHERE p.further
"""


def gather(cursor: Any) -> int:
    """Put the products of further lines into the staged line that has the order's amount; returns how many went in."""
    cursor.execute("SELECT EXISTS (SELECT FROM stage WHERE amount IS NULL)")
    if not cursor.fetchone()[0]:
        return 0
    cursor.execute(PARTS)
    cursor.execute("ANALYZE parts")
    cursor.execute(
        HEADLESS,
        {"sentence": _("The row has no amount, and no other row of order {number} that could be read has one.")},
    )
    cursor.execute(GATHER)
    cursor.execute(GATHERED)
    cursor.execute("SELECT count(*) FROM parts WHERE further")
    return int(cursor.fetchone()[0])


def refuse_with_their_order(cursor: Any) -> int:
    """Refuse the further lines of refused orders with them, so that the file of rejects has all; returns how many."""
    cursor.execute(WITH_THEIRS)
    return int(cursor.rowcount)


def put_together(cursor: Any, how: str) -> int:
    """Make one row of the lines of each order; returns how many rows went into others.

    how: "add" when each line has its own amount, "whole" when each has that of the whole order. Lines that can't be of
    one order (other currencies, or other amounts where all should be the same) are refused.
    """
    cursor.execute(TWICE)
    mixed = _("Order {number} has rows in several currencies.")
    cursor.execute(REFUSE.format(unlike="t.currencies > 1"), {"sentence": mixed})
    if how == "whole":
        unequal = _("The rows of order {number} have different amounts, so none of them is that of the whole order.")
        cursor.execute(REFUSE.format(unlike="t.amounts > 1"), {"sentence": unequal})
    cost = "jsonb_build_object('amount', m.amount)" if how == "add" else "'{}'"
    cursor.execute(TOGETHER.format(amount="total" if how == "add" else "largest", cost=cost))
    cursor.execute(OTHERS)
    return int(cursor.rowcount)


def refuse_unlike(cursor: Any) -> None:
    """Refuse the rows of orders that stand there several times with different products: nobody said what they are."""
    cursor.execute(TWICE)
    sentence = _("Order {number} stands in several rows with different products: choose for the file how to read them.")
    cursor.execute(REFUSE.format(unlike="t.products > 1"), {"sentence": sentence})
