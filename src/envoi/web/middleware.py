"""Turns a Problem into a page or a piece with its own status, so that no view needs try/except."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ..core.errors import Problem


class problems:
    """Django middleware: Problem -> `_problem.html` for htmx, `problem.html` for a whole page."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, Problem):
            return None
        name = "_problem.html" if getattr(request, "htmx", False) else "problem.html"
        return render(request, name, {"problem": error}, status=error.status)
