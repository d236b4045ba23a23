"""The bounds of the RFM scores: each measure of all buyers parted in five, as `pandas.qcut` parts them."""

from __future__ import annotations

from django.db import connection, transaction

KEPT_DAYS = 400

# The k-th bound is the value at rank (n - 1) * k / 5, counted from 0 and rounded down: a value that somebody really
# has, and the same four groups as those of linear interpolation, since nobody lies between the two ranks.
_PLACES = "ARRAY[{0} * 1 / 5 + 0.5, {0} * 2 / 5 + 0.5, {0} * 3 / 5 + 0.5, {0} * 4 / 5 + 0.5]"
_BOUNDS = """(SELECT percentile_disc(ARRAY(SELECT p / NULLIF(n.{people}, 0) FROM unnest({places}) AS p)::float8[])
                     WITHIN GROUP (ORDER BY t.{column}) FROM order_totals t)"""


def _bounds(column: str, people: str) -> str:
    return _BOUNDS.format(column=column, people=people, places=_PLACES.format(f"(n.{people} - 1)"))


COMPUTE = f"""
INSERT INTO rfm_bounds (people, recency, frequency, monetary)
SELECT n.people, {_bounds("last_at", "people")}, {_bounds("orders", "people")},
       COALESCE({_bounds("spend", "paid")}, '{{}}')
  FROM (SELECT count(*) AS people, count(spend) AS paid FROM order_totals) AS n
 WHERE n.people > 0
"""  # noqa: S608
FORGET = "DELETE FROM rfm_bounds WHERE at < now() - make_interval(days => %(days)s)"


@transaction.atomic
def refresh() -> bool:
    """Compute the bounds of everybody who bought, as of now; False when nobody did."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(COMPUTE)
        made: bool = cursor.rowcount == 1
        if made:
            cursor.execute(FORGET, {"days": KEPT_DAYS})
    return made
