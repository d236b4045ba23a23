"""A whole page or the piece that htmx swaps, from one view."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect


def page_or_piece(request: HttpRequest, page: str, piece: str, context: dict[str, Any]) -> HttpResponse:
    """`piece` when htmx asks, else `page`, which includes it. One address, told apart by a header."""
    response = render(request, piece if getattr(request, "htmx", False) else page, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def go(request: HttpRequest, to: Any, *args: Any) -> HttpResponse:
    """Lead the browser on after an action, whether a form or htmx sent it."""
    address = resolve_url(to, *args)
    return HttpResponseClientRedirect(address) if getattr(request, "htmx", False) else redirect(address)
