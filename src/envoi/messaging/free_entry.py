"""Who came in by an advertisement or a page's button: what goes to them is free for 72 hours (Meta sheet, F.2)."""

from __future__ import annotations

from django.db import connection

# We answered within the day of their message; the 72 hours begin with the answer.
# Joined, and not asked of each row: a question inside a key would leave the whole key to one core.
FREE_ENTRY = """
(SELECT DISTINCT i.contact_id FROM messages i
   JOIN messages o ON o.contact_id = i.contact_id AND o.direction = 'out'
                  AND o.accepted_at BETWEEN i.created_at AND i.created_at + interval '24 hours'
                  AND o.accepted_at > now() - interval '72 hours'
  WHERE i.direction = 'in' AND i.created_at > now() - interval '96 hours' AND i.content ? 'referral')
"""


def came_in_free(contact_id: int) -> bool:
    """Whether what goes to this one customer now is free for that reason."""
    with connection.cursor() as cursor:
        # The condition goes through DISTINCT to both sides of the join: the rows of one customer, by the primary key.
        cursor.execute(
            f"SELECT EXISTS (SELECT 1 FROM {FREE_ENTRY} f WHERE f.contact_id = %(contact)s)",  # noqa: S608
            {"contact": contact_id},
        )
        row = cursor.fetchone()
    return bool(row and row[0])
