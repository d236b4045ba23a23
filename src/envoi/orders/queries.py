"""Reading purchases: one customer's, what they add up to, and what is missing to add them up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection
from django.utils.translation import gettext as _

from ..core.errors import NotFound
from ..team.models import Staff
from ..team.rights import require
from .features import FEATURES, INTERACTIONS, WRITTEN_AND_READ
from .models import ExchangeRate, Order, OrderSettings
from .worth import COUNTS

TOTALS = f"""
SELECT {", ".join(f"{sql} AS {name}" for name, sql in FEATURES.items())} FROM order_totals o
 WHERE o.contact_id = %(contact_id)s
"""  # noqa: S608

INTERACTED = f"""
SELECT {INTERACTIONS}
  FROM (SELECT %(contact_id)s::bigint AS id) AS c
  LEFT JOIN order_totals o ON o.contact_id = c.id
  {WRITTEN_AND_READ.replace(" WHERE ", " WHERE m.contact_id = %(contact_id)s AND ")}
"""  # noqa: S608

# The few customers who have any are found by their own partial index.
UNCONVERTED = f"""
SELECT o.currency, count(*), min(o.at), max(o.at)
  FROM order_totals t JOIN orders o ON o.contact_id = t.contact_id
 WHERE t.unconverted > 0 AND o.value IS NULL AND {COUNTS}
 GROUP BY o.currency ORDER BY count(*) DESC, o.currency
"""  # noqa: S608

# As lifetimes.utils.summary_data_from_transaction_data, with days (UTC) for periods: purchases of one day are one.
SUMMARY = f"""
WITH days AS (
    SELECT o.contact_id, (o.at AT TIME ZONE 'UTC')::date AS day, sum(o.value) AS spent
      FROM orders o
     WHERE {COUNTS} AND o.at < (%(until)s::date + 1)::timestamp AT TIME ZONE 'UTC'
       AND (%(contact_id)s::bigint IS NULL OR o.contact_id = %(contact_id)s)
     GROUP BY 1, 2
), numbered AS (
    SELECT contact_id, day, spent, min(day) OVER (PARTITION BY contact_id) AS first FROM days
)
SELECT contact_id, count(*) - 1, max(day) - first, %(until)s::date - first, avg(spent) FILTER (WHERE day > first)
  FROM numbered GROUP BY contact_id, first ORDER BY contact_id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Totals:
    """What one customer bought so far, in the company's own `currency`; see orders.features.FEATURES for each.

    Scores are 1 (least) to 5; None while no bounds are known. spend, average: None when no order could be converted.
    """

    currency: str
    orders: int
    spend: Decimal | None
    average: Decimal | None
    unconverted: int
    first_at: datetime
    last_at: datetime
    orders_30: int
    orders_90: int
    orders_365: int
    recency_score: int | None
    frequency_score: int | None
    monetary_score: int | None


@dataclass(frozen=True, slots=True)
class Missing:
    """Orders of one currency that have no value, since there is no rate for their days."""

    currency: str
    orders: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Summary:
    """How one customer buys, by days: `frequency` days with a purchase after the first one, the last of them
    `recency` days after the first, which was `t` days ago; `monetary` is the mean of those later days."""

    contact_id: int
    frequency: int
    recency: int
    t: int
    monetary: Decimal | None


def orders_of(contact_id: int, limit: int = 50) -> list[Order]:
    """The newest orders of one contact."""
    return list(Order.objects.filter(contact_id=contact_id).order_by("-at", "-id")[:limit])


def order_for(staff: Staff | None, contact_id: int, order_id: int) -> Order:
    """One order with its customer. Raises NotFound."""
    require(staff, "contacts.read")
    found = Order.objects.select_related("contact").filter(contact_id=contact_id, id=order_id).first()
    if found is None:
        raise NotFound(_("There is no such order."))
    return found


def totals_of(contact_id: int) -> Totals | None:
    """The sum of one contact's orders, None when there is none."""
    with connection.cursor() as cursor:
        cursor.execute(TOTALS, {"contact_id": contact_id})
        found = cursor.fetchone()
    if found is None:
        return None
    values = dict(zip(FEATURES, found, strict=True))
    if values["average"] is not None:
        values["average"] = values["average"].quantize(Decimal("0.01"))
    return Totals(currency=own_currency(), **values)


def interactions_of(contact_id: int) -> int:
    """How often one contact wrote, read or bought in about three months (orders.features.INTERACTIONS)."""
    with connection.cursor() as cursor:
        cursor.execute(INTERACTED, {"contact_id": contact_id})
        return int(cursor.fetchone()[0])


def own_currency() -> str:
    """The currency in which orders are added up; empty before the first order."""
    found = OrderSettings.objects.first()
    return found.currency if found else ""


def unconverted() -> list[Missing]:
    """What stands in the way of adding all orders up, by currency."""
    with connection.cursor() as cursor:
        cursor.execute(UNCONVERTED)
        return [Missing(*row) for row in cursor.fetchall()]


def exchange_rates() -> list[ExchangeRate]:
    """Every rate to the company's own currency, newest first for each currency."""
    return list(
        ExchangeRate.objects.filter(own=own_currency()).select_related("changed_by").order_by("currency", "-day")
    )


def summaries(until: date, contact_id: int | None = None) -> Iterator[Summary]:
    """How everybody (or one contact) had bought by the end of the day `until`, by contact."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(SUMMARY, {"until": until, "contact_id": contact_id})
        for row in cursor:
            yield Summary(*row)
