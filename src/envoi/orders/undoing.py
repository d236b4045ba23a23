"""Takes an import of orders back: its orders go, those it changed are as before unless they changed since.

Customers that it made for them, and of whom nothing else is known, go with them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..contacts.changed import note_all_changed
from ..contacts.models import Import
from ..contacts.undoing import take_contacts_back, undo
from ..core import jobs
from . import totals
from .worth import worth

# In the order of ids, as everybody does who holds several contacts.
HOLD = """
CREATE TEMPORARY TABLE concerned ON COMMIT DROP AS
SELECT id AS contact_id FROM contacts
 WHERE id IN (SELECT contact_id FROM orders WHERE import_id = %(import)s
               UNION ALL SELECT contact_id FROM order_changes WHERE import_id = %(import)s)
 ORDER BY id FOR NO KEY UPDATE
"""
GO = "DELETE FROM orders WHERE import_id = %(import)s"
BACK = f"""
UPDATE orders o
   SET at = b.at, amount = b.amount, currency = b.currency, quantity = b.quantity, refunded = b.refunded,
       items = b.items,
       import_id = b.import_id, value = {worth("b.amount - b.refunded", "b.currency", "b.at")}
  FROM order_changes h
 CROSS JOIN LATERAL jsonb_to_record(h.before) AS b (
       at timestamptz, amount numeric, currency text, quantity int, refunded numeric, items jsonb, import_id bigint)
 CROSS JOIN LATERAL jsonb_to_record(h.after) AS a (
       at timestamptz, amount numeric, currency text, quantity int, refunded numeric, items jsonb)
 WHERE h.import_id = %(import)s AND o.contact_id = h.contact_id AND o.id = h.order_id
   AND (o.at, o.amount, o.currency, o.quantity, o.refunded, o.items)
       = (a.at, a.amount, a.currency, a.quantity, a.refunded, a.items)
"""  # noqa: S608
CHANGED = "DELETE FROM order_changes WHERE import_id = %(import)s"


def run(import_id: int) -> None:
    """Take back an import of orders; safe to run twice."""
    undo(import_id, _take_orders_back)


def _take_orders_back(cursor: Any, one: Import, step: Callable[[], None]) -> tuple[int, int]:
    given = {"import": one.pk}
    cursor.execute(HOLD, given)
    step()
    cursor.execute(GO, given)
    undone = int(cursor.rowcount)
    step()
    cursor.execute(BACK, given)
    restored = int(cursor.rowcount)
    cursor.execute(CHANGED, given)
    kept = int(cursor.rowcount) - restored
    cursor.execute("ANALYZE concerned")
    totals.refresh_from(cursor, "concerned", removed=True)
    note_all_changed(cursor, "concerned")
    step()
    jobs.defer("orders.refresh_bounds", once="all")
    # Rows are counted by orders; customers made for them follow on their own.
    take_contacts_back(cursor, one, step)
    return undone + restored, kept
