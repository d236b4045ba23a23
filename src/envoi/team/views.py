"""The page on which API keys are made and revoked."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from ..web.pages import go
from . import keys
from .forms import KeyForm
from .requests import StaffRequest


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def key_list(request: StaffRequest) -> HttpResponse:
    """The keys; after one is made, its secret as well: this one answer is the only place where it ever stands."""
    form = KeyForm(request.POST or None)
    if not form.is_valid():
        context = {"keys": keys.keys(request.user), "form": form}
        return render(request, "team/keys.html", context, status=422 if form.is_bound else 200)
    made, secret = keys.make(**form.cleaned_data, by=request.user)
    context = {"keys": keys.keys(request.user), "form": KeyForm(), "made": made, "secret": secret}
    return render(request, "team/keys.html", context)


@login_required
@require_POST
def revoke(request: StaffRequest, key_id: int) -> HttpResponse:
    key = keys.revoke(key_id, by=request.user)
    messages.success(request, _("“%(name)s” opens nothing any more.") % {"name": key.name})
    return go(request, "team:keys")
