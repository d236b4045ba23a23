"""What every request of one of the staff passes: where they are signed in, who is acting, the second step they owe."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from ..core.zones import is_zone
from . import opening, sessions, two_step
from .changes import acting
from .models import Staff
from .rights import rights_of

Next = Callable[[HttpRequest], HttpResponse]

READING = ("GET", "HEAD", "OPTIONS")
LATER = "two_step_later"
ZONE_COOKIE = "envoi_zone"
# Where somebody who owes a second step may go: to set it up, to sign out, to read it in another language.
OPEN = ("/account/", "/i18n/", "/api/", "/team/two-step-needed/")


def present(get_response: Next) -> Next:
    """Note where staff are signed in, and let every change that a request makes say who made it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        staff = request.user if isinstance(request.user, Staff) and not request.path.startswith("/api/") else None
        if staff is not None:
            sessions.seen(request, staff)
            # Read here, where a query may be made: pages that stream ask again where none may.
            rights_of(staff)
        if request.method in READING or request.path.startswith("/api/"):
            return get_response(request)
        with acting(staff=staff.pk if staff else None, request=str(uuid.uuid4()), way="page"):
            return get_response(request)

    return middleware


def own_time(get_response: Next) -> Next:
    """Show and read times by the reader's own clock: their browser's time zone, else that of the opening hours."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/api/"):
            return get_response(request)
        with timezone.override(_zone_of(request)):
            return get_response(request)

    return middleware


def _zone_of(request: HttpRequest) -> ZoneInfo:
    # Set by zone.js. Whatever else stands there names no zone.
    told = request.COOKIES.get(ZONE_COOKIE, "")
    return ZoneInfo(told if is_zone(told) else opening.company_zone())


def second_step(get_response: Next) -> Next:
    """Lead who owes a second step to the page that says so; until it is due they may put it off once a session."""

    def middleware(request: HttpRequest) -> HttpResponse:
        staff = request.user
        if not isinstance(staff, Staff) or request.path.startswith(OPEN):
            return get_response(request)
        due = two_step.due_for(staff)
        if due is None or (due > timezone.now() and request.session.get(LATER)):
            return get_response(request)
        address = reverse("team:two_step_needed")
        if getattr(request, "htmx", False):
            return HttpResponseClientRedirect(address)
        response = HttpResponse(status=303)
        response["Location"] = address
        return response

    return middleware
