"""What of an app's tables belongs to one customer (contacts.belongings)."""

from __future__ import annotations

from ..contacts.belongings import Belonging

BELONGINGS = (
    # Amounts and dates are the shop's books; whose they were is gone with the contact and the shop's own number.
    Belonging(
        "orders",
        same=("external_id",),
        erase={"items": "'[]'::jsonb", "external_id": "'erased:' || id"},
    ),
    Belonging("order_changes", key=("order_id", "import_id"), same=("order_id", "import_id"), export=False),
    Belonging("order_totals", key=("contact_id",), merge="derive", erase="keep"),
)
