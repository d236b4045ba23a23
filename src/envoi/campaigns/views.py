"""Campaigns: the list, a new one, the live page, its recipients."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import date
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..core.errors import BadInput
from ..message_templates import wording
from ..messaging import queries as messaging
from ..segments import queries as segments
from ..team.requests import StaffRequest
from ..team.rights import may, require
from ..web import typed_moments
from ..web.downloads import download
from ..web.live import stream
from ..web.pages import go, page_or_piece
from ..web.templatetags.look import state_word
from ..web.told import story
from . import actions, breaker, forecasts, preflight, queries, recovery, schedule
from .forms import BudgetForm, CampaignForm, filled, initial_of
from .shown import costs, steps

# What a bar of the funnel counts: everybody who got that far.
REACHED = {
    "sent_or_more": ["accepted", "sent", "delivered", "read"],
    "delivered_or_more": ["delivered", "read"],
}
STATES = ("queued", *REACHED, "accepted", "sent", "delivered", "read", "failed", "uncertain", "skipped", "cancelled")


@login_required
@require_safe
def campaign_list(request: StaffRequest) -> HttpResponse:
    search, state = request.GET.get("q", "").strip(), request.GET.get("state", "")
    # On the page "draft" and "planned" are two states, as their badges are.
    planned = {"planned": True, "draft": False}.get(state)
    page = queries.campaigns(
        request.user, search=search, state=state, planned=planned, after=request.GET.get("after"), limit=25
    )
    funnels = queries.funnels([one.pk for one in page.items if one.launched_at])
    rows = [(one, funnels.get(one.pk, queries.Funnel())) for one in page.items]
    context = {"page": page, "rows": rows, "search": search, "state": state, "states": _states()}
    return page_or_piece(request, "campaigns/list.html", "campaigns/_rows.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    require(request.user, "campaigns.write")
    if request.method != "POST":
        form = CampaignForm(None, staff=request.user, initial=request.GET.dict())
        return render(request, "campaigns/edit.html", _draft(request, form))
    form = CampaignForm(request.POST, staff=request.user)
    if not form.is_valid():
        return render(request, "campaigns/edit.html", _draft(request, form), status=422)
    campaign = actions.create(**form.values(), by=request.user)
    return redirect("campaigns:show", campaign.pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, campaign_id: int) -> HttpResponse:
    require(request.user, "campaigns.write")
    campaign = queries.campaign_for(request.user, campaign_id)
    if request.method != "POST":
        form = CampaignForm(None, staff=request.user, initial=initial_of(campaign), stored=campaign.variables)
        return render(request, "campaigns/edit.html", _draft(request, form) | {"campaign": campaign})
    form = CampaignForm(request.POST, staff=request.user)
    if not form.is_valid():
        return render(request, "campaigns/edit.html", _draft(request, form) | {"campaign": campaign}, status=422)
    actions.update(campaign_id, **form.values(), by=request.user)
    return redirect("campaigns:show", campaign_id)


@login_required
@require_safe
def preview(request: StaffRequest) -> HttpResponse:
    """The bubble and the reach for what the form says now; and the parts of the form that follow from it."""
    require(request.user, "campaigns.write")
    form = CampaignForm(request.GET, staff=request.user)
    context = _draft(request, form)
    context["new_channel"] = request.GET.get("shown_channel", "") != str(context["channel_id"] or "")
    context["new_template"] = request.GET.get("shown_template", "") != str(context["template_id"] or "")
    return render(request, "campaigns/_preview_answer.html", context)


@login_required
@require_safe
def show(request: StaffRequest, campaign_id: int) -> HttpResponse:
    campaign = queries.campaign_for(request.user, campaign_id)
    if campaign.state == "draft":
        return render(request, "campaigns/show.html", _checked(request, campaign) | _bubble(campaign))
    return render(
        request, "campaigns/show.html", _moving(campaign) | _recipients(request, campaign) | _bubble(campaign)
    )


@login_required
@require_safe
def live(request: StaffRequest, campaign_id: int) -> StreamingHttpResponse:
    def piece() -> tuple[str, dict[str, Any], bool]:
        campaign = queries.campaign_for(request.user, campaign_id)
        if campaign.state == "draft":
            context = _checked(request, campaign)
            return "campaigns/_checked.html", context, context["moving"]
        context = _moving(campaign)
        return "campaigns/_moving.html", context, context["moving"]

    return stream(request, piece)


@login_required
@require_safe
def counted(request: StaffRequest, campaign_id: int) -> HttpResponse:
    """What an open draft asks for every two minutes: the pre-flight when it is another than the one it shows."""
    campaign = queries.campaign_for(request.user, campaign_id)
    if campaign.state != "draft":
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    context = _checked(request, campaign)
    at = context["kept"].computed_at
    if at is not None and not context["counting"] and request.GET.get("seen") == date(at, "U.u"):
        return HttpResponse(status=204)
    return render(request, "campaigns/_checked.html", context)


@login_required
@require_POST
def check(request: StaffRequest, campaign_id: int) -> HttpResponse:
    """Count a draft again."""
    campaign = queries.campaign_for(request.user, campaign_id)
    if campaign.state == "draft":
        forecasts.ask(campaign, by=request.user, again=True)
    return go(request, "campaigns:show", campaign_id)


@login_required
@require_POST
def budget(request: StaffRequest, campaign_id: int) -> HttpResponse:
    form = BudgetForm(request.POST)
    if not form.is_valid():
        raise BadInput(" ".join(str(words) for words in form.errors["budget"]))
    actions.set_budget(campaign_id, form.cleaned_data["budget"], by=request.user)
    return go(request, "campaigns:show", campaign_id)


@login_required
@require_POST
def launch(request: StaffRequest, campaign_id: int) -> HttpResponse:
    actions.launch(campaign_id, by=request.user)
    return go(request, "campaigns:show", campaign_id)


@login_required
@require_POST
def plan_launch(request: StaffRequest, campaign_id: int) -> HttpResponse:
    at = typed_moments.read(request.POST.get("at", ""), request.POST.get("zone", ""))
    schedule.schedule(campaign_id, at, by=request.user)
    return go(request, "campaigns:show", campaign_id)


@login_required
@require_POST
def pause(request: StaffRequest, campaign_id: int) -> HttpResponse:
    actions.pause(campaign_id, by=request.user)
    return go(request, "campaigns:show", campaign_id)


@login_required
@require_POST
def resume(request: StaffRequest, campaign_id: int) -> HttpResponse:
    actions.resume(campaign_id, by=request.user)
    return go(request, "campaigns:show", campaign_id)


@login_required
@require_POST
def cancel(request: StaffRequest, campaign_id: int) -> HttpResponse:
    actions.cancel(campaign_id, by=request.user)
    return go(request, "campaigns:show", campaign_id)


@login_required
@require_safe
def recipients(request: StaffRequest, campaign_id: int) -> HttpResponse:
    campaign = queries.campaign_for(request.user, campaign_id)
    context = {"campaign": campaign, **_recipients(request, campaign)}
    return page_or_piece(request, "campaigns/recipients.html", "campaigns/_recipients.html", context)


@login_required
@require_safe
def recipients_export(request: StaffRequest, campaign_id: int) -> HttpResponseBase:
    campaign = queries.campaign_for(request.user, campaign_id)
    header, rows = queries.export_recipients(request.user, campaign.pk, **_asked(request))
    return download(_("recipients") + f"-{campaign.pk}", request.GET.get("as"), header, rows)


@login_required
@require_safe
def recipient(request: StaffRequest, campaign_id: int, contact_id: int, message_id: int) -> HttpResponse:
    campaign = queries.campaign_for(request.user, campaign_id)
    message = messaging.message_for(contact_id, message_id, campaign_id=campaign.pk)
    trace = story(messaging.trace_of(contact_id, message_id))
    context = {
        "campaign": campaign,
        "message": message,
        "contact": message.contact,
        "trace": trace,
        "bubble": messaging.bubble_of(message),
        "files": messaging.files_of([message]).get(message.id, []),
    }
    return render(request, "campaigns/recipient.html", context)


@login_required
@require_safe
def breaker_history(request: StaffRequest) -> HttpResponse:
    page = queries.breaker_events(request.user, after=request.GET.get("after"), limit=25)
    return render(
        request, "campaigns/breaker.html", {"page": page, "may_resume": may(request.user, "campaigns.launch")}
    )


@login_required
@require_POST
def resume_event(request: StaffRequest, event_id: int) -> HttpResponse:
    recovery.resume(event_id, by=request.user)
    return go(request, "campaigns:breaker")


def _states() -> list[tuple[str, str]]:
    """What the list may be asked for: every state, and drafts that leave by themselves."""
    states = [(str(value), str(label)) for value, label in queries.Campaign.State.choices]
    return [*states[:1], ("planned", capfirst(state_word("planned"))), *states[1:]]


def _draft(request: StaffRequest, form: CampaignForm) -> dict[str, Any]:
    """What the page of a new campaign shows beside the form itself."""
    context: dict[str, Any] = {
        "form": form,
        "channel_id": form.chosen_channel.pk if form.chosen_channel else None,
        "sender": form.chosen_channel.name if form.chosen_channel else "",
        "sender_address": form.chosen_channel.address if form.chosen_channel else "",
        "template_id": form.chosen_template.pk if form.chosen_template else None,
        "variables": form.rows(),
        "headers": form.headers(),
    }
    segment = segments.segment_for(request.user, form.segment_id) if form.segment_id else None
    if form.chosen_template:
        context |= _sample(segment, form.chosen_template, form.mapping())
    if segment and form.chosen_channel and form.chosen_template:
        context |= _reach(form, segment.pk, form.chosen_channel.pk, form.chosen_template.pk)
    return context


def _sample(segment: Any, template: Any, mapping: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The bubble as one person of the segment will see it; with the reviewed samples while no segment is chosen."""
    try:
        people = segments.sample(segment.rule, 1) if segment else []
    except BadInput:
        people = []
    if not people:
        samples = {one.key: one.sample for one in wording.variables(template.components) if one.sample}
        return {"bubble": wording.bubble(template.components, samples, mapping), "sample_name": ""}
    values = filled(mapping, people[0])
    return {"bubble": wording.bubble(template.components, values, mapping), "sample_name": people[0].name}


