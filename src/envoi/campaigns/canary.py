"""The canary: a slice of the audience gets the campaign first, the rest only when the slice took it well.

The slice is drawn evenly from the whole audience by a hash of the contact, so planning it again chooses the same
people; planning everybody afterwards finds them written to already (messages.recipient_once).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from django.db import connection, transaction
from django.utils import timezone

from ..core import jobs
from ..message_templates.models import Template
from . import breaker
from .audience import Audience
from .models import Campaign
from .policy import policy_of
from .signs import Figures, Thresholds, is_below, signs

WHOLE = 1 << 20  # parts into which the hash divides the audience
PROVEN = 1_000  # delivered messages of a template with green quality, after which nothing is to be tried
DELIVERY_PATIENCE = 2  # times the minutes: WhatsApp may hold messages of a new template back for as long

Verdict = Literal["wait", "open", "stop"]


def begin(campaign: Campaign) -> None:
    """Decide at the launch, as far as that is known, whether there is a trial; plan_stretch sizes it up."""
    policy = policy_of(campaign.policy)
    wanted = policy.canary == "always" or (
        policy.canary == "auto" and campaign.template.category == Template.Category.MARKETING
    )
    campaign.canary_state = Campaign.Canary.WATCHING if wanted else Campaign.Canary.NONE


def sized_up(campaign: Campaign, everybody: Audience) -> None:
    """Before the first stretch: how large the slice is, or that no trial is needed after all."""
    if campaign.canary_state != Campaign.Canary.WATCHING or campaign.canary_share is not None:
        return
    policy = policy_of(campaign.policy)
    total = _count(everybody)
    campaign.canary_total = total
    needless = policy.canary == "auto" and (total < policy.canary_from or _is_proven(campaign))
    if needless or total <= policy.canary_size:
        campaign.canary_state = Campaign.Canary.NONE
    else:
        campaign.canary_share = policy.canary_size / total
    campaign.save(update_fields=["canary_state", "canary_share", "canary_total"])


def slice_of(campaign: Campaign, audience: Audience) -> Audience:
    """The part of an audience that is planned now: the slice during the trial, else all of it."""
    if campaign.canary_state != Campaign.Canary.WATCHING or campaign.canary_share is None:
        return audience
    sql = f"""
        SELECT * FROM ({audience.sql}) everybody
         WHERE (hashint8extended(everybody.contact_id, %(_canary_seed)s) & {WHOLE - 1}) < %(_canary_below)s
    """  # noqa: S608  (a constant; the audience is built by campaigns.audience)
    below = max(1, round(campaign.canary_share * WHOLE))
    return Audience(sql, {**audience.parameters, "_canary_seed": campaign.pk, "_canary_below": below})


def holds(campaign: Campaign) -> bool:
    """Whether the rest has still to wait for the trial: the campaign has not ended though nothing waits."""
    over = campaign.expires_at is not None and campaign.expires_at <= timezone.now()
    return campaign.canary_state in (Campaign.Canary.WATCHING, Campaign.Canary.STOPPED) and not over


@transaction.atomic
def look(campaign_id: int) -> None:
    """Open the rest when the slice is old enough and well, stop when it is not; else look again later."""
    campaign = (
        Campaign.objects.select_for_update(of=("self",))
        .filter(pk=campaign_id, state=Campaign.State.RUNNING, canary_state=Campaign.Canary.WATCHING)
        .first()
    )
    if campaign is None or campaign.planned_at is None or not holds(campaign):
        return
    now = timezone.now()
    if campaign.canary_sent_at is None:
        if not _is_sent(campaign):
            return
        campaign.canary_sent_at = now
        campaign.save(update_fields=["canary_sent_at"])
    policy = policy_of(campaign.policy)
    figures = breaker.figures_of(campaign, since=campaign.launched_at or now)
    age = now - campaign.canary_sent_at
    if verdict(figures, policy.thresholds, age=age, watched=timedelta(minutes=policy.canary_minutes)) == "open":
        open_rest(campaign)


def verdict(figures: Figures, thresholds: Thresholds, *, age: timedelta, watched: timedelta) -> Verdict:
    """What a trial's figures mean `age` after it was sent. Stopping is the breaker's: at once, whatever the age."""
    if any(sign.stops for sign in signs(figures, thresholds)):
        return "stop"
    if age < watched:
        return "wait"
    if is_below(figures.delivered, figures.accepted, thresholds.delivered):
        return "wait" if age < watched * DELIVERY_PATIENCE else "stop"
    return "open"


def open_rest(campaign: Campaign) -> None:
    """Plan everybody, in the caller's transaction: those of the slice are found written to already."""
    campaign.canary_state = Campaign.Canary.PASSED
    campaign.planned_to, campaign.planned_at = 0, None
    campaign.save(update_fields=["canary_state", "planned_to", "planned_at"])
    jobs.defer("campaigns.plan_audience", once=str(campaign.pk), campaign_id=campaign.pk)


def _is_sent(campaign: Campaign) -> bool:
    """Whether all of the slice have left who may: who rests for a day is not waited for."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT NOT EXISTS (
                SELECT 1 FROM outbox
                 WHERE channel_id = %(channel)s AND lane_id = %(lane)s
                   AND (state = 'sending' OR (state = 'queued' AND due_at <= now() + interval '1 minute')))
            """,
            {"channel": campaign.channel_id, "lane": campaign.lane_id},
        )
        return bool(cursor.fetchone()[0])


def _count(audience: Audience) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM ({audience.sql}) a WHERE a.reason = ''",  # noqa: S608
            audience.parameters,
        )
        return int(cursor.fetchone()[0])


def _is_proven(campaign: Campaign) -> bool:
    """Whether this template did well before: Meta paces the new, the unpaused and those that are not green."""
    template = campaign.template
    if template.quality.lower() not in breaker.GREEN:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM (
                SELECT 1 FROM campaigns c JOIN messages m ON m.campaign_id = c.id
                 WHERE c.template_id = %(template)s AND c.id <> %(campaign)s AND m.state IN ('delivered', 'read')
                 LIMIT %(proven)s) AS found
            """,
            {"template": template.pk, "campaign": campaign.pk, "proven": PROVEN},
        )
        return int(cursor.fetchone()[0]) >= PROVEN
