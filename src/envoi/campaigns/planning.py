"""Planning a launched campaign's recipients, stretch by stretch, within its trial and its money."""

from __future__ import annotations

from django.db import connection, transaction
from django.utils import timezone

from ..messaging import ledger
from ..messaging.actions import ledger_db
from . import budget, canary
from .audience import Audience, audience_of
from .held import locked
from .models import Campaign

STRETCH = 20_000  # contact ids planned in one transaction: a pause or a kill loses at most this much work


@transaction.atomic
def plan_stretch(campaign_id: int) -> bool:
    """Queue the next stretch of the audience and move the checkpoint, together; False when there is none left.

    Run again after a kill it goes on at the checkpoint; run twice at once the second waits for the first.
    """
    campaign = locked(campaign_id)
    if campaign.planned_at or campaign.state not in (Campaign.State.RUNNING, Campaign.State.PAUSED):
        return False
    after = campaign.planned_to or 0
    to = _end_of_stretch(after)
    if to is None:
        campaign.planned_at = timezone.now()
        campaign.save(update_fields=["planned_at"])
        return False
    # As it was launched: a segment or a template that is changed meanwhile changes nothing under way.
    plan = campaign.plan or {}
    canary.sized_up(campaign, _everybody(campaign))
    audience = _planned_audience(campaign, after=after, to=to)
    over = campaign.expires_at is not None and campaign.expires_at <= timezone.now()
    if campaign.out_of_budget and over:
        audience = audience.all_skipped(budget.REASON)
    else:
        last = _reserve(campaign, audience, to=to)
        if last is None:
            return False
        if last < to:
            audience, to = _planned_audience(campaign, after=after, to=last), last
    assert campaign.lane_id is not None
    ledger.enqueue_recipients(
        ledger_db(),
        audience=audience.sql,
        parameters=audience.parameters,
        campaign_id=campaign.pk,
        channel_id=campaign.channel_id,
        lane_id=campaign.lane_id,
        template_id=campaign.template_id,
        category=plan["category"],
        expires_at=campaign.expires_at,
    )
    campaign.planned_to = to
    campaign.save(update_fields=["planned_to", "committed", "out_of_budget"])
    return True


def _everybody(campaign: Campaign) -> Audience:
    plan = campaign.plan or {}
    return audience_of(
        plan["rule"],
        campaign.variables,
        components=plan["components"],
        category=plan["category"],
        channel_id=campaign.channel_id,
        exclude_inactive=campaign.trial.exclude_inactive,
    )


def _planned_audience(campaign: Campaign, *, after: int, to: int) -> Audience:
    plan = campaign.plan or {}
    audience = audience_of(
        plan["rule"],
        campaign.variables,
        components=plan["components"],
        category=plan["category"],
        channel_id=campaign.channel_id,
        after=after,
        to=to,
        exclude_inactive=campaign.trial.exclude_inactive,
    )
    return canary.slice_of(campaign, audience)


def _reserve(campaign: Campaign, audience: Audience, *, to: int) -> int | None:
    """Reserve the money of a stretch; returns up to which contact it lasts, None when for nobody: planning waits."""
    category = (campaign.plan or {})["category"]
    last, reserved = budget.affordable(campaign, audience, category=category, to=to)
    if last is None:
        # What failed since gives its money back.
        campaign.committed = budget.recount(campaign)
        last, reserved = budget.affordable(campaign, audience, category=category, to=to)
    campaign.committed += reserved
    campaign.out_of_budget = last is None
    if last is None:
        campaign.save(update_fields=["committed", "out_of_budget"])
    return last


def _end_of_stretch(after: int) -> int | None:
    """The id that ends the next STRETCH of contacts after `after`, None when nobody comes after it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(id) FROM (SELECT id FROM contacts WHERE id > %(after)s ORDER BY id LIMIT %(n)s) AS stretch",
            {"after": after, "n": STRETCH},
        )
        row = cursor.fetchone()
    return row[0] if row else None
