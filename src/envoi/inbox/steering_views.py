"""What is done with a conversation as a whole, and with its customer's tags and notes."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ..contacts import actions as contacts
from ..contacts import profile
from ..core.errors import BadInput
from ..core.paging import whole
from ..team.requests import StaffRequest
from ..team.rights import require
from ..web import typed_moments
from . import actions, beside, panes, queries
from .asked import asked
from .places import url_of
from .writing_views import done

NINE = time(9, 0)


@login_required
@require_POST
def assign(request: StaffRequest, contact_id: int, conversation_id: int) -> HttpResponse:
    """To a colleague ("staff-3"), to a team ("team-2"), or to nobody."""
    require(request.user, "inbox.write")
    kind, _dash, number = request.POST.get("to", "").partition("-")
    one = whole(number)
    if kind == "nobody":
        actions.assign(contact_id, conversation_id, staff_id=None, by=request.user)
    elif kind == "staff" and one is not None:
        actions.assign(contact_id, conversation_id, staff_id=one, by=request.user)
    elif kind == "team" and one is not None:
        actions.assign(contact_id, conversation_id, staff_id=None, team_id=one, by=request.user)
    else:
        raise BadInput(_("Choose somebody of the list."))
    return done(request, contact_id, conversation_id, "inbox:changed")


@login_required
@require_POST
def close(request: StaffRequest, contact_id: int, conversation_id: int) -> HttpResponse:
    actions.close(contact_id, conversation_id, by=request.user)
    return done(request, contact_id, conversation_id, "inbox:closed")


@login_required
@require_POST
def reopen(request: StaffRequest, contact_id: int, conversation_id: int) -> HttpResponse:
    actions.reopen(contact_id, conversation_id, by=request.user)
    return done(request, contact_id, conversation_id, "inbox:changed")


@login_required
@require_POST
def priority(request: StaffRequest, contact_id: int, conversation_id: int) -> HttpResponse:
    require(request.user, "inbox.write")
    chosen = whole(request.POST.get("priority", ""))
    if chosen is None:
        raise BadInput(_("Choose a priority of the list."))
    actions.set_priority(contact_id, conversation_id, priority=chosen, by=request.user)
    return done(request, contact_id, conversation_id, "inbox:changed")


@login_required
@require_POST
def snooze(request: StaffRequest, contact_id: int, conversation_id: int) -> HttpResponse:
    require(request.user, "inbox.write")
    until = wake_at(request.POST.get("until", ""), request.POST.get("at", ""), request.POST.get("zone", ""))
    actions.snooze(contact_id, conversation_id, until=until, by=request.user)
    return done(request, contact_id, conversation_id, "inbox:changed")


def wake_at(word: str, at: str, zone_name: str) -> datetime:
    """The moment that a choice means by the clock of its page. Raises BadInput."""
    zone = typed_moments.zone_named(zone_name)
    here = timezone.now().astimezone(zone)
    if word == "hour":
        return here + timedelta(hours=1)
    if word == "tomorrow":
        return datetime.combine(here.date() + timedelta(days=1), NINE, zone)
    if word == "week":
        return datetime.combine(here.date() + timedelta(days=7 - here.weekday()), NINE, zone)
    chosen = typed_moments.read(at, zone_name)
    if chosen is None:
        raise BadInput(_("Choose a day and a time."))
    return chosen


@login_required
@require_POST
def tag(request: StaffRequest, contact_id: int, conversation_id: int) -> HttpResponse:
    """Put a tag on the customer, or take one off."""
    require(request.user, "inbox.read")
    require(request.user, "contacts.write")
    if off := request.POST.get("off", ""):
        contacts.untag([contact_id], name=off, by=request.user)
    elif on := request.POST.get("on", "").strip():
        contacts.tag([contact_id], name=on, by=request.user)
    return _side(request, contact_id, conversation_id, "inbox/_tags.html")


@login_required
@require_POST
def about(request: StaffRequest, contact_id: int, conversation_id: int) -> HttpResponse:
    """Keep a note about the customer."""
    require(request.user, "inbox.read")
    profile.add_note(contact_id, text=request.POST.get("text", ""), by=request.user)
    return _side(request, contact_id, conversation_id, "inbox/_notes.html")


def _side(request: StaffRequest, contact_id: int, conversation_id: int, piece: str) -> HttpResponse:
    if not getattr(request, "htmx", False):
        return redirect(url_of(contact_id, conversation_id))
    one = panes.opened(request.user, contact_id, conversation_id, asked(request.GET))
    side = beside.side_of(request.user, one.contact, conversation_id=conversation_id)
    return render(request, piece, {"open": one, "side": side})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def write_to(request: StaffRequest, contact_id: int) -> HttpResponse:
    """From somebody's page to their conversation; where there is none, it is begun when a number is chosen."""
    if request.method == "POST":
        require(request.user, "inbox.write")
        channel_id = whole(request.POST.get("channel", ""))
        if channel_id is None:
            raise BadInput(_("Choose a number to write from."))
        return redirect(url_of(contact_id, actions.open_with(contact_id, channel_id, by=request.user)))
    channel = whole(request.GET.get("channel", ""))
    one = queries.current_conversation(request.user, contact_id, channel)
    if one is not None:
        return redirect(url_of(contact_id, one.id))
    context = {"contact": beside.contact_for(request.user, contact_id), "numbers": beside.numbers(request.user)}
    return render(request, "inbox/write_to.html", context | {"chosen": channel})
