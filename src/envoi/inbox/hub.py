"""Live pages: one connection of each web process hears what is told (inbox.live) and passes it on to all open pages.

A page gets a named event with what was told as JSON, and asks for the piece that it needs. Events of a tenth of a
second go in one write, each once. Nothing here asks the database for what a page shows.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from time import monotonic

import msgspec
import psycopg
from asgiref.sync import sync_to_async
from django.contrib.auth import HASH_SESSION_KEY
from django.db import close_old_connections
from django.http import StreamingHttpResponse

from ..core.postgres import database_url
from ..team.models import Staff
from ..team.requests import StaffRequest
from ..team.rights import may, require
from .live import CHANNEL, Told

log = logging.getLogger("envoi.inbox")

GATHER_SECONDS = 0.1
SILENCE_SECONDS = 15.0
# Whoever was deactivated or signed out hears nothing more after so long: nothing is written before this is asked.
RECHECK_SECONDS = 5.0
AT_MOST_SECONDS = 600.0
# A page that is so far behind asks for everything anew instead.
MOST_WAITING = 500
RETRY_SECONDS = 1.0
READ = msgspec.json.Decoder(Told)

HELLO = b"retry: 2000\nevent: hello\ndata: {}\n\n"
RESYNC = b"event: resync\ndata: {}\n\n"


class Page:
    """One open page: what waits to be written to it. only: the one kind of event that it wants, "" for all."""

    def __init__(self, staff_id: int, only: str = "") -> None:
        self.staff_id = staff_id
        self.only = only
        self._waiting: dict[bytes, None] = {}
        self._here = asyncio.Event()

    def add(self, frame: bytes) -> None:
        """One more event for this page; the same twice is one."""
        if len(self._waiting) >= MOST_WAITING:
            self._waiting = {RESYNC: None}
        else:
            self._waiting[frame] = None
        self._here.set()

    async def take(self, seconds: float) -> bytes:
        """What has come, or nothing after so many seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._here.wait(), seconds)
            await asyncio.sleep(GATHER_SECONDS)
        self._here.clear()
        waiting, self._waiting = self._waiting, {}
        return b"".join(waiting)


class Hub:
    """All pages of one process. It listens while there are any."""

    def __init__(self, url: str) -> None:
        self.pages: set[Page] = set()
        self._url = url
        self._task: asyncio.Task[None] | None = None

    def join(self, page: Page) -> None:
        """From now on this page is told."""
        self.pages.add(page)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen())

    def leave(self, page: Page) -> None:
        """The page is closed; after the last one nobody listens."""
        self.pages.discard(page)
        if not self.pages and self._task is not None:
            self._task.cancel()
            self._task = None

    def pass_on(self, text: str) -> None:
        """One line of what was told, to every page that it is for."""
        try:
            told = READ.decode(text)
        except msgspec.MsgspecError:
            return
        frame = f"event: {told.what}\ndata: {text}\n\n".encode()
        for page in self.pages:
            if page.only in ("", told.what) and (told.to is None or told.to == page.staff_id):
                page.add(frame)

    async def _listen(self) -> None:
        lost = False
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self._url, autocommit=True, connect_timeout=5, application_name="envoi live pages"
                ) as db:
                    await db.execute(f"LISTEN {CHANNEL}")
                    if lost:
                        # What was told meanwhile nobody heard.
                        for page in self.pages:
                            page.add(RESYNC)
                    async for one in db.notifies():
                        self.pass_on(one.payload)
            except (psycopg.Error, OSError) as error:
                log.warning("live pages: the database answered %s; trying again", error)
            lost = True
            await asyncio.sleep(RETRY_SECONDS)


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def hub() -> Hub:
    """The hub of this process; of this event loop, to be exact."""
    loop = asyncio.get_running_loop()
    for ended in [one for one in _hubs if one.is_closed()]:
        del _hubs[ended]
    return _hubs.setdefault(loop, Hub(database_url()))


def stream(request: StaffRequest, *, only: str = "", at_most: float = AT_MOST_SECONDS) -> StreamingHttpResponse:
    """Server-sent events for one page; the view's whole answer. only: that kind of event alone. Raises NotAllowed.

    `hello` comes first, after every reconnection too: the page then asks for what it may have missed, as it does after
    `resync`. The others are live.WHAT. After `at_most` seconds the answer ends and the browser asks again.
    """
    require(request.user, "inbox.read")
    staff_id, session = request.user.pk, request.session
    key = session.session_key
    # A changed password makes every session of before worthless, though its row stays.
    sealed = session.get(HASH_SESSION_KEY)

    def still_there() -> bool:
        try:
            staff = Staff.objects.filter(pk=staff_id, is_active=True).first()
            if staff is None or not may(staff, "inbox.read") or not session.exists(key or ""):
                return False
            return sealed == staff.get_session_auth_hash()
        finally:
            close_old_connections()

    close_old_connections()
    response = StreamingHttpResponse(_events(staff_id, still_there, at_most, only), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _events(
    staff_id: int, still_there: Callable[[], bool], at_most: float, only: str = ""
) -> AsyncIterator[bytes]:
    page, center = Page(staff_id, only), hub()
    center.join(page)
    started = told = checked = monotonic()
    try:
        yield HELLO
        while monotonic() - started < at_most:
            events = await page.take(SILENCE_SECONDS)
            now = monotonic()
            if now - checked > RECHECK_SECONDS:
                checked = now
                if not await sync_to_async(still_there)():
                    return
            if events:
                told = now
                yield events
            elif now - told >= SILENCE_SECONDS:
                # A comment keeps proxies from closing a silent connection, and finds out that the reader has left.
                told = now
                yield b": still here\n\n"
    finally:
        center.leave(page)
