"""Telling open pages what has happened, in the transaction in which it happens: PostgreSQL's NOTIFY.

A line names the conversation and what moved, never what was said: whoever reads it asks for what they may see
(inbox.hub). One transaction that changes much tells each thing once: PostgreSQL leaves repetitions out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
from django.db import connection

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
