"""Turns a Problem into a page or a piece with its own status, so that no view needs try/except."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from psycopg_pool import PoolTimeout

from ..core.errors import Problem

log = logging.getLogger("envoi.web")


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


def _without_nul(asked: QueryDict) -> QueryDict:
    clean = asked.copy()
    for name, values in asked.lists():
        clean.setlist(name, [value.replace("\0", "") for value in values])
    return clean
