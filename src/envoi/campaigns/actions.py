"""What can be done with a campaign: make, change, launch, pause, resume, cancel, finish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..channels.models import Channel
from ..core import jobs
from ..core.errors import BadInput, Problem
from ..message_templates.models import Template
from ..message_templates.wording import form_of
from ..messaging import ledger
from ..messaging.actions import ledger_db
from ..messaging.models import Lane
from ..providers.table import PROVIDERS
from ..segments.models import Segment
from ..segments.rules import frozen
from ..team.actions import note
from ..team.models import ApiKey, Staff
from ..team.rights import require
from . import advice, breaker, budget, canary, forecasts, plans, preflight
from .audience import Audience, audience_of
from .errors import (
    AlreadyLaunched,
    Blocked,
    ChannelNotReady,
    NothingToSend,
    NotRunning,
    OverBudget,
    TemplateNotApproved,
)
from .held import locked
from .models import Campaign
from .policy import checked

END_STRETCH = 5_000
WATCH_SECONDS = 2
WATCH_PAUSED_SECONDS = 5
PRICE_SECONDS = 5
MOST_MONEY = Decimal(10**11)

Mapping_ = Mapping[str, Mapping[str, Any]]

# The headline of each blocker; any other is Blocked.
REFUSALS: dict[str, type[Problem]] = {
    "template_not_approved": TemplateNotApproved,
    "other_account": ChannelNotReady,
    "channel_not_active": ChannelNotReady,
    "missing_for_everyone": NothingToSend,
    "nobody": NothingToSend,
    "budget": OverBudget,
    "month": OverBudget,
}


@transaction.atomic
def create(
    *,
    name: str,
    segment_id: int,
    channel_id: int,
    template_id: int,
    variables: Mapping_,
    policy: Mapping[str, Any] | None = None,
    budget: Decimal | None = None,
    by: Staff | None,
) -> Campaign:
    """Make a draft. Raises BadInput when a part does not exist, VariableMissing when a variable has nothing."""
    require(by, "campaigns.write")
    campaign = Campaign(created_by=by)
    _fill(
        campaign,
        name=name,
        segment_id=segment_id,
        channel_id=channel_id,
        template_id=template_id,
        variables=variables,
        policy=policy,
        budget=budget,
    )
    campaign.save()
    note(by, "campaign.create", f"campaign/{campaign.pk}", {"name": campaign.name})
    return campaign


@transaction.atomic
def update(
    campaign_id: int,
    *,
    name: str,
    segment_id: int,
    channel_id: int,
    template_id: int,
    variables: Mapping_,
    policy: Mapping[str, Any] | None = None,
    budget: Decimal | None = None,
    by: Staff | None,
    key: ApiKey | None = None,
) -> Campaign:
    """Change a draft; a policy of None stays as it is. Raises AlreadyLaunched for anything else.

    key: the API key through which it is changed, when it is one.
    """
    require(by, "campaigns.write")
    campaign = locked(campaign_id)
    _only_draft(campaign)
    _fill(
        campaign,
        name=name,
        segment_id=segment_id,
        channel_id=channel_id,
        template_id=template_id,
        variables=variables,
        policy=policy,
        budget=budget,
    )
    if campaign.scheduled_at:
        # It leaves with the rights of whoever said when: now of whom changed it last, or not by itself.
        if plans.may_plan(by, key):
            campaign.scheduled_by, campaign.scheduled_key = by, key
        else:
            plans.drop(campaign, _("It was changed by somebody who may not launch it."))
    campaign.save()
    note(by, "campaign.update", f"campaign/{campaign.pk}")
    return campaign


@transaction.atomic
def launch(campaign_id: int, *, by: Staff | None) -> Campaign:
    """Start sending a draft.

    The lane, the new state, the forecast and the planning job commit together, so a campaign is never running with
    nobody working on it. Raises a Problem with the first blocker's sentence.
    """
    require(by, "campaigns.launch")
    campaign = locked(campaign_id)
    _only_draft(campaign)
    template, channel = campaign.template, campaign.channel
    # It leaves now: nothing of a plan is left, and what was counted for its moment is counted for this one.
    plans.clear(campaign)
    _refuse(advice.fixed_blockers(campaign))
    # Counted again unless somebody has just looked at it: what is refused, and what is promised, is of this minute.
    forecast = forecasts.fresh(campaign) or preflight.forecast(campaign)
    _refuse(forecast.blockers)

    breaker.refuse_start(campaign)

    priority = {
        Template.Category.MARKETING: Lane.Priority.MARKETING,
        Template.Category.UTILITY: Lane.Priority.UTILITY,
        Template.Category.AUTHENTICATION: Lane.Priority.SERVICE,
    }[Template.Category(template.category)]
    # Meta and Bird know a template by its name, Twilio and Zenvia by the id that they gave it.
    by_id = PROVIDERS[channel.account.provider].template_key == "id"
    named = template.provider_id if by_id else template.name
    form = form_of(named, template.language, template.components, campaign.variables)
    campaign.lane_id = ledger.add_lane(ledger_db(), channel.pk, priority=priority, form=form.dump())
    campaign.state = Campaign.State.RUNNING
    campaign.launched_at = timezone.now()
    campaign.launched_by = by
    campaign.expires_at = campaign.launched_at + forecast.lifetime
    campaign.planned_to = 0
    canary.begin(campaign)
    campaign.plan = {
        "rule": frozen(campaign.segment.rule),
        "components": template.components,
        "category": template.category,
        "forecast": forecast.dump(),
    }
    campaign.save()
    note(by, "campaign.launch", f"campaign/{campaign.pk}", {"name": campaign.name})

    jobs.defer("campaigns.plan_audience", once=str(campaign.pk), campaign_id=campaign.pk)
    _watch_again(campaign)
    return campaign


@transaction.atomic
def pause(campaign_id: int, *, by: Staff | None) -> Campaign:
    """Hold what has not been claimed yet; the few messages on their way (a quarter of a second's worth) still go."""
    require(by, "campaigns.launch")
    campaign = locked(campaign_id)
    if campaign.state != Campaign.State.RUNNING:
        raise NotRunning(_("Only a running campaign can be paused."))
    campaign.state = Campaign.State.PAUSED
    campaign.save(update_fields=["state"])
    assert campaign.lane_id is not None
    ledger.set_lane(ledger_db(), campaign.lane_id, "held")
    note(by, "campaign.pause", f"campaign/{campaign.pk}")
    return campaign


@transaction.atomic
def resume(campaign_id: int, *, by: Staff | None) -> Campaign:
    """Go on with a paused campaign, or with one whose lane the provider's answer has held."""
    require(by, "campaigns.launch")
    campaign = locked(campaign_id)
    held = campaign.lane is not None and campaign.lane.state == Lane.State.HELD
    if campaign.state != Campaign.State.PAUSED and not (campaign.state == Campaign.State.RUNNING and held):
        raise NotRunning(_("Only a paused campaign can be resumed."))
    breaker.refuse_start(campaign)
    breaker.resumed(campaign, by=by)
    campaign.state = Campaign.State.RUNNING
    campaign.save(update_fields=["state"])
    assert campaign.lane_id is not None
    category = campaign.template.category
    if category == Template.Category.MARKETING and (campaign.plan or {}).get("category") != category:
        # WhatsApp made a promotion of it meanwhile (hold_recategorised): from here on it is asked for consent.
        campaign.plan = {**(campaign.plan or {}), "category": category}
        campaign.save(update_fields=["plan"])
        ledger.make_promotional(ledger_db(), campaign.channel_id, campaign.lane_id)
    if campaign.budget is not None or campaign.committed:
        campaign.committed = budget.recount(campaign)
        campaign.out_of_budget = False
        campaign.save(update_fields=["committed", "out_of_budget"])
        if budget.is_over(campaign):
            raise OverBudget(budget.sentence())
    if campaign.planned_at is None:
        jobs.defer("campaigns.plan_audience", once=str(campaign.pk), campaign_id=campaign.pk)
    ledger.set_lane(ledger_db(), campaign.lane_id, "open")
    note(by, "campaign.resume", f"campaign/{campaign.pk}")
    if campaign.planned_at is None:
        jobs.defer("campaigns.plan_audience", once=str(campaign.pk), campaign_id=campaign.pk)
    _watch_again(campaign)
    return campaign


@transaction.atomic
def cancel(campaign_id: int, *, by: Staff | None) -> Campaign:
    """End it for good: what has not left is cancelled, what left stays as it is. A draft is cancelled too."""
    require(by, "campaigns.launch")
    campaign = locked(campaign_id)
    if campaign.state in (Campaign.State.FINISHED, Campaign.State.CANCELLED):
        raise NotRunning(_("This campaign has ended already."))
    plans.clear(campaign)
    campaign.state = Campaign.State.CANCELLED
    campaign.finished_at = timezone.now()
    campaign.save(update_fields=["state", "finished_at", *plans.PLAN])
    if campaign.lane_id is not None:
        ledger.set_lane(ledger_db(), campaign.lane_id, "closed")
        jobs.defer("campaigns.cancel_rest", once=str(campaign.pk), campaign_id=campaign.pk)
    note(by, "campaign.cancel", f"campaign/{campaign.pk}")
    return campaign


@transaction.atomic
def cancel_stretch(campaign_id: int) -> bool:
    """Cancel the next few thousand waiting messages of a cancelled campaign; False when none is left to be cancelled.

    What dispatch holds at this moment may come back to the queue: then this is asked again in a moment.
    """
    campaign = locked(campaign_id)
    if campaign.state != Campaign.State.CANCELLED or campaign.lane_id is None:
        return False
    if ledger.end_waiting(ledger_db(), campaign.channel_id, campaign.lane_id, state="cancelled", limit=END_STRETCH):
        return True
    if _still_waits(campaign):
        jobs.defer("campaigns.cancel_rest", after_seconds=2, once=str(campaign_id), campaign_id=campaign_id)
    return False


@transaction.atomic
def watch(campaign_id: int) -> bool:
    """Finish a campaign of which nothing waits any more; returns whether it goes on, and then looks again by itself.

    After its time is over, whoever still waits is skipped, also while it is paused or its channel suspended.
    """
    campaign = locked(campaign_id)
    if campaign.state not in (Campaign.State.RUNNING, Campaign.State.PAUSED) or campaign.lane_id is None:
        return False
    over = campaign.expires_at is not None and campaign.expires_at <= timezone.now()
    if over:
        ledger.end_waiting(
            ledger_db(), campaign.channel_id, campaign.lane_id, state="skipped", reason="expired", limit=END_STRETCH
        )
    waits = _still_waits(campaign)
    if not over:
        _keep_to_budget(campaign, waits=waits)
    jobs.defer("messaging.price_delivered", after_seconds=PRICE_SECONDS, once="delivered")
    if (
        campaign.planned_at is None
        or waits
        or canary.holds(campaign)
        or (campaign.state == Campaign.State.PAUSED and not over)
    ):
        _watch_again(campaign)
        return True
    campaign.state = Campaign.State.FINISHED
    campaign.finished_at = timezone.now()
    campaign.save(update_fields=["state", "finished_at"])
    ledger.set_lane(ledger_db(), campaign.lane_id, "closed")
    return False


def _keep_to_budget(campaign: Campaign, *, waits: bool) -> None:
    """Hold the lane of a campaign whose money is used up: nothing of it is claimed after this commits."""
    lane = campaign.lane
    if campaign.state != Campaign.State.RUNNING or lane is None or lane.state != Lane.State.OPEN:
        return
    if (campaign.out_of_budget and not waits) or (waits and budget.is_over(campaign)):
        ledger.set_lane(ledger_db(), lane.pk, "held", reason=budget.sentence())
        note(None, "campaign.hold", f"campaign/{campaign.pk}", {"reason": budget.REASON})


@transaction.atomic
def set_budget(campaign_id: int, amount: Decimal | None, *, by: Staff | None) -> Campaign:
    """Change what a campaign may spend, also while it runs; None: no cap. What is held for it is resumed by hand."""
    require(by, "campaigns.launch")
    campaign = locked(campaign_id)
    if campaign.state in (Campaign.State.FINISHED, Campaign.State.CANCELLED):
        raise NotRunning(_("This campaign has ended already."))
    before = campaign.budget
    campaign.budget = _budget(amount)
    if campaign.state != Campaign.State.DRAFT:
        # A campaign without a cap has reserved nothing so far.
        campaign.committed = budget.recount(campaign)
    campaign.save(update_fields=["budget", "committed"])
    words = {"before": None if before is None else str(before), "after": None if amount is None else str(amount)}
    note(by, "campaign.budget", f"campaign/{campaign.pk}", words)
    return campaign


def compute_forecast(campaign_id: int) -> None:
    """Count the audience of a draft and keep the result for its page; nothing when it is a draft no more."""
    campaign = Campaign.objects.select_related("template", "channel__account", "segment").filter(pk=campaign_id).first()
    if campaign is not None and campaign.state == Campaign.State.DRAFT:
        forecasts.compute(campaign)


def _watch_again(campaign: Campaign) -> None:
    seconds = WATCH_SECONDS if campaign.state == Campaign.State.RUNNING else WATCH_PAUSED_SECONDS
    jobs.defer("campaigns.watch", after_seconds=seconds, once=str(campaign.pk), campaign_id=campaign.pk)


@transaction.atomic
def look_after() -> None:
    """Queue whatever job a campaign should have: a net under the chain of jobs, of which one may fail for good."""
    for campaign in Campaign.objects.filter(state__in=(Campaign.State.RUNNING, Campaign.State.PAUSED)):
        _watch_again(campaign)
        if campaign.planned_at is None:
            jobs.defer("campaigns.plan_audience", once=str(campaign.pk), campaign_id=campaign.pk)
    for campaign in Campaign.objects.filter(state=Campaign.State.CANCELLED, lane__isnull=False):
        if _still_waits(campaign):
            jobs.defer("campaigns.cancel_rest", once=str(campaign.pk), campaign_id=campaign.pk)


@transaction.atomic
def hold_recategorised() -> int:
    """Hold running campaigns whose template WhatsApp has made a promotion since their launch; returns how many.

    They were planned without asking for consent to promotions. Whoever resumes one sends it as a promotion.
    """
    held = 0
    for campaign in Campaign.objects.select_related("template").filter(
        state=Campaign.State.RUNNING, template__category=Template.Category.MARKETING, lane__state=Lane.State.OPEN
    ):
        if (campaign.plan or {}).get("category") == Template.Category.MARKETING:
            continue
        assert campaign.lane_id is not None
        reason = _("WhatsApp now counts the template “%(name)s” as marketing.") % {"name": campaign.template.name}
        ledger.set_lane(ledger_db(), campaign.lane_id, "held", reason=reason)
        note(None, "campaign.hold", f"campaign/{campaign.pk}", {"reason": reason})
        held += 1
    return held


def _still_waits(campaign: Campaign) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            -- Two questions, so that each has its partial index: outbox_due and outbox_leased.
            SELECT EXISTS (SELECT 1 FROM outbox
                            WHERE channel_id = %(channel)s AND lane_id = %(lane)s AND state = 'queued')
                OR EXISTS (SELECT 1 FROM outbox
                            WHERE channel_id = %(channel)s AND lane_id = %(lane)s AND state = 'sending')
            """,
            {"channel": campaign.channel_id, "lane": campaign.lane_id},
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def _refuse(blockers: Sequence[advice.Advice]) -> None:
    for blocker in blockers:
        raise REFUSALS.get(blocker.code, Blocked)(blocker.sentence)


def _draft_audience(campaign: Campaign) -> Audience:
    template = campaign.template
    return audience_of(
        campaign.segment.rule,
        campaign.variables,
        components=template.components,
        category=template.category,
        channel_id=campaign.channel_id,
        exclude_inactive=campaign.trial.exclude_inactive,
    )


def _only_draft(campaign: Campaign) -> None:
    if campaign.state != Campaign.State.DRAFT:
        raise AlreadyLaunched(_("“%(name)s” was already launched.") % {"name": campaign.name})


def _fill(campaign: Campaign, **parts: Any) -> None:
    name = str(parts["name"]).strip()
    if not name:
        raise BadInput(_("Give the campaign a name."))
    if len(name) > 120:
        raise BadInput(_("A campaign's name has at most 120 characters."))
    campaign.name = name
    if parts["policy"] is not None:
        campaign.policy = checked(parts["policy"]).dump()
    campaign.budget = _budget(parts["budget"])
    campaign.variables = {key: dict(value) for key, value in parts["variables"].items()}
    try:
        campaign.segment = Segment.objects.get(pk=parts["segment_id"])
        campaign.channel = Channel.objects.get(pk=parts["channel_id"])
        campaign.template = Template.objects.get(pk=parts["template_id"])
    except (Segment.DoesNotExist, Channel.DoesNotExist, Template.DoesNotExist, ValueError, TypeError):
        raise BadInput(_("Choose a segment, a channel and a template that exist.")) from None
    # Says at once when a variable has nothing to be filled with.
    _draft_audience(campaign)


def _budget(amount: Decimal | None) -> Decimal | None:
    if amount is not None and not 0 <= amount < MOST_MONEY:
        raise BadInput(_("A budget is zero or more."))
    return amount
