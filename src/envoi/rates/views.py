"""The pages about prices: the card, one market with its history, bringing a card in, fees, accounts."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from ..core.errors import BadInput
from ..team.requests import StaffRequest
from ..team.rights import may, require
from ..web.pages import page_or_piece
from . import actions, queries
from .cards import OTHER
from .forms import CardForm, FeeForm, RateForm, TermsForm

LONGEST_MARKET = 60


@login_required
@require_safe
def rate_list(request: StaffRequest) -> HttpResponse:
    known = queries.currencies(request.user)
    currency = request.GET.get("currency", "")
    if currency not in known:
        currency = "USD" if "USD" in known else next(iter(known), "USD")
    day, search = _day(request), request.GET.get("q", "").strip()
    context = {
        "currencies": known,
        "currency": currency,
        "day": day,
        "today": timezone.now().date(),
        "search": search,
        "rows": queries.rows(request.user, currency=currency, day=day, search=search),
        "categories": actions.Category.labels,
        "days": queries.days_of_change(request.user, currency),
        "fees": queries.fees(request.user),
        "accounts": queries.accounts(request.user),
        "may_change": may(request.user, "channels.write"),
    }
    return page_or_piece(request, "rates/list.html", "rates/_rows.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def market(request: StaffRequest, currency: str, market: str) -> HttpResponse:
    if not market.isprintable() or len(market) > LONGEST_MARKET:
        raise Http404
    require(request.user, "channels.write" if request.method == "POST" else "channels.read")
    form = RateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.set_rate(currency=currency, market=market, **form.cleaned_data, by=request.user)
        messages.success(request, _("The price is kept, and holds from its day on."))
        return redirect("rates:market", currency, market)
    context = {
        "currency": currency,
        "market": market,
        "history": queries.history(request.user, currency=currency, market=market),
        "countries": queries.countries_of(market, timezone.now().date()),
        "is_rest": market == OTHER,
        "is_unsure": queries.is_unsure(market),
        "form": form,
        "may_change": may(request.user, "channels.write"),
        "today": timezone.now().date(),
    }
    return render(request, "rates/market.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def bring(request: StaffRequest) -> HttpResponse:
    """First what it would change, then, asked once, the change."""
    require(request.user, "channels.write")
    context: dict[str, Any] = {"form": CardForm(initial={"valid_from": _quarter(timezone.now().date())})}
    if request.method != "POST":
        return render(request, "rates/bring.html", context)
    form = context["form"] = CardForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "rates/bring.html", context, status=422)
    given = form.cleaned_data
    try:
        if "keep" in request.POST:
            prices = actions.bring_in(given["text"], given["valid_from"], source=given["source"], by=request.user)
            done = ngettext("%(n)s price is kept.", "%(n)s prices are kept.", prices) % {"n": prices}
            messages.success(request, done)
            return redirect("rates:list")
        compared = actions.compare(given["text"], given["valid_from"], by=request.user)
    except BadInput as problem:
        form.add_error("file", problem.sentence)
        return render(request, "rates/bring.html", context, status=422)
    shown = CardForm(initial=given)
    counts = {kind: sum(1 for one in compared.changes if one.kind == kind) for kind in ("new", "up", "down", "same")}
    return render(request, "rates/bring.html", {"form": shown, "given": given, "compared": compared, "counts": counts})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def fee(request: StaffRequest, provider: str) -> HttpResponse:
    require(request.user, "channels.write")
    known = next((one for one in queries.fees(request.user) if one.provider == provider), None)
    names = FeeForm.base_fields
    initial = {name: getattr(known, name) for name in names if known and name != "valid_from"}
    form = FeeForm(request.POST or None, initial=initial or {"currency": "USD"})
    if request.method == "POST" and form.is_valid():
        actions.set_fee(provider=provider, **form.cleaned_data, by=request.user)
        messages.success(request, _("The price is kept, and holds from its day on."))
        return redirect("rates:list")
    context = {"form": form, "title": provider.capitalize(), "known": known}
    return render(request, "rates/form.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def terms(request: StaffRequest, account_id: int) -> HttpResponse:
    require(request.user, "channels.write")
    account = queries.account_for(request.user, account_id)
    now = queries.terms_of(account_id)
    initial = {"currency": now.currency, "timezone": now.timezone, "monthly_budget": now.monthly_budget}
    form = TermsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        actions.set_terms(account_id, **form.cleaned_data, by=request.user)
        messages.success(request, _("Kept."))
        return redirect("rates:list")
    context = {"form": form, "title": account.name}
    return render(request, "rates/form.html", context, status=422 if form.errors else 200)


def _day(request: StaffRequest) -> date:
    """The day that the address asks for, else today."""
    try:
        return parse_date(request.GET.get("day", "")) or timezone.now().date()
    except ValueError:
        return timezone.now().date()


def _quarter(day: date) -> date:
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
