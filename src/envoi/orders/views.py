"""The list of orders, and the exchange rates by which they are added up."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..contacts import queries as contacts
from ..core.errors import BadInput, NotFound
from ..team.requests import StaffRequest
from ..team.rights import may, require
from ..web.downloads import download
from ..web.pages import go, page_or_piece
from . import actions, exchange, listing, queries
from .forms import ListForm, OwnForm, RateForm, RefundForm, TableForm
from .ratetable import lines_of


@login_required
@require_safe
def order_list(request: StaffRequest) -> HttpResponse:
    form = ListForm(request.GET)
    asked = form.asked()
    own, missing = queries.own_currency(), queries.unconverted()
    # An order in another currency either has a rate or misses one.
    known = {own, *(one.currency for one in missing), *(one.currency for one in queries.exchange_rates())} - {""}
    context = {
        "page": listing.order_list(request.user, asked, after=request.GET.get("after") or None),
        "asked": asked,
        "is_cut": form.is_cut,
        "whose": _whose(request, asked.contact_id),
        "own": own,
        "currencies": [(code, code) for code in sorted(known)],
        "states": [("unconverted", _("Without a value")), ("refunded", _("Given back"))],
        "missing": missing,
    }
    return page_or_piece(request, "orders/list.html", "orders/_rows.html", context)


@login_required
@require_safe
def download_orders(request: StaffRequest) -> HttpResponseBase:
    header, rows = listing.export(request.user, ListForm(request.GET).asked())
    return download(_("orders"), request.GET.get("as"), header, rows)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: StaffRequest, contact_id: int, order_id: int) -> HttpResponse:
    """One order: what was in it, and how much of it was given back."""
    require(request.user, "contacts.write" if request.method == "POST" else "contacts.read")
    order = queries.order_for(request.user, contact_id, order_id)
    form = RefundForm(request.POST or None, initial={"amount": order.refunded or order.amount})
    if form.is_valid():
        try:
            actions.give_back(contact_id, order_id, amount=form.cleaned_data["amount"], by=request.user)
            messages.success(request, _("What was given back is noted, and the customer’s sums follow."))
            return go(request, "orders:show", contact_id, order_id)
        except BadInput as problem:
            form.add_error("amount", problem.sentence)
    context = {
        "order": order,
        "own": queries.own_currency(),
        "form": form,
        "may_change": may(request.user, "contacts.write"),
    }
    return render(request, "orders/show.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def rate_table(request: StaffRequest) -> HttpResponse:
    """Many rates at once."""
    require(request.user, "channels.write")
    form = TableForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            kept = exchange.set_rates(lines_of(form.text()), source=form.cleaned_data["origin"], by=request.user)
            said = ngettext("%(n)d rate is kept.", "%(n)d rates are kept.", kept) % {"n": kept}
            messages.success(request, said + " " + _("Orders of their days are being added up again."))
            return redirect("orders:exchange")
        except BadInput as problem:
            form.add_error("table", problem.sentence)
    context = _standing(request) | {"form": RateForm(initial={"day": timezone.now().date()}), "table_form": form}
    return render(request, "orders/exchange.html", context, status=422)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def exchange_rates(request: StaffRequest) -> HttpResponse:
    """The rates there are, with a form for another."""
    require(request.user, "channels.write" if request.method == "POST" else "contacts.read")
    form = RateForm(request.POST or None, initial={"day": timezone.now().date()} | _wanted(request))
    if request.method == "POST" and form.is_valid() and _keep(request, form):
        return redirect("orders:exchange")
    context = _standing(request) | {"form": form}
    return render(request, "orders/exchange.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def exchange_rate(request: StaffRequest, rate_id: int) -> HttpResponse:
    """One rate, to be corrected."""
    require(request.user, "channels.write")
    one = exchange.rate_for(rate_id)
    form = RateForm(
        request.POST or None,
        initial={"currency": one.currency, "rate": one.rate.normalize(), "day": one.day, "source": one.source},
    )
    if request.method == "POST" and form.is_valid() and _keep(request, form, instead_of=one.pk):
        return redirect("orders:exchange")
    context = {"form": form, "rate": one}
    return render(request, "orders/rate.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def remove_rate(request: StaffRequest, rate_id: int) -> HttpResponse:
    exchange.remove_rate(rate_id, by=request.user)
    messages.success(request, _("The rate is gone. Its orders are being added up again."))
    return go(request, "orders:exchange")


@login_required
@require_POST
def own_currency(request: StaffRequest) -> HttpResponse:
    require(request.user, "channels.write")
    form = OwnForm(request.POST)
    if not form.is_valid():
        context = _standing(request) | {"form": RateForm(), "own_form": form}
        return render(request, "orders/exchange.html", context, status=422)
    exchange.set_own_currency(form.cleaned_data["own"], by=request.user)
    messages.success(request, _("Orders are being added up again in %(own)s.") % form.cleaned_data)
    return redirect("orders:exchange")


def _keep(request: StaffRequest, form: RateForm, instead_of: int | None = None) -> bool:
    try:
        exchange.set_rate(**form.cleaned_data, by=request.user, instead_of=instead_of)
    except BadInput as problem:
        form.add_error(None, problem.sentence)
        return False
    messages.success(request, _("The rate is kept. Orders of its days are being added up again."))
    return True


def _standing(request: StaffRequest) -> dict[str, Any]:
    own = queries.own_currency()
    return {
        "own": own,
        "own_form": OwnForm(initial={"own": own}),
        "table_form": TableForm(),
        "rates": queries.exchange_rates(),
        "missing": queries.unconverted(),
        "may_change": may(request.user, "channels.write"),
    }


def _wanted(request: StaffRequest) -> dict[str, Any]:
    """What the link beside a currency without a rate fills in."""
    asked = ListForm(request.GET).asked()
    return {name: value for name, value in (("currency", asked.currency), ("day", asked.since)) if value}


def _whose(request: StaffRequest, contact_id: int | None) -> Any:
    if contact_id is None:
        return None
    try:
        return contacts.contact_for(request.user, contact_id)
    except NotFound:
        return None
