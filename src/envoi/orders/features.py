"""What is known of a customer's purchases, as SQL over `order_totals o` (and rfm_bounds), true at this very moment.

For whoever compiles conditions or columns: FEATURES[name] is one expression, without parameters and without a `%`.
It is NULL where nothing can be said: nobody's orders, orders in a currency without a rate, scores without bounds.
"""

from __future__ import annotations

from typing import Final, Literal

from .worth import COUNTS

Measure = Literal["recency", "frequency", "monetary"]
MEASURES: Final[dict[Measure, str]] = {"recency": "o.last_at", "frequency": "o.orders", "monetary": "o.spend"}
DAYS: Final = (30, 90, 365)


def orders_in(days: int) -> str:
    """SQL for the orders of the last 30, 90 or 365 days.

    The stored count holds until `fresh_until`. The worker counts again then, within a minute; who asks in between
    has the orders counted here, for the few customers whose count has just changed.
    """
    counted = (
        f"SELECT count(*) FROM orders AS x WHERE x.contact_id = o.contact_id"  # noqa: S608
        f" AND x.at > now() - interval '{days * 24} hours' AND {COUNTS.replace('o.', 'x.')}"
    )
    return f"(CASE WHEN o.fresh_until <= now() THEN ({counted}) ELSE o.orders_{days} END)"


def bound(measure: Measure, score: int) -> str:
    """SQL for the value above which the score is at least `score` (2 to 5).

    For comparisons that an index can answer: `o.last_at > bound("recency", 4)` is a recency score of 4 or 5.
    """
    return f"((SELECT b.{measure} FROM rfm_bounds AS b ORDER BY b.at DESC LIMIT 1)[{score - 1}])"  # noqa: S608


def score(measure: Measure) -> str:
    """SQL for the quintile, 1 (least) to 5. Equal values have equal scores; the bounds are those of the last hour.

    Each bound is looked up once a statement, not once a row.
    """
    value = MEASURES[measure]
    return "(1" + "".join(f" + ({value} > {bound(measure, at)})::int" for at in range(2, 6)) + ")"


# How intensely somebody deals with the company: how often, in this month and the two before, they wrote, read a message
# of ours, or (in 90 days) bought. Messages stand above orders on the street, so their months are joined where both are
# known: WRITTEN_AND_READ after `contacts c` and `order_totals o`. It is 0 for who did nothing, never NULL.
WRITTEN_AND_READ: Final = """LEFT JOIN (
    SELECT m.contact_id, sum(m.received + m.read) AS times
      FROM activity_months AS m
     WHERE m.month >= date_trunc('month', now() AT TIME ZONE 'UTC') - interval '2 months'
     GROUP BY m.contact_id
) AS w ON w.contact_id = c.id"""
INTERACTIONS: Final = f"(COALESCE(w.times, 0) + COALESCE({orders_in(90)}, 0))"

FEATURES: Final[dict[str, str]] = {
    "orders": "o.orders",
    "spend": "o.spend",
    "average": "(o.spend / NULLIF(o.orders - o.unconverted, 0))",
    "unconverted": "o.unconverted",
    "first_at": "o.first_at",
    "last_at": "o.last_at",
    **{f"orders_{days}": orders_in(days) for days in DAYS},
    "recency_score": score("recency"),
    "frequency_score": score("frequency"),
    "monetary_score": score("monetary"),
}
