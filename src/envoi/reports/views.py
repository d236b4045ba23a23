"""The overview and the page of one contact."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ..contacts import queries as contacts
from ..orders import queries as orders
from ..team.requests import StaffRequest
from ..web.charts import Chart, Series
from ..web.look import short_day
from . import queries


@login_required
@require_safe
def overview(request: StaffRequest) -> HttpResponse:
    now = queries.overview(request.user)
    return render(request, "reports/overview.html", {"now": now, "chart": _daily(now.days)})


@login_required
@require_safe
def contact(request: StaffRequest, contact_id: int) -> HttpResponse:
    person = contacts.contact_for(request.user, contact_id)
    return render(
        request,
        "reports/contact.html",
        {
            "contact": person,
            "consents": contacts.consents_of(person.pk),
            "totals": orders.totals_of(person.pk),
            "orders": orders.orders_of(person.pk, limit=10),
            "story": queries.contact_story(request.user, person.pk),
        },
    )


def _daily(days: list[queries.Day]) -> Chart:
    return Chart(
        kind="line",
        labels=[short_day(day.date) for day in days],
        series=[
            Series(_("Sent"), [day.sent for day in days], "1"),
            Series(_("Delivered"), [day.delivered for day in days], "good"),
            Series(_("Read"), [day.read for day in days], "4"),
            Series(_("Failed"), [day.failed for day in days], "bad"),
        ],
    )
