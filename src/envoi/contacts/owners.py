"""Who looks after a contact, for many at once: when one of the staff leaves, somebody else does, or nobody."""

from __future__ import annotations

from django.db import connection

from ..team.models import Staff

# By the partial index on owner; each contact's own story says it as well.
HAND_ON = """
WITH theirs AS (
    SELECT id FROM contacts WHERE owner_id = %(from)s ORDER BY id LIMIT %(limit)s FOR UPDATE
), passed AS (
    UPDATE contacts SET owner_id = %(to)s, updated_at = now() FROM theirs WHERE contacts.id = theirs.id
    RETURNING contacts.id
)
INSERT INTO contact_events (contact_id, what, detail, by_id)
SELECT id, 'owner', jsonb_build_object('owner', %(name)s::text), %(by)s FROM passed
"""


def looked_after_by(staff_id: int) -> int:
    """How many contacts somebody looks after."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM contacts WHERE owner_id = %(staff)s", {"staff": staff_id})
        row = cursor.fetchone()
    return int(row[0])


def pass_on(staff_id: int, *, to: Staff | None, limit: int, by: Staff | None) -> int:
    """Give up to `limit` of somebody's contacts to another, in the caller's transaction; returns how many went."""
    given = {
        "from": staff_id,
        "to": to.pk if to else None,
        "name": str(to) if to else "",
        "limit": limit,
        "by": by.pk if by else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(HAND_ON, given)
        return int(cursor.rowcount)
