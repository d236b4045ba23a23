"""Group commit: all webhooks that wait while one commit runs go into the next one, together."""

from __future__ import annotations

import asyncio
import logging
import struct
import time
from contextlib import suppress
from functools import lru_cache

from .database import Database, Unavailable

log = logging.getLogger("envoi.gateway")

# One statement is one transaction. Rows are made as bytes while the commit before them runs, so that a commit costs
# the same handful of calls however many webhooks wait (docs/decisions/0013).
STORE = "COPY webhook_events (account_id, provider, body, query, content_type) FROM STDIN (FORMAT binary)"
HEAD = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
END = struct.pack("!h", -1)
_length = struct.Struct("!i").pack

MOST_WAITING = 4_096
MOST_BYTES_WAITING = 64 * 1024 * 1024
MOST_AT_ONCE = 1_000
MOST_BYTES_AT_ONCE = 16 * 1024 * 1024

# Notices to intake come at most this often. One that is lost costs a second: the bell looks by itself as well.
RING = "SELECT pg_notify('envoi_webhooks', '')"
RING_SECONDS = 0.02


class Full(Exception):
    """More webhooks wait than memory should hold: the provider had better come back."""


class Writer:
    """One task that stores what waits; `store` returns after the commit, never before."""

    def __init__(self, database: Database, *, bell: Database) -> None:
        self._database = database
        self._bell = bell
        self._rows: list[bytes] = []
        self._waiters: list[asyncio.Future[None]] = []
        self._bytes = 0
        self._writing: asyncio.Task[None] | None = None
        self._ringing: asyncio.Task[None] | None = None
        self._unheard = False
        self.commits = 0
        self.commit_seconds = 0.0

    @property
    def waiting(self) -> int:
        """How many webhooks wait for a commit."""
        return len(self._rows)

    def store(
        self, account_id: int, provider: str, *, body: bytes, query: str, content_type: str
    ) -> asyncio.Future[None]:
        """To be awaited: done once the webhook is committed, Unavailable when it could not be. Raises Full."""
        if len(self._rows) >= MOST_WAITING or self._bytes + len(body) > MOST_BYTES_WAITING:
            raise Full
        parts = (_head(account_id, provider), _length(len(body)), body, _text(query), _kind(content_type))
        row = b"".join(parts)
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._rows.append(row)
        self._waiters.append(stored)
        self._bytes += len(row)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return stored

    async def close(self) -> None:
        """Let every waiting request have its answer, then stop."""
        while self._writing is not None:
            await asyncio.wait([self._writing])
        if self._ringing is not None:
            await asyncio.wait([self._ringing])

    async def _write(self) -> None:
        try:
            while self._rows:
                await self._commit(*self._next())
        finally:
            self._writing = None

    def _next(self) -> tuple[list[bytes], list[asyncio.Future[None]]]:
        """The longest-waiting webhooks that fit into one statement; at least one, whatever its size."""
        count = min(len(self._rows), MOST_AT_ONCE)
        if self._bytes > MOST_BYTES_AT_ONCE:
            size = 0
            for number, row in enumerate(self._rows[:count]):
                size += len(row)
                if number and size > MOST_BYTES_AT_ONCE:
                    count = number
                    break
        rows, self._rows = self._rows[:count], self._rows[count:]
        waiters, self._waiters = self._waiters[:count], self._waiters[count:]
        return rows, waiters

    async def _commit(self, rows: list[bytes], waiters: list[asyncio.Future[None]]) -> None:
        started = time.monotonic()
        # Until the commit is known, an end of any kind, even of this task, is "not stored".
        outcome: Exception | None = Unavailable(1)
        try:
            await self._database.copy(STORE, b"".join((HEAD, *rows, END)))
            outcome = None
            self.commits += 1
            self.commit_seconds += time.monotonic() - started
            self._ring()
        except Unavailable as error:
            outcome = error
        except Exception:
            log.exception("a commit failed")
        finally:
            self._bytes -= sum(map(len, rows))
            for stored in waiters:
                # A request that went away no longer waits; its webhook is stored all the same.
                if not stored.done():
                    if outcome is None:
                        stored.set_result(None)
                    else:
                        stored.set_exception(outcome)

    def _ring(self) -> None:
        self._unheard = True
        if self._ringing is None:
            self._ringing = asyncio.create_task(self._rings())

    async def _rings(self) -> None:
        """Tell intake, once for all commits of a moment."""
        try:
            while self._unheard:
                self._unheard = False
                with suppress(Unavailable):
                    await self._bell.execute(RING)
                await asyncio.sleep(RING_SECONDS)
        finally:
            self._ringing = None


@lru_cache(maxsize=256)
def _head(account_id: int, provider: str) -> bytes:
    """The row up to its body: five fields, the first two of them."""
    return struct.pack("!hiq", 5, 8, account_id) + _text(provider)


@lru_cache(maxsize=256)
def _kind(content_type: str) -> bytes:
    return _text(content_type[:200])


def _text(words: str) -> bytes:
    """A text field. PostgreSQL holds no NUL in a text."""
    encoded = words.replace("\x00", "").encode("utf-8", "replace")
    return _length(len(encoded)) + encoded
