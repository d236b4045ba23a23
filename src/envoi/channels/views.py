"""Pages of accounts and numbers: the list, connecting, one account with its health, webhooks and numbers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..core.errors import BadInput, NotFound
from ..providers.table import PROVIDERS
from ..team.requests import StaffRequest
from ..team.rights import may, require
from ..web.live import stream
from ..web.pages import go
from . import actions, proving, queries, wire
from .forms import AccountForm, NumberForm, PaceForm
from .guides import GUIDES, NAMES


@login_required
@require_safe
def channel_list(request: StaffRequest) -> HttpResponse:
    context = {
        "channels": queries.channels(request.user),
        "accounts": queries.accounts(request.user),
        "may_change": queries.may_change(request.user),
        "may_report": may(request.user, "reports.read"),
    }
    return render(request, "channels/list.html", context)


@login_required
@require_safe
def choose(request: StaffRequest) -> HttpResponse:
    require(request.user, "channels.write")
    choices = [(key, NAMES.get(key, key.capitalize()), GUIDES.get(key)) for key in sorted(PROVIDERS, key=_place)]
    return render(request, "channels/choose.html", {"choices": choices})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def connect(request: StaffRequest, provider: str) -> HttpResponse:
    require(request.user, "channels.write")
    if provider not in PROVIDERS:
        raise NotFound(_("There is no such provider."))
    form = AccountForm(request.POST or None, provider=provider, own_address=wire.may_have_own_address())
    if not form.is_valid():
        context = {"form": form, "provider": NAMES.get(provider, provider.capitalize()), "guide": GUIDES.get(provider)}
        return render(request, "channels/connect.html", context, status=422 if form.is_bound else 200)
    account = actions.connect_account(provider=provider, **form.values(), by=request.user)
    actions.ask(account.pk, "check", by=request.user)
    return redirect("channels:account", account.pk)


@login_required
@require_safe
def account(request: StaffRequest, account_id: int) -> HttpResponse:
    return render(request, "channels/account.html", _context(request, account_id))


@login_required
@require_safe
def account_live(request: StaffRequest, account_id: int) -> StreamingHttpResponse:
    def piece() -> tuple[str, dict[str, Any], bool]:
        context = _context(request, account_id)
        return "channels/_account.html", context, context["one"].busy

    return stream(request, piece, every=0.5)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: StaffRequest, account_id: int) -> HttpResponse:
    one = queries.connection(request.user, account_id)
    provider = one.account.provider
    initial = {name: getattr(one.account, name) for name in ("name", "provider_id", "base_url", "portfolio")}
    form = AccountForm(
        request.POST or None,
        provider=provider,
        kept=one.kept,
        own_address=wire.may_have_own_address(),
        initial=initial,
    )
    if not form.is_valid():
        context = {"form": form, "one": one, "guide": GUIDES.get(provider)}
        return render(request, "channels/change.html", context, status=422 if form.is_bound else 200)
    actions.change_account(account_id, **form.values(), by=request.user)
    actions.ask(account_id, "check", by=request.user)
    messages.success(request, _("Saved. The connection is being checked."))
    return redirect("channels:account", account_id)


@login_required
@require_POST
def ask(request: StaffRequest, account_id: int, what: str) -> HttpResponse:
    if what == "hooks":
        actions.ask(account_id, "hooks", by=request.user)
    else:
        actions.ask(account_id, "check", resume=what == "again", by=request.user)
    return go(request, "channels:account", account_id)


@login_required
@require_POST
def disconnect(request: StaffRequest, account_id: int) -> HttpResponse:
    actions.disconnect(account_id, by=request.user)
    return go(request, "channels:account", account_id)


@login_required
@require_POST
def forget_old(request: StaffRequest, account_id: int) -> HttpResponse:
    actions.forget_old_secrets(account_id, by=request.user)
    return go(request, "channels:account", account_id)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add_number(request: StaffRequest, account_id: int) -> HttpResponse:
    one = queries.connection(request.user, account_id)
    form = NumberForm(request.POST or None, provider=one.account.provider)
    if not form.is_valid():
        context = {"form": form, "one": one}
        return render(request, "channels/number.html", context, status=422 if form.is_bound else 200)
    actions.add_channel(account_id, **form.cleaned_data, by=request.user)
    return redirect("channels:account", account_id)


@login_required
@require_POST
def set_state(request: StaffRequest, channel_id: int, state: str) -> HttpResponse:
    channel = actions.set_state(channel_id, state=state, by=request.user)
    return go(request, "channels:account", channel.account_id)


@login_required
@require_POST
def set_pace(request: StaffRequest, channel_id: int) -> HttpResponse:
    form = PaceForm({} if "lift" in request.POST else request.POST)
    if not form.is_valid():
        raise BadInput(" ".join(str(words) for words in form.errors["per_minute"]))
    proving.set_pace(channel_id, form.cleaned_data["per_minute"], by=request.user)
    messages.success(request, _("Saved. Campaigns follow it from their next message on."))
    return go(request, "reports:channel_limits", channel_id)


def _context(request: StaffRequest, account_id: int) -> dict[str, Any]:
    one = queries.connection(request.user, account_id)
    return {
        "one": one,
        "account": one.account,
        "numbers": queries.numbers(request.user, account_id),
        "guide": GUIDES.get(one.account.provider),
    }


def _place(provider: str) -> int:
    return list(GUIDES).index(provider) if provider in GUIDES else len(GUIDES)
