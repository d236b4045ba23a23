"""What follows in the inbox from what became of an answer that somebody wrote there, or a rule, not a campaign.

Open pages are told; where it failed the customer waits again.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from ..core.events import Receipt
from ..messaging.actions import ledger_db
from .failing import wait_again
from .live import Told, tell_all


def tell_receipts(receipts: Sequence[Receipt]) -> int:
    """Follow these receipts, in the caller's transaction; returns in how many conversations something moved."""
    failed = [receipt for receipt in receipts if receipt.state == "failed"]
    wait_again(
        ledger_db(),
        [(one.key.contact_id, one.key.message_id) for one in failed if one.key is not None],
        [one.provider_id for one in failed if one.key is None and one.provider_id],
    )
    keys = [receipt.key for receipt in receipts if receipt.key is not None]
    if not keys:
        return 0
    with connection.cursor() as cursor:
        # One probe of the primary key each; a campaign's messages have no author and end there.
        cursor.execute(
            """
            SELECT DISTINCT a.contact_id, a.conversation_id
              FROM unnest(%(contacts)s::bigint[], %(messages)s::bigint[]) AS k (contact_id, message_id)
              JOIN message_authors a USING (contact_id, message_id)
             WHERE a.conversation_id IS NOT NULL
            """,
            {"contacts": [key.contact_id for key in keys], "messages": [key.message_id for key in keys]},
        )
        found = cursor.fetchall()
    tell_all(Told("receipt", contact_id, conversation_id) for contact_id, conversation_id in found)
    return len(found)


def follow_given_up(keys: Sequence[tuple[int, int]]) -> None:
    """Let customers wait again whose answers nobody knows the fate of any more, and tell open pages; in the caller's
    transaction, who has called these messages (contact and message) failed."""
    wait_again(ledger_db(), keys)
    tell_all(Told("receipt", contact_id) for contact_id in sorted({key[0] for key in keys}))
