"""The overview and the page of one contact."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ..contacts import queries as contacts
from ..orders import queries as orders
from ..web.charts import Chart, Series
from . import queries


@login_required
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    now = queries.overview(request.user)
    return render(request, "reports/overview.html", {"now": now, "chart": _daily(now.days)})


@login_required
@require_safe
def contact(request: HttpRequest, contact_id: int) -> HttpResponse:
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
        labels=[date_format(day.date, "j M") for day in days],
        series=[
            Series(_("Sent"), [day.sent for day in days], "1"),
            Series(_("Delivered"), [day.delivered for day in days], "good"),
            Series(_("Read"), [day.read for day in days], "4"),
            Series(_("Failed"), [day.failed for day in days], "bad"),
        ],
    )
