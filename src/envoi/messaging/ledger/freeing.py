"""What a message that reached nobody gives back to its customer's limits."""

from __future__ import annotations

from collections.abc import Sequence

from . import portfolios
from .words import Connection


def free_unsent(db: Connection, keys: Sequence[tuple[int, int]]) -> None:
    """What waited and will never leave gives its customer's 24 hours back, and their place in the portfolio."""
    db.execute(
        """
        WITH locked AS (
            SELECT contact_id, channel_id FROM pairs
             WHERE contact_id = ANY(%(contacts)s) AND promoted_by = ANY(%(ids)s)
             ORDER BY contact_id, channel_id FOR NO KEY UPDATE
        )
        UPDATE pairs SET promoted_at = NULL, promoted_by = NULL
          FROM locked
         WHERE pairs.contact_id = locked.contact_id AND pairs.channel_id = locked.channel_id
           AND pairs.promoted_by = ANY(%(ids)s)
        """,
        {"contacts": [key[0] for key in keys], "ids": [key[1] for key in keys]},
    )
    portfolios.take_back(db, keys)
