"""Group commit: all webhooks that wait while one commit runs go into the next one, together."""

from __future__ import annotations

import asyncio
import logging
import struct
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Final, LiteralString

from .database import Database, Unavailable

log = logging.getLogger("envoi.gateway")

# One statement is one transaction, and one round trip. The fields of a row are made into PostgreSQL's binary format
# while the commit before them runs, so a commit costs a handful of calls however many webhooks wait (decision 0013).
STORE: Final = """
    INSERT INTO webhook_events (account_id, provider, body, query, content_type, urgent)
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::boolean[])
"""
# PostgreSQL's numbers for the types of these columns: bigint, text, bytea, boolean.
TYPES = (20, 25, 17, 25, 25, 16)
_array = struct.Struct("!iiiii").pack
_length = struct.Struct("!i").pack
BODY = 2

MOST_WAITING = 4_096
MOST_BYTES_WAITING = 64 * 1024 * 1024
MOST_AT_ONCE = 1_000
MOST_BYTES_AT_ONCE = 16 * 1024 * 1024

# Commits begin so far apart, unless enough wait for one: each costs as much as ten rows in a larger one.
GAP_SECONDS = 0.002
FEW = 8

# What intake is told, each at most this often. A notice that is lost costs a second: its bell looks by itself as well.
RING: Final = "SELECT pg_notify('envoi_webhooks', '')"
RING_SECONDS = 0.02
RING_URGENT: Final = "SELECT pg_notify('envoi_messages', '')"
RING_URGENT_SECONDS = 0.005


# One webhook's fields in the order of STORE, each with its length before it.
Row = tuple[bytes, bytes, bytes, bytes, bytes, bytes]
URGENT = 5


class Full(Exception):
    """More webhooks wait than memory should hold: the provider had better come back."""


