"""When a new number has proven itself by its own campaigns, so that they may use its whole pace.

The rule, asked each hour: within 30 days (the span in which Meta itself counts, Meta sheet E.2) at least 1,000 of its
campaigns' messages were delivered, on at least 7 different days (as many as a rating looks back, E.4), at least 85 %
of what was decided arrived (mission M13), and its rating is neither yellow nor red.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from ..channels import proving
from ..channels.models import Channel

DELIVERED = 1_000
DAYS = 7
SHARE = 0.85
WITHIN_DAYS = 30
BAD = ("yellow", "medium", "red", "low")

# messages_by_campaign (campaign_id, state, contact_id): a number that sends 30 a minute has few.
SENT = """
SELECT count(*) FILTER (WHERE m.state IN ('delivered', 'read')),
       count(*),
       count(DISTINCT (m.delivered_at AT TIME ZONE 'UTC')::date)
  FROM campaigns c
  JOIN messages m ON m.campaign_id = c.id AND m.state IN ('delivered', 'read', 'failed')
 WHERE c.channel_id = %(channel)s
   AND COALESCE(m.delivered_at, m.failed_at) > now() - %(days)s * interval '1 day'
"""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a number's campaigns have shown in WITHIN_DAYS. decided: delivered or failed; days: with a delivery."""

    delivered: int
    decided: int
    days: int
    is_rated_badly: bool

    @property
    def share(self) -> float:
        """Delivered of what was decided."""
        return self.delivered / self.decided if self.decided else 0.0

    @property
    def is_enough(self) -> bool:
        """Whether the whole rule holds."""
        return self.delivered >= DELIVERED and self.days >= DAYS and self.share >= SHARE and not self.is_rated_badly


def proof_of(channel: Channel) -> Proof:
    """Counted now."""
    with connection.cursor() as cursor:
        cursor.execute(SENT, {"channel": channel.pk, "days": WITHIN_DAYS})
        delivered, decided, days = cursor.fetchone()
    return Proof(delivered, decided, days, channel.quality.lower() in BAD)


def look() -> int:
    """Lift the ceiling of every new number for which the rule holds; returns how many."""
    lifted = 0
    for channel in Channel.objects.filter(pace_by=Channel.PaceBy.NEW).order_by("pk"):
        proof = proof_of(channel)
        if proof.is_enough:
            figures = {"delivered": proof.delivered, "days": proof.days, "share": round(proof.share, 3)}
            lifted += proving.sent_well(channel.pk, figures)
    return lifted
