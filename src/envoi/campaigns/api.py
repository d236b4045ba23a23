"""/campaigns: drafts, their pre-flight, launching and stopping, the report, and what became of each recipient."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.db import transaction
from django.utils.translation import gettext as _
from ninja import Query, Router, Status

from ..core.errors import BadInput
from ..messaging.finding import by_keys
from ..messaging.queries import traces_of
from ..messaging.shapes import trace
from ..rates.queries import terms_of
from ..rest.requests import KeyRequest
from ..rest.shapes import (
    Cursor,
    Id,
    Limit,
    Listing,
    Money,
    listing,
    money,
    paired,
    place,
)
from . import actions, forecasts, preflight, queries, schedule
from .shapes import (
    STATES,
    Advice,
    CampaignGiven,
    CampaignOut,
    CampaignPart,
    Code,
    CountryCost,
    ErrorOut,
    Part,
    Preflight,
    Reason,
    RecipientOut,
    Report,
    Share,
)
from .shown import costs

router = Router(tags=["campaigns"])


@router.get("", response=Listing[CampaignOut])
def list_campaigns(
    request: KeyRequest,
    q: Annotated[str, Query(max_length=120)] = "",
    state: Annotated[
        Literal["", "draft", "planned", "running", "paused", "finished", "cancelled"],
        Query(description="“planned”: drafts that leave by themselves, a part of “draft”."),
    ] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Listing[CampaignOut]:
    """Campaigns, the newest first."""
    planned = True if state == "planned" else None
    page = queries.campaigns(request.by, search=q, state=state, planned=planned, after=place(cursor), limit=limit)
    return listing(page, _shown)


@router.post("", response={201: CampaignOut})
def create_campaign(request: KeyRequest, given: CampaignGiven) -> Status[CampaignOut]:
    """Make a draft; nothing is sent before it is launched, or its time has come."""
    with transaction.atomic():
        made = actions.create(
            name=given.name,
            segment_id=given.segment,
            channel_id=given.channel,
            template_id=given.template,
            variables=given.variables,
            policy=given.policy.said() if given.policy is not None else None,
            by=request.by,
        )
        if given.budget is not None:
            made = _with_budget(request, made.pk, given.budget)
        if given.schedule is not None:
            schedule.schedule(made.pk, given.schedule, by=request.by, key=request.key)
    return Status(201, _one(request, made.pk))


@router.get("/{campaign_id}", response=CampaignOut)
def get_campaign(request: KeyRequest, campaign_id: Id) -> CampaignOut:
    """One campaign."""
    return _one(request, campaign_id)


@router.patch("/{campaign_id}", response=CampaignOut)
def change_campaign(request: KeyRequest, campaign_id: Id, given: CampaignPart) -> CampaignOut:
    """Change a draft, and when it leaves; of a campaign that was launched only the budget."""
    before = queries.campaign_for(request.by, campaign_id)
    said = given.said()
    with transaction.atomic():
        if said.keys() - {"budget", "schedule"}:
            actions.update(
                campaign_id,
                name=said.get("name", before.name),
                segment_id=said.get("segment", before.segment_id),
                channel_id=said.get("channel", before.channel_id),
                template_id=said.get("template", before.template_id),
                variables=said.get("variables", before.variables),
                policy={**before.trial.dump(), **said["policy"]} if "policy" in said else None,
                budget=before.budget,
                by=request.by,
                key=request.key,
            )
        if "budget" in said:
            _with_budget(request, campaign_id, given.budget)
        if "schedule" in said:
            schedule.schedule(campaign_id, given.schedule, by=request.by, key=request.key)
    return _one(request, campaign_id)


@router.get("/{campaign_id}/preflight", response={200: Preflight, 202: Preflight})
def get_preflight(request: KeyRequest, campaign_id: Id) -> Status[Preflight]:
    """What a launch would do, as it was last counted; of a launched one, what was promised at its launch."""
    return _preflight(request, campaign_id, again=False)


@router.post("/{campaign_id}/preflight", response={200: Preflight, 202: Preflight})
def preflight_campaign(request: KeyRequest, campaign_id: Id) -> Status[Preflight]:
    """Count again what a launch would do: 202 and `counting` while a large address book is counted; ask again then."""
    return _preflight(request, campaign_id, again=True)


@router.post("/{campaign_id}/launch", response=CampaignOut)
def launch_campaign(request: KeyRequest, campaign_id: Id) -> CampaignOut:
    """Start sending. Refused with the first blocker of the pre-flight."""
    actions.launch(campaign_id, by=request.by)
    return _one(request, campaign_id)


@router.post("/{campaign_id}/pause", response=CampaignOut)
def pause_campaign(request: KeyRequest, campaign_id: Id) -> CampaignOut:
    """Hold what has not left yet."""
    actions.pause(campaign_id, by=request.by)
    return _one(request, campaign_id)


@router.post("/{campaign_id}/resume", response=CampaignOut)
def resume_campaign(request: KeyRequest, campaign_id: Id) -> CampaignOut:
    """Go on with what was paused or held."""
    actions.resume(campaign_id, by=request.by)
    return _one(request, campaign_id)


@router.post("/{campaign_id}/cancel", response=CampaignOut)
def cancel_campaign(request: KeyRequest, campaign_id: Id) -> CampaignOut:
    """End it for good: what has not left never will."""
    actions.cancel(campaign_id, by=request.by)
    return _one(request, campaign_id)


@router.get("/{campaign_id}/report", response=Report)
def report_campaign(request: KeyRequest, campaign_id: Id) -> Report:
    """Where it stands now: the funnel, why some were left out, and what it costs."""
    campaign = queries.campaign_for(request.by, campaign_id)
    funnel, spent = queries.funnel(campaign_id), costs(campaign)
    currency = spent["currency"]
    counted = asdict(funnel)
    for name in ("per_second", "skipped_by_reason", "failed_by_code"):
        counted.pop(name)
    return Report(
        **counted,
        state=campaign.state,
        messages_per_second=funnel.per_second,
        skipped_by_reason=[Reason(reason=r, label=label, people=n) for r, label, n in funnel.skipped_by_reason],
        failed_by_code=[Code(code=code, title=title, messages=n) for code, title, n in funnel.failed_by_code],
        promised=money(spent["cost_promised"], currency),
        cost=money(spent["cost_real"], currency),
        countries=[
            CountryCost(
                country=row.country,
                market=row.market,
                promised=money(row.promised, currency),
                cost=money(row.real, currency),
                delivered=row.delivered,
                billed=row.billed,
            )
            for row in spent["cost_rows"]
        ],
    )


@router.get("/{campaign_id}/recipients", response=Listing[RecipientOut])
def list_recipients(
    request: KeyRequest,
    campaign_id: Id,
    state: Annotated[STATES, Query()] = "",
    q: Annotated[str, Query(max_length=200)] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Listing[RecipientOut]:
    """Everybody in the segment at the launch, those left out included. GET /messages/{id} has the whole trace."""
    queries.campaign_for(request.by, campaign_id)
    states = [state] if state else []
    page = queries.recipients(campaign_id, states=states, search=q, after=place(cursor), limit=limit)
    found = by_keys((one.contact_id, one.message_id) for one in page.items)
    traces = traces_of(found.values())

    def shown(one: queries.Recipient) -> RecipientOut:
        lines = trace(traces.get(one.message_id, ()))
        return RecipientOut(
            message=paired(one.contact_id, one.message_id),
            contact=one.contact_id,
            name=one.name,
            phone=one.phone,
            state=one.state,
            reason=one.decided,
            reason_label=one.reason_label,
            until=one.until,
            error=ErrorOut(code=one.error_code, title=one.error_words) if one.error_code else None,
            price=money(one.price, one.currency),
            at=one.at,
            last=lines[-1] if lines else None,
        )

    return listing(page, shown)


def _one(request: KeyRequest, campaign_id: int) -> CampaignOut:
    return _shown(queries.campaign_for(request.by, campaign_id))


def _shown(one: Any) -> CampaignOut:
    held = one.lane.reason if one.lane is not None and one.lane.state == "held" and one.state == "running" else None
    return CampaignOut(
        id=one.pk,
        name=one.name,
        state=one.state,
        segment=one.segment_id,
        channel=one.channel_id,
        template=one.template_id,
        variables=one.variables,
        policy=asdict(one.trial),
        budget=money(one.budget, terms_of(one.channel.account_id).currency) if one.budget is not None else None,
        held=held,
        schedule=one.scheduled_at if one.is_planned else None,
        schedule_problem=one.schedule_problem if one.state == "draft" else "",
        created_at=one.created_at,
        launched_at=one.launched_at,
        expires_at=one.expires_at,
        finished_at=one.finished_at,
    )


def _with_budget(request: KeyRequest, campaign_id: int, budget: Money | None) -> Any:
    campaign = queries.campaign_for(request.by, campaign_id)
    currency = terms_of(campaign.channel.account_id).currency
    if budget is not None and budget.currency != currency:
        raise BadInput(_("The account pays in %(currency)s: give the budget in it.") % {"currency": currency})
    amount = None if budget is None else Decimal(budget.amount)
    if amount is not None and amount != round(amount, 2):
        raise BadInput(_("A budget goes to the cent."))
    return actions.set_budget(campaign_id, amount, by=request.by)


def _preflight(request: KeyRequest, campaign_id: int, *, again: bool) -> Status[Preflight]:
    campaign = queries.campaign_for(request.by, campaign_id)
    if campaign.state != "draft":
        promised = (campaign.plan or {}).get("forecast")
        if promised is None:
            return Status(200, Preflight(state="impossible", detail=_("This campaign was never launched.")))
        return Status(200, _counted(promised))
    kept = forecasts.ask(campaign, by=request.by, again=again)
    if kept.problem:
        return Status(200, Preflight(state="impossible", detail=kept.problem, computed_at=kept.computed_at))
    if kept.data is None or kept.computed_at is None or kept.computed_at < kept.asked_at:
        return Status(202, Preflight(state="counting"))
    return Status(200, _counted(kept.data))


def _counted(kept: dict[str, Any]) -> Preflight:
    made = preflight.forecast_of(kept)

    def reasons(groups: Any) -> list[Reason]:
        return [Reason(reason=g.reason, label=g.label, people=g.people, until=g.until) for g in groups]

    def sentences(found: Any) -> list[Advice]:
        return [Advice(code=one.code, detail=one.sentence) for one in found]

    return Preflight(
        state="counted",
        computed_at=made.computed_at,
        total=made.total,
        recipients=made.will_get,
        skipped=reasons(made.left_out),
        later=reasons(made.later),
        cost=money(made.amount, made.currency),
        fees=money(made.fees, made.currency),
        countries=[
            Part(
                country=part.country,
                market=part.market,
                category=part.category,
                people=part.people,
                free=part.free,
                unit=money(part.unit, made.currency),
                cost=money(part.amount, made.currency),
            )
            for part in made.parts
        ],
        seconds=made.seconds,
        finish_at=made.finish_at,
        limits=[Share(what=s.what, used=s.used, before=s.before, limit=s.limit) for s in made.shares],
        overlap=made.overlap,
        warnings=sentences(made.warnings),
        blockers=sentences(made.blockers),
    )
