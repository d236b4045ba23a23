"""Group commit: all webhooks that wait while one commit runs go into the next one, together."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from ..providers.base import Delivery
from .database import Database, Unavailable

# One statement is one transaction: rows and the notice that wakes intake commit together or not at all, in a
# single round trip however many webhooks wait.
STORE = """
WITH stored AS (
    INSERT INTO webhook_events (account_id, provider, body, query, content_type)
    SELECT * FROM unnest(%(accounts)s::bigint[], %(providers)s::text[], %(bodies)b::bytea[], %(queries)s::text[],
                         %(content_types)s::text[])
)
SELECT pg_notify('envoi_webhooks', '')
"""

MOST_WAITING = 4_096
MOST_BYTES_WAITING = 64 * 1024 * 1024
MOST_AT_ONCE = 1_000
MOST_BYTES_AT_ONCE = 16 * 1024 * 1024


class Full(Exception):
    """More webhooks wait than memory should hold: the provider had better come back."""


@dataclass(slots=True)
class Waiting:
    """One webhook and the request that waits for its commit."""

    account_id: int
    provider: str
    body: bytes
    query: str
    content_type: str
    stored: asyncio.Future[None]


class Writer:
    """One task that stores what waits; `store` returns after the commit, never before."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[Waiting] = []
        self._bytes = 0
        self._open: set[asyncio.Future[None]] = set()
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.commits = 0
        self.commit_seconds = 0.0

    @property
    def waiting(self) -> int:
        """How many webhooks wait for a commit."""
        return len(self._waiting)

    async def store(self, account_id: int, provider: str, delivery: Delivery) -> None:
        """Return once the webhook is committed. Raises Full, or Unavailable when it could not be."""
        body, query = delivery.body, _text(delivery.url.partition("?")[2])
        content_type = _text(delivery.headers.get("content-type", ""))[:200]
        if len(self._waiting) >= MOST_WAITING or self._bytes + len(body) > MOST_BYTES_WAITING:
            raise Full
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(account_id, provider, body, query, content_type, stored))
        self._bytes += len(body)
        self._open.add(stored)
        stored.add_done_callback(self._open.discard)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        self._news.set()
        await stored

    async def close(self) -> None:
        """Let every waiting request have its answer, then stop."""
        while self._open:
            await asyncio.wait(self._open)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while True:
            await self._news.wait()
            while batch := self._next():
                await self._commit(batch)
            self._news.clear()

    def _next(self) -> list[Waiting]:
        """The longest-waiting webhooks that fit into one statement; at least one, whatever its size."""
        size = count = 0
        for waiting in self._waiting[:MOST_AT_ONCE]:
            size += len(waiting.body)
            if count and size > MOST_BYTES_AT_ONCE:
                break
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    async def _commit(self, batch: list[Waiting]) -> None:
        started = time.monotonic()
        # Until the commit is known, an end of any kind, even of this task, is "not stored".
        outcome: Exception | None = Unavailable(1)
        try:
            await self._database.execute(
                STORE,
                {
                    "accounts": [waiting.account_id for waiting in batch],
                    "providers": [waiting.provider for waiting in batch],
                    "bodies": [waiting.body for waiting in batch],
                    "queries": [waiting.query for waiting in batch],
                    "content_types": [waiting.content_type for waiting in batch],
                },
            )
            outcome = None
            self.commits += 1
            self.commit_seconds += time.monotonic() - started
        except Unavailable as error:
            outcome = error
        finally:
            self._bytes -= sum(len(waiting.body) for waiting in batch)
            for waiting in batch:
                # A request that went away no longer waits; its webhook is stored all the same.
                if not waiting.stored.done():
                    if outcome is None:
                        waiting.stored.set_result(None)
                    else:
                        waiting.stored.set_exception(outcome)


def _text(words: str) -> str:
    """PostgreSQL holds no NUL in a text."""
    return words.replace("\x00", "")
