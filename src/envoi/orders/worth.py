"""What an order is worth in the company's own currency, as SQL: by the rate of the order's own day, or NULL.

A rate holds from its day (UTC) until the next one of that currency. An order from before the first rate has no value:
it stands in the list of what is not converted, and is never taken for nothing.
"""

from __future__ import annotations

OWN = "(SELECT currency FROM order_settings)"

# The currency of the first orders becomes the company's own; from then on people decide.
CHOOSE_OWN = """
INSERT INTO order_settings (id, currency)
SELECT 1, currency FROM {source}
 WHERE NOT EXISTS (SELECT 1 FROM order_settings)
 GROUP BY currency ORDER BY count(*) DESC, currency LIMIT 1
    ON CONFLICT (id) DO NOTHING
"""

# An order that was given back whole counts as none. `o` is the order.
COUNTS = "(o.refunded = 0 OR o.refunded < o.amount)"


def worth(net: str, currency: str, at: str) -> str:
    """SQL for the value of `net` (SQL for an amount) in `currency` (SQL) at the time `at` (SQL).

    The company's currency is looked up once a statement, a rate only for other currencies: by the index of
    exchange_rate_once, one step.
    """
    return f"""CASE WHEN {currency} = {OWN} THEN {net} ELSE round(({net}) * (
        SELECT r.rate FROM exchange_rates r
         WHERE r.currency = {currency} AND r.own = {OWN} AND r.day <= ({at} AT TIME ZONE 'UTC')::date
         ORDER BY r.day DESC LIMIT 1), 2) END"""  # noqa: S608