class Writer:
    """One task that stores what waits; `store` returns after the commit, never before."""

    def __init__(self, database: Database, *, bell: Database) -> None:
        self._database = database
        self._rows: list[Row] = []
        self._waiters: list[asyncio.Future[None]] = []
        self._bytes = 0
        self._writing: asyncio.Task[None] | None = None
        self._ringer = Ringer(bell, RING, RING_SECONDS)
        self._urgent_ringer = Ringer(bell, RING_URGENT, RING_URGENT_SECONDS)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._company: asyncio.Future[None] | None = None
        self._enough = FEW
        self._began = float("-inf")
        self.commits = 0
        self.commit_seconds = 0.0

    @property
    def waiting(self) -> int:
        """How many webhooks wait for a commit."""
        return len(self._rows)

    def store(
        self, account_id: int, provider: str, *, body: bytes, query: str, content_type: str, urgent: bool
    ) -> asyncio.Future[None]:
        """To be awaited: done once the webhook is committed, Unavailable when it could not be. Raises Full."""
        if len(self._rows) >= MOST_WAITING or self._bytes + len(body) > MOST_BYTES_WAITING:
            raise Full
        account, name = _owner(account_id, provider)
        text = _text(query) if query else NOTHING
        self._rows.append((account, name, _length(len(body)) + body, text, _kind(content_type), YES if urgent else NO))
        # Kept: Python 3.11 asks the system for the process's id each time when it is asked which loop runs.
        loop = self._loop = self._loop or asyncio.get_running_loop()
        stored: asyncio.Future[None] = loop.create_future()
        self._waiters.append(stored)
        self._bytes += len(body)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        elif self._company is not None and len(self._rows) >= self._enough:
            _end(self._company)
        return stored

    async def close(self) -> None:
        """Let every waiting request have its answer, then stop."""
        while self._writing is not None:
            await asyncio.wait([self._writing])
        await self._urgent_ringer.close()
        await self._ringer.close()

    async def _write(self) -> None:
        try:
            while self._rows:
                await self._wait_for_company()
                rows, waiters = self._next()
                await self._commit(rows, waiters)
                # Half of those whom two commits serve.
                self._enough = max(FEW, (len(rows) + len(self._rows)) // 2)
        finally:
            self._writing = None

    async def _wait_for_company(self) -> None:
        """Return when enough wait to share a commit, or GAP_SECONDS after the last one began: for who is alone, now."""
        left = self._began + GAP_SECONDS - time.monotonic()
        if left > 0 and len(self._rows) < self._enough:
            assert self._loop is not None
            self._company = self._loop.create_future()
            timer = self._loop.call_later(left, _end, self._company)
            await self._company
            timer.cancel()
            self._company = None
        self._began = time.monotonic()

    def _next(self) -> tuple[list[Row], list[asyncio.Future[None]]]:
        """The longest-waiting webhooks that fit into one statement; at least one, whatever its size."""
        count = min(len(self._rows), MOST_AT_ONCE)
        if self._bytes > MOST_BYTES_AT_ONCE:
            size = 0
            for number, row in enumerate(self._rows[:count]):
                size += len(row[BODY])
                if number and size > MOST_BYTES_AT_ONCE:
                    count = number
                    break
        rows, self._rows = self._rows[:count], self._rows[count:]
        waiters, self._waiters = self._waiters[:count], self._waiters[count:]
        return rows, waiters

    async def _commit(self, rows: list[Row], waiters: list[asyncio.Future[None]]) -> None:
        started = time.monotonic()
        # Until the commit is known, an end of any kind, even of this task, is "not stored".
        outcome: Exception | None = Unavailable(1)
        try:
            columns = list(zip(*rows, strict=True))
            await self._database.run([_column(kind, values) for kind, values in zip(TYPES, columns, strict=True)])
            outcome = None
            self.commits += 1
            self.commit_seconds += time.monotonic() - started
            urgent = columns[URGENT].count(YES)
            if urgent:
                self._urgent_ringer.ring()
            if urgent < len(rows):
                self._ringer.ring()
        except Unavailable as error:
            outcome = error
        except Exception:
            log.exception("a commit failed")
        finally:
            self._bytes -= sum(len(row[BODY]) - 4 for row in rows)
            for stored in waiters:
                # A request that went away no longer waits; its webhook is stored all the same.
                if not stored.done():
                    if outcome is None:
                        stored.set_result(None)
                    else:
                        stored.set_exception(outcome)


class Ringer:
    """Tells intake, once for all commits of a moment."""

    def __init__(self, bell: Database, notice: LiteralString, seconds: float) -> None:
        self._bell = bell
        self._notice = notice
        self._seconds = seconds
        self._ringing: asyncio.Task[None] | None = None
        self._unheard = False

    def ring(self) -> None:
        """Something was stored."""
        self._unheard = True
        if self._ringing is None:
            self._ringing = asyncio.create_task(self._rings())

    async def close(self) -> None:
        """Let what was stored be heard, then stop."""
        if self._ringing is not None:
            await asyncio.wait([self._ringing])

    async def _rings(self) -> None:
        try:
            while self._unheard:
                self._unheard = False
                with suppress(Unavailable):
                    await self._bell.execute(self._notice)
                await asyncio.sleep(self._seconds)
        finally:
            self._ringing = None


def _end(company: asyncio.Future[None]) -> None:
    if not company.done():
        company.set_result(None)


def _column(kind: int, values: Sequence[bytes]) -> bytes:
    """An array: one dimension without NULLs, which starts at 1."""
    return _array(1, 0, kind, len(values), 1) + b"".join(values)


@lru_cache(maxsize=256)
def _owner(account_id: int, provider: str) -> tuple[bytes, bytes]:
    return struct.pack("!iq", 8, account_id), _text(provider)


@lru_cache(maxsize=256)
def _kind(content_type: str) -> bytes:
    return _text(content_type[:200])


def _text(words: str) -> bytes:
    """A text field. PostgreSQL holds no NUL in a text."""
    encoded = words.replace("\x00", "").encode("utf-8", "replace")
    return _length(len(encoded)) + encoded


NOTHING = _text("")
NO, YES = (_length(1) + value for value in (b"\x00", b"\x01"))
