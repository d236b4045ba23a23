"""What of the replies' tables belongs to one customer (contacts.belongings)."""

from __future__ import annotations

from ..contacts.belongings import Belonging

BELONGINGS = (
    Belonging("auto_answers", key=("message_id",), erase="keep", export=False),
    Belonging("rule_firings", key=("message_id", "rule_id"), erase="keep", export=False),
    # A code stays taken whatever becomes of the person: nobody else may have it.
    Belonging("promo_codes", key=("pool_id", "id"), merge="point", erase="keep", hidden=("id", "pool_id")),
    Belonging("reply_calls", export=False),
)
