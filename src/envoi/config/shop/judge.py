"""Judges a run by what the simulator saw: who got it twice, who is missing, what nobody can say and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection

from ...core.ids import parse_token
from ...messaging.ledger import ORDER

SAID_SENT = ("accepted", "sent", "delivered", "read")
# How far the simulator went with a message, in our words; "accepted" and "held" have no receipt yet.
THEIRS = {"sent": "sent", "delivered": "delivered", "read": "read", "failed": "failed"}


def judge(campaign_id: int, accepted: Iterable[Mapping[str, Any]], *, customers: int, replied: int) -> dict[str, Any]:
    """Compare a campaign's messages with every send that the simulator accepted.

    duplicates: sends beyond the first to one customer. lost: customers who were never planned; messages that still
    wait; that we call sent and the simulator never saw; that it took and we call unsent;
    receipts (of uncertain ones too) and replies that never became part of our records.
    """
    connection.close()  # it may be from before the database was killed
    ours = _ours(campaign_id)
    times: Counter[int] = Counter()
    theirs: dict[tuple[int, int], str] = {}
    for row in accepted:
        key = parse_token(row["opaque"])
        if key and (key.contact_id, key.message_id) in ours:
            times[key.contact_id] += 1
            theirs[key.contact_id, key.message_id] = row["state"]
    lost: Counter[str] = Counter()
    lost["never_planned"] = customers - len(ours)
    uncertain: Counter[str] = Counter()
    for message, (state, reason) in ours.items():
        there = theirs.get(message)
        if state in ("queued", "sending"):
            lost["still_waiting"] += 1
        elif there is None:
            lost["said_sent_but_never_arrived"] += state in SAID_SENT
        elif state not in (*SAID_SENT, "failed", "uncertain"):
            lost["arrived_but_said_unsent"] += 1
        elif (known := THEIRS.get(there)) and ORDER.index(known) > ORDER.index(state):
            lost["receipt_missing"] += 1
        if state == "uncertain":
            # The provider's number of one failure is no reason of its own.
            uncertain[reason.partition(" (fbtrace_id")[0]] += 1
    lost["reply_missing"] = max(replied - _inbound(), 0)
    lost = Counter({why: number for why, number in lost.items() if number})
    return {
        "duplicates": sum(number - 1 for number in times.values()),
        "lost": sum(lost.values()),
        "lost_why": dict(lost),
        "accepted": len(theirs),
        "uncertain_left": sum(uncertain.values()),
        "uncertain_settled": _once_uncertain(campaign_id) - sum(uncertain.values()),
        "uncertain_why": dict(uncertain.most_common()),
        "uncertain_unexplained": uncertain.get("", 0),
        "states": dict(Counter(state for state, _ in ours.values()).most_common()),
    }


def _ours(campaign_id: int) -> dict[tuple[int, int], tuple[str, str]]:
    """(contact, message) -> its state, and for what is uncertain the first words of the reason in its trace."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT m.contact_id, m.id, m.state,
                   CASE WHEN m.state = 'uncertain'
                        THEN COALESCE((SELECT e.detail ->> 'reason' FROM message_events e
                                        WHERE e.contact_id = m.contact_id AND e.message_id = m.id
                                          AND e.what = 'uncertain' ORDER BY e.id DESC LIMIT 1), '')
                        ELSE '' END
              FROM messages m
             WHERE m.campaign_id = %(campaign)s
            """,
            {"campaign": campaign_id},
        )
        return {(row[0], row[1]): (row[2], row[3]) for row in cursor.fetchall()}


def _once_uncertain(campaign_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(DISTINCT (e.contact_id, e.message_id))
              FROM message_events e JOIN messages m ON m.contact_id = e.contact_id AND m.id = e.message_id
             WHERE m.campaign_id = %(campaign)s AND e.what = 'uncertain'
            """,
            {"campaign": campaign_id},
        )
        return int(cursor.fetchone()[0])


def _inbound() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM messages WHERE direction = 'in'")
        return int(cursor.fetchone()[0])
