"""Writing purchases, with their sums in the same transaction: added, changed, given back, removed.

Whatever happens to an order, its customers are locked first and summed anew last, in one transaction (orders.totals).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from django.db import connection, transaction
from django.utils.translation import gettext as _

from ..contacts.changed import note_changed
from ..contacts.importing import unchecked
from ..core import clock, jobs
from ..core.currencies import CURRENCIES
from ..core.errors import BadInput, NotFound
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from . import totals
from .amounts import LARGEST
from .models import Order
from .totals import ADD_UP
from .worth import CHOOSE_OWN, worth

# From here on the look-ups of the foreign key cost more than the three statements that spare them.
MANY = 50
# A shop's clock may be ahead of ours.
AHEAD = timedelta(days=1)
# NUL as JSON writes it, and not a backslash followed by these letters.
NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")

STANDING = "SELECT EXISTS (SELECT 1 FROM order_settings), EXISTS (SELECT 1 FROM rfm_bounds)"
# One JSON text for all of them: arrays of times and amounts take Python longer to write than PostgreSQL to insert.
NEW = """
SELECT * FROM json_to_recordset(%(orders)s::json)
           AS n (contact_id bigint, external_id text, at timestamptz, amount numeric(14, 2), currency text,
                 quantity int, items jsonb)
"""
CHOOSE = CHOOSE_OWN.format(source=f"({NEW}) AS n")

# The contacts are locked, so nobody else adds the same order: no ON CONFLICT, which would take longer. What was given
# back stays given back when the shop sends the order again. Returns whose orders changed and how many are new; the new
# ones of everybody else are added to their totals here, by what they are and not by reading all the others.
ADD = f"""
WITH n AS MATERIALIZED ({NEW}),
changed AS (
    UPDATE orders o
       SET at = n.at, amount = n.amount, currency = n.currency, quantity = n.quantity, items = n.items,
           refunded = LEAST(o.refunded, n.amount), import_id = NULL,
           value = {worth("n.amount - LEAST(o.refunded, n.amount)", "n.currency", "n.at")}
      FROM n
     WHERE o.contact_id = n.contact_id AND o.external_id = n.external_id
       AND (o.at, o.amount, o.currency, o.quantity, o.items)
           IS DISTINCT FROM (n.at, n.amount, n.currency, n.quantity, n.items)
    RETURNING o.contact_id
), added AS (
    INSERT INTO orders (contact_id, external_id, at, amount, currency, quantity, items, value)
    SELECT n.contact_id, n.external_id, n.at, n.amount, n.currency, n.quantity, n.items,
           {worth("n.amount", "n.currency", "n.at")}
      FROM n
     WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.contact_id = n.contact_id AND o.external_id = n.external_id)
     ORDER BY n.contact_id
    RETURNING contact_id, at, value
), summed AS ({ADD_UP})
SELECT (SELECT array_agg(contact_id) FROM changed), (SELECT count(*) FROM added)
"""  # noqa: S608

# Touched since its file: an undo of the file leaves it.
REFUND = f"""
UPDATE orders o
   SET refunded = COALESCE(%(amount)s, o.amount), import_id = NULL,
       value = {worth("o.amount - COALESCE(%(amount)s, o.amount)", "o.currency", "o.at")}
 WHERE o.contact_id = %(contact_id)s AND o.external_id = %(external_id)s
