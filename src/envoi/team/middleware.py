"""What every request of one of the staff passes: where they are signed in, who is acting, the second step they owe."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from . import sessions, two_step
from .changes import acting
from .models import Staff
from .rights import rights_of

Next = Callable[[HttpRequest], HttpResponse]

READING = ("GET", "HEAD", "OPTIONS")
LATER = "two_step_later"
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
