"""Reading purchases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from .models import Order, OrderTotals


@dataclass(frozen=True, slots=True)
class Totals:
    """What one customer bought so far; `average` is spend ÷ orders, in the currency of the orders."""

    orders: int
    spend: Decimal
    average: Decimal
    first_at: datetime
    last_at: datetime


def orders_of(contact_id: int, limit: int = 50) -> list[Order]:
    """The newest orders of one contact."""
    return list(Order.objects.filter(contact_id=contact_id).order_by("-at", "-id")[:limit])


def totals_of(contact_id: int) -> Totals | None:
    """The sum of one contact's orders, None when there is none."""
    found = OrderTotals.objects.filter(contact_id=contact_id).first()
    if found is None:
        return None
    average = (found.spend / found.orders).quantize(Decimal("0.01"))
    return Totals(found.orders, found.spend, average, found.first_at, found.last_at)
