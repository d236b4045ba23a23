"""The consent ledger in SQL: the one place that writes `consents`, for Django's actions and for dispatch alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import psycopg

# Only the newest entry stands on the contact, whatever the order in which entries arrive.
RECORD = """
WITH entry AS (
    INSERT INTO consents (contact_id, purpose, state, source, text, proof, at)
    VALUES (%(contact_id)s, %(purpose)s, %(state)s, %(source)s, %(text)s, %(proof)s, COALESCE(%(at)s, now()))
    RETURNING contact_id, at
)
UPDATE contacts
   SET {purpose} = %(state)s, updated_at = now()
  FROM entry
 WHERE contacts.id = entry.contact_id
   AND NOT EXISTS (SELECT 1 FROM consents later
                    WHERE later.contact_id = entry.contact_id AND later.purpose = %(purpose)s
                      AND later.at > entry.at)
"""


def record(
    db: psycopg.Connection[Any] | psycopg.Cursor[Any],
    contact_id: int,
    *,
    purpose: Literal["marketing", "service"],
    state: Literal["granted", "withdrawn"],
    source: str,
    text: str = "",
    proof: str = "",
    at: datetime | None = None,
) -> None:
    """Append one line and bring the contact's column up to date, in the caller's transaction.

    source: where it came from ("keyword", "import", "provider", a person); text: what the person saw or wrote;
    proof: where to find it again; at: when the person decided, now when None.
    """
    if purpose not in ("marketing", "service"):
        raise ValueError(purpose)
    db.execute(
        RECORD.format(purpose=purpose),
        {
            "contact_id": contact_id,
            "purpose": purpose,
            "state": state,
            "source": source,
            "text": text,
            "proof": proof,
            "at": at,
        },
    )
