"""The overview and the page of one contact."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from ..campaigns import proving
from ..channels.tiers import LOWEST
from ..contacts import attributes
from ..contacts import queries as contacts
from ..core.paging import whole
from ..inbox import queries as inbox
from ..inbox.receipts import follow_given_up
from ..messaging import queries as messages_read
from ..messaging import settling
from ..orders import queries as orders
from ..records import merging
from ..team.requests import StaffRequest
from ..team.rights import may
from ..web.charts import Chart, Series
from ..web.live import stream
from ..web.look import short_day
from ..web.pages import go, page_or_piece
from . import channel_limits as limits_now
from . import queries
from . import uncertain as unknown
from .story import contact_story


@login_required
@require_safe
def overview(request: StaffRequest) -> HttpResponse:
    now = queries.overview(request.user)
    waiting = inbox.counts(request.user) if may(request.user, "inbox.read") else None
    return render(request, "reports/overview.html", {"now": now, "chart": _daily(now.days), "inbox": waiting})


@login_required
@require_safe
def contact(request: StaffRequest, contact_id: int) -> HttpResponse:
    if now := merging.merged_into(contact_id):
        return redirect("reports:contact", now)
    person = contacts.contact_for(request.user, contact_id)
    habits = messages_read.habits_of(person.pk)
    return render(
        request,
        "reports/contact.html",
        {
            "contact": person,
            "consents": contacts.consents_of(person.pk),
            "identities": contacts.identities_of(person.pk),
            "attributes": attributes.shown(person.attributes, attributes.definitions()),
            "zone": messages_read.zone_of(person),
            "habits": habits,
            "week": _week(habits.hours) if habits else None,
            "merges": merging.merges_of(person.pk),
            "totals": orders.totals_of(person.pk),
            "interactions": orders.interactions_of(person.pk),
            "orders": orders.orders_of(person.pk, limit=10),
            "story": contact_story(request.user, person.pk, after=request.GET.get("after") or None),
            "may_change": may(request.user, "contacts.write") and not person.erased_at,
            "may_merge": may(request.user, "contacts.merge") and not person.erased_at,
            "may_privacy": may(request.user, "contacts.privacy") and not person.erased_at,
        },
    )


@login_required
@require_safe
def contact_story_piece(request: StaffRequest, contact_id: int) -> HttpResponse:
    """The newest of a contact's story, for pages that show it beside something else."""
    story = contact_story(request.user, contact_id, limit=15)
    return render(request, "reports/_story.html", {"story": story, "contact_id": contact_id})


@login_required
@require_safe
def uncertain(request: StaffRequest) -> HttpResponse:
    campaign_id = whole(request.GET.get("campaign", ""))
    asks = request.GET.get("asks", "") == "1"
    context = {
        "page": unknown.uncertain(request.user, campaign_id=campaign_id, after=request.GET.get("after"), asks=asks),
        "campaigns": unknown.by_campaign(request.user),
        "campaign_id": campaign_id,
        "asks": asks,
        "may_settle": may(request.user, "messages.settle"),
        "all_choices": _all_choices(),
    }
    return page_or_piece(request, "reports/uncertain.html", "reports/_uncertain.html", context)


@login_required
@require_POST
def settle(request: StaffRequest) -> HttpResponse:
    campaign_id = whole(request.POST.get("all_of", ""))
    if campaign_id is not None:
        keys = unknown.keys_of_campaign(request.user, campaign_id)
    else:
        keys = [key for one in request.POST.getlist("message") if (key := _key(one))]
    choice = request.POST.get("choice", "")
    done = settling.settle(keys, choice=choice, by=request.user, given_up=follow_given_up)
    settled = ngettext("%(count)d message is settled.", "%(count)d messages are settled.", done) % {"count": done}
    messages.success(request, settled)
    return go(request, "reports:uncertain")


@login_required
@require_safe
def channel_limits(request: StaffRequest, channel_id: int) -> HttpResponse:
    now = limits_now.channel_now(request.user, channel_id)
    context = {
        "now": now,
        "may_change": may(request.user, "channels.write"),
        "proof": proving.proof_of(now.channel),
        "rule": {
            "DELIVERED": proving.DELIVERED,
            "DAYS": proving.DAYS,
            "PERCENT": f"{round(100 * proving.SHARE)}\u202f%",
        },
        "lowest": LOWEST,
    }
    return render(request, "reports/channel_limits.html", context)


@login_required
@require_safe
def channel_limits_live(request: StaffRequest, channel_id: int) -> StreamingHttpResponse:
    def piece() -> tuple[str, dict[str, Any], bool]:
        return "reports/_channel_limits.html", {"now": limits_now.channel_now(request.user, channel_id)}, True

    return stream(request, piece)


def _all_choices() -> list[tuple[str, dict[str, str], str]]:
    """What may be done with all of a campaign: the choice, its words, and the kind of its button."""
    stays = _("A receipt that comes later still corrects it.")
    twice = _("Those whom it reached after all get it twice.")
    return [
        ("sent", {"label": _("Consider all sent"), "title": _("Take them all as sent?"), "text": stays}, "primary"),
        (
            "again",
            {"label": _("Send all again"), "title": _("Send them all once more?"), "text": twice},
            "danger solid",
        ),
        ("give_up", {"label": _("Give all up"), "title": _("Call them all failed?"), "text": stays}, "primary"),
    ]


def _key(text: str) -> tuple[int, int] | None:
    contact_id, message_id = (whole(part) for part in (*text.split(".", 1), "")[:2])
    return (contact_id, message_id) if contact_id is not None and message_id is not None else None


def _week(hours: list[list[int]]) -> Chart:
    """When somebody writes and reads, hour by day of the week."""
    labels = [f"{hour}" for hour in range(24)]
    # A Monday: any will do.
    days = [date_format(date(2026, 3, 2 + day), "D") for day in range(7)]
    return Chart("heatmap", labels, [Series(name, line) for name, line in zip(days, hours, strict=True)])


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
