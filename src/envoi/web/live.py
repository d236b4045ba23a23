"""Server-sent events for pages: render a piece, send it when it changed, sleep without holding a database connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from time import monotonic

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.http import StreamingHttpResponse
from django.utils import translation

EVERY = 1.0
AT_MOST = 600.0
SILENCE = 15.0

Piece = Callable[[], tuple[str, bool]]


def stream(piece: Piece, *, every: float = EVERY, at_most: float = AT_MOST) -> StreamingHttpResponse:
    """Follow `piece`, which renders (html, whether more will come), until it says no more.

    After `at_most` seconds the answer ends and the browser asks again, so that no server is held for ever and a new
    release is picked up. live.js swaps what arrives.
    """
    close_old_connections()
    body = _messages(piece, translation.get_language() or "en", every=every, at_most=at_most)
    response = StreamingHttpResponse(body, content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _messages(piece: Piece, language: str, *, every: float, at_most: float) -> AsyncIterator[bytes]:
    started = told = monotonic()
    last = ""
    # The browser waits this long before it asks again when the connection drops.
    yield b"retry: 2000\n\n"
    while monotonic() - started < at_most:
        html, more = await sync_to_async(_render)(piece, language)
        if html != last:
            last, told = html, monotonic()
            yield _event(html)
        if not more:
            yield b"event: done\ndata: done\n\n"
            return
        if monotonic() - told > SILENCE:
            # A comment keeps proxies from closing a silent connection, and finds out that the reader has left.
            told = monotonic()
            yield b": still here\n\n"
        await asyncio.sleep(every)


def _render(piece: Piece, language: str) -> tuple[str, bool]:
    try:
        with translation.override(language):
            return piece()
    finally:
        close_old_connections()


def _event(html: str) -> bytes:
    return "".join(f"data: {line}\n" for line in html.splitlines()).encode() + b"\n"
