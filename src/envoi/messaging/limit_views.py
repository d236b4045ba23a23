"""The page of limits that people set; whoever may only look at channels sees the same without fields."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ..core.errors import BadInput
from ..team.requests import StaffRequest
from ..team.rights import may, require
from ..web.pages import go
from . import limit_actions
from .limit_forms import BarForm, PromotionsForm
from .limits.hours import all_zones


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def limits(request: StaffRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request)
    require(request.user, "channels.write")
    form = PromotionsForm(request.POST)
    if form.is_valid():
        try:
            limit_actions.set_promotions(**form.cleaned_data, by=request.user)
        except BadInput as problem:
            form.add_error(None, problem.sentence)
        else:
            messages.success(request, _("Saved. What waits now follows these hours too."))
            return redirect("limits:show")
    return _page(request, promotions=form)


@login_required
@require_POST
def add_bar(request: StaffRequest) -> HttpResponse:
    require(request.user, "channels.write")
    form = BarForm(request.POST, zone=limit_actions.in_force(by=request.user).timezone)
    if form.is_valid():
        try:
            bar = limit_actions.bar_marketing(**form.values(), by=request.user)
        except BadInput as problem:
            form.add_error(None, problem.sentence)
        else:
            messages.success(request, _("Marketing to %(region)s is held back.") % {"region": bar.region})
            return redirect("limits:show")
    return _page(request, bar=form)


@login_required
@require_POST
def end_bar(request: StaffRequest, bar_id: int) -> HttpResponse:
    limit_actions.end_bar(bar_id, by=request.user)
    messages.success(request, _("The rule has ended."))
    return go(request, "limits:show")


def _page(
    request: StaffRequest, *, promotions: PromotionsForm | None = None, bar: BarForm | None = None
) -> HttpResponse:
    kept = limit_actions.in_force(by=request.user)
    initial = {
        "quiet_from": kept.quiet_from,
        "quiet_to": kept.quiet_to,
        "active": ", ".join(kept.active_hours),
        "zone": kept.timezone,
        "gap_hours": kept.promotion_gap_hours,
    }
    context: dict[str, Any] = {
        "kept": kept,
        "is_quiet": kept.quiet_from != kept.quiet_to,
        "bars": limit_actions.bars(by=request.user),
        "now": timezone.now(),
        "may_change": may(request.user, "channels.write"),
        "promotions": promotions or PromotionsForm(initial=initial),
        "bar_form": bar or BarForm(zone=kept.timezone),
        "zones": sorted(all_zones()),
        "regions": limit_actions.regions(),
    }
    return render(request, "messaging/limits.html", context, status=422 if promotions or bar else 200)
