"""Writing purchases, with their sums in the same transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

# The customers are locked, in the order of their ids, before their orders are read: two writers of one customer's
# orders then add one after the other, and the later one sums what both wrote.
LOCK = "SELECT id FROM contacts WHERE id = ANY(%(ids)s) ORDER BY id FOR NO KEY UPDATE"

TOTALS = """
WITH gone AS (
    DELETE FROM order_totals t
     WHERE t.contact_id = ANY(%(ids)s)
       AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.contact_id = t.contact_id)
)
INSERT INTO order_totals AS t (contact_id, orders, spend, first_at, last_at)
SELECT o.contact_id, count(*), sum(o.amount), min(o.at), max(o.at)
  FROM orders o
 WHERE o.contact_id = ANY(%(ids)s)
 GROUP BY o.contact_id
 ORDER BY o.contact_id
    ON CONFLICT (contact_id) DO UPDATE
   SET orders = excluded.orders, spend = excluded.spend, first_at = excluded.first_at, last_at = excluded.last_at
 WHERE (t.orders, t.spend, t.first_at, t.last_at)
       IS DISTINCT FROM (excluded.orders, excluded.spend, excluded.first_at, excluded.last_at)
"""

ADD = """
INSERT INTO orders AS o (contact_id, external_id, at, amount, currency, quantity, items)
VALUES (%(contact_id)s, %(external_id)s, %(at)s, %(amount)s, %(currency)s, %(quantity)s, %(items)s::jsonb)
    ON CONFLICT (contact_id, external_id) DO UPDATE
   SET at = excluded.at, amount = excluded.amount, currency = excluded.currency,
       quantity = excluded.quantity, items = excluded.items
 WHERE (o.at, o.amount, o.currency, o.quantity, o.items)
       IS DISTINCT FROM (excluded.at, excluded.amount, excluded.currency, excluded.quantity, excluded.items)
"""


@dataclass(frozen=True, slots=True)
class NewOrder:
    """One purchase: `external_id` is the shop's number of it, `currency` its ISO 4217 letters."""

    contact_id: int
    external_id: str
    at: datetime
    amount: Decimal
    currency: str
    quantity: int = 1
    items: list[dict[str, Any]] = field(default_factory=list)


@transaction.atomic
def add_orders(orders: Iterable[NewOrder]) -> int:
    """Add orders or bring known ones up to date; returns how many changed. Orders and sums commit together."""
    rows = list(orders)
    ids = sorted({one.contact_id for one in rows})
    with connection.cursor() as cursor:
        cursor.execute(LOCK, {"ids": ids})
        changed = 0
        for one in rows:
            cursor.execute(
                ADD,
                {
                    "contact_id": one.contact_id,
                    "external_id": one.external_id,
                    "at": one.at,
                    "amount": one.amount,
                    "currency": one.currency,
                    "quantity": one.quantity,
                    "items": json.dumps(one.items),
                },
            )
            changed += cursor.rowcount
    recompute_totals(ids)
    return changed


@transaction.atomic
def recompute_totals(contact_ids: Iterable[int]) -> None:
    """Bring order_totals in line with the orders of these contacts, in the caller's transaction."""
    ids = sorted(set(contact_ids))
    with connection.cursor() as cursor:
        cursor.execute(LOCK, {"ids": ids})
        cursor.execute(TOTALS, {"ids": ids})
