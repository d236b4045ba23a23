"""People and purchases for the tests of orders, and what their totals must be by plain Python."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection

import envoi.config.shop
from envoi.contacts.models import Contact
from envoi.core import clock
from envoi.orders import actions
from envoi.orders.actions import NewOrder
from envoi.orders.models import Order, OrderTotals

CDNOW = Path(envoi.config.shop.__file__).with_name("cdnow_sample.csv")
WINDOWS = (30, 90, 365)


def cdnow() -> dict[int, str]:
    """The CDNOW purchases as orders; contact ids with the customer numbers of the data."""
    with CDNOW.open(newline="") as file:
        rows = list(csv.DictReader(file))
    customers = sorted({row["customer"] for row in rows})
    made = Contact.objects.bulk_create(Contact(name=customer) for customer in customers)
    ids = {one.name: one.pk for one in made}
    actions.add_orders(
        NewOrder(
            ids[row["customer"]],
            f"line {number}",
            datetime.fromisoformat(row["date"]).replace(tzinfo=UTC),
            Decimal(row["amount"]),
            "USD",
            int(row["quantity"]),
        )
        for number, row in enumerate(rows)
    )
    return {contact_id: customer for customer, contact_id in ids.items()}


def expected() -> dict[int, tuple[Any, ...]]:
    """For each contact with orders: count, spend, unconverted, first, last, orders in 30, 90 and 365 days."""
    now = clock.now()
    mine: dict[int, list[Order]] = defaultdict(list)
    for one in Order.objects.all():
        if not one.refunded or one.refunded < one.amount:
            mine[one.contact_id].append(one)
    found = {}
    for contact_id, orders in mine.items():
        values = [one.value for one in orders if one.value is not None]
        times = [one.at for one in orders]
        windows = [sum(at > now - timedelta(days=days) for at in times) for days in WINDOWS]
        spend = sum(values) if values else None
        found[contact_id] = (len(orders), spend, len(orders) - len(values), min(times), max(times), *windows)
    return found


def kept() -> dict[int, tuple[Any, ...]]:
    """The same out of order_totals."""
    names = ("orders", "spend", "unconverted", "first_at", "last_at", *(f"orders_{days}" for days in WINDOWS))
    return {row[0]: row[1:] for row in OrderTotals.objects.values_list("contact_id", *names)}


def days_go_by(days: float) -> None:
    """As if this time had passed: everything that is dated lies further back."""
    with connection.cursor() as cursor:
        passed = {"passed": timedelta(days=days)}
        cursor.execute("UPDATE orders SET at = at - %(passed)s", passed)
        cursor.execute(
            "UPDATE order_totals SET first_at = first_at - %(passed)s, last_at = last_at - %(passed)s,"
            " fresh_until = fresh_until - %(passed)s",
            passed,
        )