def _reach(form: CampaignForm, segment_id: int, channel_id: int, template_id: int) -> dict[str, Any]:
    try:
        reach = queries.reach(
            segment_id=segment_id,
            channel_id=channel_id,
            template_id=template_id,
            variables=form.mapping(),
            exclude_inactive=form["inactive"].value() != "include",
        )
    except BadInput as problem:
        # While somebody fills the form, a missing piece is no refusal yet.
        return {"reach_problem": problem.sentence}
    return {"reach": reach}


def _checked(request: StaffRequest, campaign: Any) -> dict[str, Any]:
    """The pre-flight of a draft: what is known of it, and whether the worker counts at this moment."""
    kept = forecasts.ask(campaign, by=request.user)
    made = preflight.forecast_of(kept.data) if kept.data else None
    counting = kept.computed_at is None or kept.computed_at < kept.asked_at
    return {
        "campaign": campaign,
        "kept": kept,
        "forecast": made,
        "counting": counting,
        "moving": counting,
        "about": forecasts.contacts_about() if counting else 0,
        "currency": made.currency if made else "",
    }


def _moving(campaign: Any) -> dict[str, Any]:
    funnel = queries.funnel(campaign.pk)
    tone = {"finished": "good", "paused": "warn"}.get(campaign.state, "")
    return {
        "campaign": campaign,
        "funnel": funnel,
        "steps": steps(campaign.pk, funnel),
        "progress_tone": tone,
        "seconds_left": funnel.seconds_left if campaign.state == "running" else None,
        "held": campaign.state == "running" and campaign.lane is not None and campaign.lane.state == "held",
        "channel_rests": campaign.state in ("running", "paused") and campaign.channel.state != "active",
        "moving": queries.is_live(campaign),
        "stopped": breaker.open_event(campaign) if campaign.state == "paused" else None,
        "warnings": breaker.warnings_of(campaign),
        **costs(campaign),
    }


def _bubble(campaign: Any) -> dict[str, Any]:
    return _sample(campaign.segment, campaign.template, campaign.variables)


def _asked(request: StaffRequest) -> dict[str, Any]:
    state = request.GET.get("state", "")
    state = state if state in STATES else ""
    return {"states": REACHED.get(state, [state] if state else []), "search": request.GET.get("q", "").strip()}


def _recipients(request: StaffRequest, campaign: Any) -> dict[str, Any]:
    state, search = request.GET.get("state", ""), request.GET.get("q", "").strip()
    page = queries.recipients(campaign.pk, **_asked(request), after=request.GET.get("after"))
    asked = {"state": state if state in STATES else "", "search": search}
    may_export = may(request.user, "contacts.export")
    return {
        "page": page,
        "asked": asked,
        "states": STATES,
        "moving": queries.is_live(campaign),
        "may_export": may_export,
    }
