"""Who has been inactive for long: left out of promotions unless a campaign says otherwise (mission M3)."""

from __future__ import annotations

# As the field "inactive_days" means it, asked of each contact by itself: most are settled by their own row, so that a
# count of a million asks the other tables of few.
DAYS = 90


def inactive(days: int = DAYS) -> str:
    """SQL over `contacts c`, never NULL: neither wrote, read nor ordered for so long, and known for longer."""
    since = f"now() - interval '{int(days)} days'"
    return (
        f"(c.created_at < {since} AND (c.last_inbound_at >= {since}) IS NOT TRUE"  # noqa: S608
        f" AND NOT EXISTS (SELECT 1 FROM order_totals o WHERE o.contact_id = c.id AND o.last_at >= {since})"
        f" AND NOT EXISTS (SELECT 1 FROM activity v WHERE v.contact_id = c.id AND v.last_seen_at >= {since}))"
    )
