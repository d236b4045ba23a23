"""Launches the demo's campaign, watches it to its end, and compares our records with the simulator's own ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from ...campaigns import actions, queries
from ...campaigns.models import Campaign
from ...campaigns.queries import Funnel
from ...core.ids import parse_token
from ...team.models import Staff

LEFT = ("accepted", "sent", "delivered", "read", "failed", "uncertain")


def launch(campaign_id: int) -> None:
    """Launch it as the shop's owner."""
    actions.launch(campaign_id, by=Staff.objects.get(role=Staff.Role.OWNER))


def standing(campaign_id: int) -> Funnel:
    """Where the recipients stand now."""
    return queries.funnel(campaign_id)


def is_settled(campaign_id: int) -> bool:
    """Whether nothing of the campaign waits to be sent."""
    return Campaign.objects.filter(pk=campaign_id, state=Campaign.State.FINISHED).exists()


def is_taken_in() -> bool:
    """Whether every stored webhook has been worked through."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT NOT EXISTS (SELECT 1 FROM webhook_events WHERE state = 'new')")
        return bool(cursor.fetchone()[0])


def report(campaign_id: int, accepted: Sequence[Mapping[str, Any]], ledger: Mapping[str, Any]) -> dict[str, Any]:
    """The campaign's figures, with duplicates and losses judged by what the simulator accepted.

    duplicates: messages that it accepted beyond the first for one customer of this campaign. lost: recipients who are
    neither with the simulator nor in a state that says why (failed, skipped, uncertain), or who are with it although
    we say that nothing was sent.
    """
    funnel = queries.funnel(campaign_id)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT contact_id, id, state, accepted_at FROM messages WHERE campaign_id = %(campaign)s
            """,
            {"campaign": campaign_id},
        )
        ours = {(row[0], row[1]): (row[2], row[3]) for row in cursor.fetchall()}
    keys = [key for row in accepted if (key := parse_token(row["opaque"])) and tuple(key) in ours]
    there = {tuple(key) for key in keys}
    duplicates = sum(times - 1 for times in Counter(key.contact_id for key in keys).values())
    lost = 0
    for known, (state, _) in ours.items():
        arrived = known in there
        claims_sent = state in ("accepted", "sent", "delivered", "read")
        forgotten = state in ("queued", "sending")
        unknown = arrived and state not in LEFT
        lost += forgotten or unknown or (claims_sent and not arrived)
    moments = sorted(at for _, at in ours.values() if at)
    seconds = (moments[-1] - moments[0]).total_seconds() if len(moments) > 1 else 0.0
    return {
        "recipients": funnel.recipients,
        "accepted": len(there),
        "delivered": funnel.delivered,
        "read": funnel.read,
        "replied": funnel.replied,
        "failed": funnel.failed,
        "skipped": funnel.skipped,
        "uncertain": funnel.uncertain,
        "duplicates": duplicates,
        "lost": lost,
        "messages_per_second": round(len(moments) / seconds, 1) if seconds else None,
        "webhooks_duplicated": ledger["webhooks_duplicated"],
        "faults": ledger["faults"],
        "refused": ledger["refused"],
        "skipped_by_reason": {reason: count for reason, _, count in funnel.skipped_by_reason},
        "failed_by_code": {code: count for code, _, count in funnel.failed_by_code},
    }
