"""The channels page: numbers, their state and their limits."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ..team.requests import StaffRequest
from . import queries


@login_required
@require_safe
def channel_list(request: StaffRequest) -> HttpResponse:
    return render(request, "channels/list.html", {"channels": queries.channels(request.user)})
