"""The test page of a number: send a message to one's own phone and watch it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from ..channels.queries import channel_for
from ..core.errors import BadInput
from ..team.requests import StaffRequest
from ..web.live import stream
from ..web.told import story
from . import trials
from .forms import TrialForm


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def trial(request: StaffRequest, channel_id: int) -> HttpResponse:
    offered = trials.choices(request.user, channel_id)
    form = TrialForm(request.POST or None, templates=[(one.pk, str(one)) for one in offered])
    if form.is_valid():
        values = form.cleaned_data
        try:
            message_id = trials.send_trial(
                channel_id,
                phone=values["phone"],
                text=values["text"],
                template_id=values["template"],
                by=request.user,
            )
            return redirect("trials:show", channel_id, message_id)
        except BadInput as error:
            form.add_error("phone", error.sentence)
    context = {"form": form, "channel": channel_for(request.user, channel_id)}
    return render(request, "messaging/trial.html", context, status=422 if form.is_bound else 200)


@login_required
@require_safe
def trial_show(request: StaffRequest, channel_id: int, message_id: int) -> HttpResponse:
    return render(request, "messaging/trial_show.html", _context(request, channel_id, message_id))


@login_required
@require_safe
def trial_live(request: StaffRequest, channel_id: int, message_id: int) -> StreamingHttpResponse:
    def piece() -> tuple[str, dict[str, Any], bool]:
        context = _context(request, channel_id, message_id)
        return "messaging/_trial.html", context, not context["trial"].over

    return stream(request, piece, every=0.5)


def _context(request: StaffRequest, channel_id: int, message_id: int) -> dict[str, Any]:
    one = trials.trial(request.user, channel_id, message_id)
    return {
        "trial": one,
        "message": one.message,
        "channel": channel_for(request.user, channel_id),
        "lines": story(one.trace),
        "phone": trials.recipient_of(one.message),
    }
