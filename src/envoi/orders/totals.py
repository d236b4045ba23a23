"""Keeps order_totals in line with orders, for the customers that a change touched, in the change's own transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from ..core.errors import Busy
from .worth import COUNTS

# The customers are locked, in the order of their ids, before their orders are read: two writers of one customer's
# orders then add one after the other, and the later one sums what both wrote.
LOCK = "SELECT id FROM contacts WHERE id = ANY(%(ids)s) ORDER BY id FOR NO KEY UPDATE"

# A file writes orders of hundreds of thousands of people for a minute. To hold their rows against every change would
# let what they write meanwhile wait for it; so a file only keeps them from being deleted, and is alone with orders
# instead: whoever writes single orders shares this lock, a file has it for itself. All take it before their contacts:
# who held some and waited here would keep intake from them, and requests that wait would use up the connections.
WRITING_ORDERS = 0x656E766F6F
SHARE = "SELECT pg_advisory_xact_lock_shared(%(key)s)"
MAY_SHARE = "SELECT pg_try_advisory_xact_lock_shared(%(key)s)"
ALONE = "SELECT pg_advisory_xact_lock(%(key)s)"

# What an order adds to the windows, and when it leaves the next of them. Days are 24 hours here, whatever the clocks do
# in spring.
WINDOWS = """count(*) FILTER (WHERE o.at > now() - interval '720 hours'),
       count(*) FILTER (WHERE o.at > now() - interval '2160 hours'),
       count(*) FILTER (WHERE o.at > now() - interval '8760 hours'),
       min(o.at + CASE WHEN o.at > now() - interval '720 hours' THEN interval '720 hours'
                       WHEN o.at > now() - interval '2160 hours' THEN interval '2160 hours'
                       WHEN o.at > now() - interval '8760 hours' THEN interval '8760 hours' END)"""

# New orders only add: their customers' other orders are not read, which took two thirds of all. A count that no longer
# holds stays so, since the earlier of the two moments is kept. `added` has contact_id, at, value.
ADD_UP = f"""
INSERT INTO order_totals AS t (contact_id, orders, spend, unconverted, first_at, last_at,
                               orders_30, orders_90, orders_365, fresh_until)
SELECT o.contact_id, count(*), sum(o.value), count(*) - count(o.value), min(o.at), max(o.at),
       {WINDOWS}
  FROM added o
 WHERE NOT EXISTS (SELECT 1 FROM changed c WHERE c.contact_id = o.contact_id)
 GROUP BY o.contact_id
 ORDER BY o.contact_id
    ON CONFLICT (contact_id) DO UPDATE
   SET orders = t.orders + excluded.orders,
       spend = COALESCE(t.spend + excluded.spend, t.spend, excluded.spend),
       unconverted = t.unconverted + excluded.unconverted,
       first_at = LEAST(t.first_at, excluded.first_at), last_at = GREATEST(t.last_at, excluded.last_at),
       orders_30 = t.orders_30 + excluded.orders_30, orders_90 = t.orders_90 + excluded.orders_90,
       orders_365 = t.orders_365 + excluded.orders_365,
       fresh_until = LEAST(t.fresh_until, excluded.fresh_until)
"""  # noqa: S608

# After whatever else happens to orders, a customer's are read whole, by the primary key, and summed anew.
REFRESH = f"""
WITH gone AS (
    DELETE FROM order_totals t
     WHERE t.contact_id {{chosen}} AND {{perhaps}}
       AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.contact_id = t.contact_id AND {COUNTS})
)
INSERT INTO order_totals AS t (contact_id, orders, spend, unconverted, first_at, last_at,
                               orders_30, orders_90, orders_365, fresh_until)
SELECT o.contact_id, count(*), sum(o.value), count(*) - count(o.value), min(o.at), max(o.at),
       {WINDOWS}
  FROM orders o
 WHERE o.contact_id {{chosen}} AND {COUNTS}
 GROUP BY o.contact_id
    ON CONFLICT (contact_id) DO UPDATE
   SET orders = excluded.orders, spend = excluded.spend, unconverted = excluded.unconverted,
       first_at = excluded.first_at, last_at = excluded.last_at,
       orders_30 = excluded.orders_30, orders_90 = excluded.orders_90, orders_365 = excluded.orders_365,
       fresh_until = excluded.fresh_until
 WHERE (t.orders, t.spend, t.unconverted, t.first_at, t.last_at,
        t.orders_30, t.orders_90, t.orders_365, t.fresh_until)
       IS DISTINCT FROM
       (excluded.orders, excluded.spend, excluded.unconverted, excluded.first_at, excluded.last_at,
        excluded.orders_30, excluded.orders_90, excluded.orders_365, excluded.fresh_until)
"""  # noqa: S608
OF_IDS = REFRESH.format(chosen="= ANY(%(ids)s)", perhaps="true")
# Whose last order can have gone where none was removed: only theirs who gave one back.
REFUNDED = "t.contact_id IN (SELECT contact_id FROM orders WHERE refunded > 0)"


def lock(cursor: Any, ids: Sequence[int]) -> list[int]:
    """Hold these contacts until the commit, as every writer of orders does first; returns those that there are.

    While a file writes orders this waits; whoever has somebody waiting asks `must_not_wait` before.
    """
    cursor.execute(SHARE, {"key": WRITING_ORDERS})
    cursor.execute(LOCK, {"ids": ids})
    return [row[0] for row in cursor.fetchall()]


def may_write(cursor: Any) -> bool:
    """Whether no file writes orders now; none begins to before the commit."""
    cursor.execute(MAY_SHARE, {"key": WRITING_ORDERS})
    return bool(cursor.fetchone()[0])


def must_not_wait(cursor: Any) -> None:
    """As may_write, for a request or whoever is about to hold contacts. Raises Busy while a file writes orders."""
    if not may_write(cursor):
        raise Busy(_("A file of orders is being written. Nothing was changed: try again in a minute."))


def be_alone(cursor: Any) -> None:
    """Wait until nobody else writes orders, and keep everybody from it until the commit."""
    cursor.execute(ALONE, {"key": WRITING_ORDERS})


def refresh(cursor: Any, ids: Sequence[int]) -> None:
    """Sum the orders of these contacts anew. They are locked already."""
    if not ids:
        return
    cursor.execute(OF_IDS, {"ids": ids})


def refresh_from(cursor: Any, table: str, *, removed: bool = False) -> None:
    """Sum anew for every contact_id in `table`, once for a whole import. They are locked already.

    removed: whether orders were deleted, and not only added or changed.
    """
    chosen = f"IN (SELECT contact_id FROM {table})"  # noqa: S608
    cursor.execute(REFRESH.format(chosen=chosen, perhaps="true" if removed else REFUNDED))
