"""In which order rows are held, so that no two transactions wait for each other (ARCHITECTURE.md says it in words).

Lanes, outbox, messages, contacts, portfolios, pairs, the channel's pace; within each in the order of their keys.
Whoever will take several rows of one kind with several statements takes them here first, with one.
"""

from __future__ import annotations

from collections.abc import Iterable

from .moves import whole
from .words import Connection


def hold_outbox(db: Connection, channel_id: int, ids: Iterable[int]) -> None:
    """Hold these rows of one channel's outbox; those that receipts took away meanwhile are not missed."""
    if keys := sorted(set(ids)):
        db.execute(
            "SELECT 1 FROM outbox WHERE channel_id = %(channel_id)s AND id = ANY(%(ids)s::bigint[])"
            " ORDER BY id FOR UPDATE",
            {"channel_id": channel_id, "ids": whole(keys)},
        )


def hold_contacts(db: Connection, contact_ids: Iterable[int]) -> None:
    """Hold these customers."""
    if keys := sorted(set(contact_ids)):
        db.execute(
            "SELECT 1 FROM contacts WHERE id = ANY(%(ids)s::bigint[]) ORDER BY id FOR NO KEY UPDATE",
            {"ids": whole(keys)},
        )


def hold_pairs(db: Connection, contact_ids: Iterable[int]) -> None:
    """Hold all pairs of these customers, whatever the number."""
    if keys := sorted(set(contact_ids)):
        db.execute(
            "SELECT 1 FROM pairs WHERE contact_id = ANY(%(ids)s::bigint[])"
            " ORDER BY contact_id, channel_id FOR NO KEY UPDATE",
            {"ids": whole(keys)},
        )
