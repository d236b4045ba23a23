"""Telling open pages what has happened, in the transaction in which it happens: PostgreSQL's NOTIFY.

A line names the conversation and what moved, never what was said: whoever reads it asks for what they may see
(inbox.hub). One transaction that changes much tells each thing once: PostgreSQL leaves repetitions out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
from django.db import connection

from ..core.events import Receipt

CHANNEL = "inbox"

# message: something new in the thread; receipt: what became of a message; state: who has it, snoozed, closed, priority;
# note, composing, presence, alarm, and notification: something new for the staff member `to`.
WHAT = ("message", "receipt", "state", "note", "composing", "presence", "alarm", "notification")


@dataclass(frozen=True, slots=True)
class Told:
    """One line. conversation: 0 for all of this customer's; by: of the staff who did it; to: for this one alone.

    assignee: who has the conversation, so that pages know whose lists it is in.
    """

    what: str
    contact: int = 0
    conversation: int = 0
    by: int | None = None
    to: int | None = None
    assignee: int | None = None


def tell(
    contact_id: int,
    conversation_id: int,
    what: str,
    *,
    by: int | None = None,
    to: int | None = None,
    assignee: int | None = None,
) -> None:
    """Tell every open page, when the caller's transaction commits."""
    tell_all([Told(what, contact_id, conversation_id, by, to, assignee)])


def tell_all(lines: Iterable[Told]) -> None:
    """`tell` for many, in one statement."""
    texts = [msgspec.json.encode(line).decode() for line in lines]
    if texts:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_notify(%(channel)s, line) FROM unnest(%(lines)s::text[]) AS l (line)",
                {"channel": CHANNEL, "lines": texts},
            )


def tell_receipts(receipts: Sequence[Receipt]) -> None:
    """Tell open pages what became of messages to customers who have a conversation that is not closed.

    A campaign's receipts come by the thousand: one statement a batch asks who of them has one.
    """
    keys = {receipt.key.contact_id for receipt in receipts if receipt.key}
    nameless = {receipt.provider_id for receipt in receipts if receipt.key is None and receipt.provider_id}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            -- messages_by_provider_id, then conversation_open_once: one probe each.
            SELECT c.contact_id, c.id, c.assignee_id
              FROM (SELECT unnest(%(contacts)s::bigint[])
                     UNION
                    SELECT m.contact_id FROM messages m
                     WHERE m.provider_id = ANY(%(nameless)s::text[]) AND m.direction = 'out') AS k (contact_id)
              JOIN conversations c ON c.contact_id = k.contact_id AND NOT (c.state = 'closed')
            """,
            {"contacts": list(keys), "nameless": list(nameless)},
        )
        found = cursor.fetchall()
    tell_all(Told("receipt", contact, conversation, assignee=assignee) for contact, conversation, assignee in found)
