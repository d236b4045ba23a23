"""Orders that stand in a file with one row for each of their products: put together before they are written."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

TWICE = """
CREATE TEMPORARY TABLE twice ON COMMIT DROP AS
SELECT contact_id, external_id, min(line) AS line, min(at) AS at, sum(amount) AS total, max(amount) AS largest,
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
   SET at = t.at, amount = t.{amount}, quantity = t.quantity, items = p.items
  FROM twice t LEFT JOIN products p USING (contact_id, external_id)
 WHERE m.line = t.line
"""
OTHERS = """
DELETE FROM matched m USING twice t
 WHERE m.contact_id = t.contact_id AND m.external_id = t.external_id AND m.line <> t.line
"""


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