"""  # noqa: S608

REMOVE = "DELETE FROM orders WHERE contact_id = %(contact_id)s AND external_id = ANY(%(numbers)s)"


@dataclass(frozen=True, slots=True)
class NewOrder:
    """One purchase: `external_id` is the shop's number of it, `currency` its ISO 4217 letters.

    items: [{"sku", "name", "quantity", "amount"}], each key as far as it is known.
    """

    contact_id: int
    external_id: str
    at: datetime
    amount: Decimal
    currency: str
    quantity: int = 1
    items: list[dict[str, Any]] = field(default_factory=list)


@transaction.atomic
def add_orders(orders: Iterable[NewOrder]) -> int:
    """Add orders or bring known ones up to date; returns how many changed. Orders and sums commit together.

    Of two with one number for one customer the last counts. Raises BadInput for an order that can't be meant and
    NotFound for an unknown contact; then none is added.
    """
    rows = list({(one.contact_id, one.external_id): _checked(one) for one in orders}.values())
    if not rows:
        return 0
    orders_json = msgspec.json.encode(rows).decode()
    if NUL.search(orders_json):
        raise BadInput(_("An order holds a character that can’t be stored (NUL)."))
    new = {"orders": orders_json}
    with connection.cursor() as cursor:
        _lock(cursor, [one.contact_id for one in rows])
        cursor.execute(STANDING)
        has_currency, has_bounds = cursor.fetchone()
        if not has_currency:
            cursor.execute(CHOOSE, new)
        with unchecked(cursor) if len(rows) >= MANY else nullcontext():
            cursor.execute(ADD, new)
            changed, added = cursor.fetchone()
        changed = changed or []
        totals.refresh(cursor, sorted(set(changed)))
        note_changed(set(changed))
    if not has_bounds:
        # The first orders of all: scores need bounds, and the worker looks only once an hour.
        jobs.defer("orders.refresh_bounds", once="all")
    return len(changed) + int(added)


@transaction.atomic
def refund(contact_id: int, external_id: str, amount: Decimal | None = None) -> None:
    """Note that so much of an order was given back in all, or the whole of it; 0 takes the refund back.

    Raises NotFound, and BadInput for more than was paid.
    """
    with connection.cursor() as cursor:
        _lock(cursor, [contact_id])
        cursor.execute(
            "SELECT amount FROM orders WHERE contact_id = %s AND external_id = %s", [contact_id, external_id]
        )
        found = cursor.fetchone()
        if found is None:
            raise NotFound(_("There is no such order."))
        if amount is not None and not 0 <= amount <= found[0]:
            raise BadInput(_("A refund is between nothing and what was paid."))
        cursor.execute(REFUND, {"contact_id": contact_id, "external_id": external_id, "amount": amount})
        totals.refresh(cursor, [contact_id])
        note_changed([contact_id])


@transaction.atomic
def give_back(contact_id: int, order_id: int, *, amount: Decimal, by: Staff | None) -> None:
    """`refund` as one of the staff notes it: so much in all was given back of the order. Raises NotFound, BadInput."""
    require(by, "contacts.write")
    number = Order.objects.filter(contact_id=contact_id, id=order_id).values_list("external_id", flat=True).first()
    if number is None:
        raise NotFound(_("There is no such order."))
    refund(contact_id, number, amount)
    note(by, "orders.refund", f"order/{contact_id}.{order_id}", {"amount": str(amount)})


@transaction.atomic
def remove_orders(contact_id: int, external_ids: Sequence[str]) -> int:
    """Forget orders that never were, such as tests; returns how many there were. What was given back is a refund."""
    with connection.cursor() as cursor:
        _lock(cursor, [contact_id])
        cursor.execute(REMOVE, {"contact_id": contact_id, "numbers": list(external_ids)})
        removed: int = cursor.rowcount
        totals.refresh(cursor, [contact_id])
        note_changed([contact_id])
    return removed


def keep_files_away() -> None:
    """No file writes orders until the caller's commit: for whoever is about to hold contacts and then to recompute.

    Raises Busy while one does.
    """
    with connection.cursor() as cursor:
        totals.must_not_wait(cursor)


@transaction.atomic
def recompute_totals(contact_ids: Iterable[int]) -> None:
    """Bring order_totals in line with the orders of these contacts, in the caller's transaction.

    For whoever moves orders between contacts: a merge (records.merging) and its undo.
    """
    ids = sorted(set(contact_ids))
    with connection.cursor() as cursor:
        totals.refresh(cursor, totals.lock(cursor, ids))


def _checked(one: NewOrder) -> NewOrder:
    if not one.external_id or len(one.external_id) > 120 or "\0" in one.external_id:
        raise BadInput(_("An order needs a number of at most 120 characters."))
    if one.at.tzinfo is None:
        raise BadInput(_("An order needs a time with its zone."))
    if one.at > clock.now() + AHEAD:
        raise BadInput(_("An order can’t be of a day that has not come yet."))
    if not 0 <= one.quantity < 2**31:
        raise BadInput(_("An order’s quantity is a whole number, 0 or more."))
    if not (one.amount.is_finite() and 0 <= one.amount < LARGEST):
        raise BadInput(_("An order’s amount is 0 or more; what was given back is a refund."))
    if one.currency not in CURRENCIES:
        raise BadInput(_("“%(text)s” is no currency: write three letters, such as EUR.") % {"text": one.currency[:40]})
    return one


def _lock(cursor: Any, contact_ids: Iterable[int]) -> None:
    ids = sorted(set(contact_ids))
    totals.must_not_wait(cursor)
    if len(totals.lock(cursor, ids)) < len(ids):
        raise NotFound(_("There is no such contact."))
