"""What was done to people's records, one line each, for the story on their page. The audit log is team.actions.note."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection

from ..team.models import Staff


def record(
    contact_ids: Iterable[int], what: str, detail: Mapping[str, Any] | None = None, by: Staff | None = None
) -> None:
    """Append a line to each contact's events, in the caller's transaction.

    what: tagged, untagged, owner, blocked, unblocked, moved, merged, parted, changed, erased.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO contact_events (contact_id, what, detail, by_id)
            SELECT id, %(what)s, %(detail)s::jsonb, %(by)s FROM unnest(%(ids)s::bigint[]) AS c (id)
            """,
            {
                "ids": list(contact_ids),
                "what": what,
                "detail": json.dumps(dict(detail or {})),
                "by": by.pk if by else None,
            },
        )
