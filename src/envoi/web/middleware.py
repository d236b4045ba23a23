"""What every page has in common: a Problem in words with its own status, and the way to sign in and back again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from psycopg_pool import PoolTimeout

from ..core.errors import Problem

log = logging.getLogger("envoi.web")

# Where these lead one may be led back to after signing in.
READING = ("GET", "HEAD")


class problems:
    """Django middleware: Problem -> `_problem.html` for htmx, `problem.html` for a whole page."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # PostgreSQL keeps no NUL character and nobody types one: without it the rest may well make sense.
        if "%00" in request.META.get("QUERY_STRING", ""):
            request.GET = _without_nul(request.GET)  # type: ignore[assignment]
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, OperationalError | PoolTimeout):
            log.warning("the database does not answer: %s", error)
            answer = render(request, "503.html", status=503)
            answer["Retry-After"] = "5"
            return answer
        if not isinstance(error, Problem):
            return None
        name = "_problem.html" if getattr(request, "htmx", False) else "problem.html"
        return render(request, name, {"problem": error}, status=error.status)


def sign_in_again(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Lead whose session has ended to the sign-in, and from there to the page on which they were.

    The sign-in can't stand where htmx swaps a piece, nor does a script want its HTML: they get 401, a sentence and the
    way as HX-Redirect. An address that only takes what is sent has nothing to show: one comes back to the page before.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        by_script = request.headers.get("HX-Request") == "true"
        if not _leads_to_sign_in(response) or (request.method in READING and not by_script):
            return response
        way = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({REDIRECT_FIELD_NAME: _page_of(request)}, safe='/')}"
        if not by_script:
            response["Location"] = way
            return response
        problem = Problem(_("You are signed out. Sign in, and you come back to this page."))
        answer = render(request, "_problem.html", {"problem": problem}, status=401)
        answer["HX-Redirect"] = way
        return answer

    return middleware


def _leads_to_sign_in(response: HttpResponse) -> bool:
    """Whether a view was refused for want of a session: `login_required` says where to go on afterwards."""
    to = urlsplit(response.get("Location", ""))
    return to.path == resolve_url(settings.LOGIN_URL) and f"{REDIRECT_FIELD_NAME}=" in to.query


def _page_of(request: HttpRequest) -> str:
    """The page of ours that asked, without its host; the first page when none says so."""
    for told in (request.headers.get("HX-Current-URL", ""), request.headers.get("Referer", "")):
        try:
            page = urlsplit(told)
        except ValueError:
            continue
        path = f"{page.path}?{page.query}" if page.query else page.path
        if page.netloc == request.get_host() and url_has_allowed_host_and_scheme(path, allowed_hosts=None):
            return path
    return resolve_url(settings.LOGIN_REDIRECT_URL)


def _without_nul(asked: QueryDict) -> QueryDict:
    clean = asked.copy()
    for name, values in asked.lists():
        clean.setlist(name, [value.replace("\0", "") for value in values])
    return clean
