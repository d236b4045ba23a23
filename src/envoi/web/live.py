"""Server-sent events for pages: render a piece, send it when it changed, sleep without a database connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from time import monotonic
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user
from django.db import close_old_connections
from django.http import HttpRequest, StreamingHttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils import timezone, translation

from ..core.errors import Problem

EVERY = 1.0
QUIET = 5.0
AT_MOST = 600.0
SILENCE = 15.0

# What to render now: the template, its context, and whether more will come.
Piece = Callable[[], tuple[str, dict[str, Any], bool]]


def stream(
    request: HttpRequest, piece: Piece, *, every: float = EVERY, at_most: float = AT_MOST
) -> StreamingHttpResponse:
    """Follow `piece` until it says that no more will come; live.js swaps what arrives.

    While nothing changes it looks less often, down to every QUIET seconds, and it never works more than a fifth of
    the time: a costly piece is rendered more seldom. After `at_most` seconds the answer ends and the browser asks
    again, so that no server is held for ever and a new release is picked up.
    """
    # One token for the whole stream: Django masks it anew each time, and the same piece would look changed.
    token, language = get_token(request), translation.get_language() or "en"
    zone = timezone.get_current_timezone()

    def rendered() -> tuple[str, bool] | None:
        try:
            if not _still_signed_in(request):
                return None
            with translation.override(language), timezone.override(zone):
                template, context, more = piece()
                return render_to_string(template, {**context, "csrf_token": token}, request), more
        except Problem:
            # It is gone, or no longer theirs to see: the page itself says so.
            return None
        finally:
            close_old_connections()

    # Once here and now: what does not exist or is not for this reader is refused as any page would, not in mid-stream.
    piece()
    close_old_connections()
    body = _messages(rendered, every=every, at_most=at_most)
    response = StreamingHttpResponse(body, content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


def _still_signed_in(request: HttpRequest) -> bool:
    """Whether this session is alive and its person may sign in still; the request has them as they are now, so that
    their rights are read anew. A stream outlives by far the look at both that a request begins with."""
    request.session = type(request.session)(request.session.session_key)
    request.user = get_user(request)
    return request.user.is_authenticated


async def _messages(
    rendered: Callable[[], tuple[str, bool] | None], *, every: float, at_most: float
) -> AsyncIterator[bytes]:
    started = told = monotonic()
    last, pause = "", every
    # The browser waits this long before it asks again when the connection drops.
    yield b"retry: 2000\n\n"
    while monotonic() - started < at_most:
        begun = monotonic()
        found = await sync_to_async(rendered)()
        if found is None:
            # Asked for as any page, it leads to the sign-in, or says what is not for them.
            yield b"event: reload\ndata: reload\n\n"
            return
        html, more = found
        took = monotonic() - begun
        if html != last:
            last, told, pause = html, monotonic(), every
            yield _event(html)
        else:
            pause = min(pause * 1.5, max(QUIET, every))
        if not more:
            yield b"event: done\ndata: done\n\n"
            return
        if monotonic() - told > SILENCE:
            # A comment keeps proxies from closing a silent connection, and finds out that the reader has left.
            told = monotonic()
            yield b": still here\n\n"
        await asyncio.sleep(max(pause, took * 4))


def _event(html: str) -> bytes:
    return "".join(f"data: {line}\n" for line in html.splitlines()).encode() + b"\n"
