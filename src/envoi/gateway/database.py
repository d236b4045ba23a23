"""One connection to PostgreSQL that comes back by itself; while it is away, callers are told at once how long."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import psycopg

log = logging.getLogger("envoi.gateway")

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 5.0
# A commit that takes longer is no use: providers call it failed after some seconds and send again.
PATIENCE = 10.0

Row = tuple[Any, ...]


class Unavailable(Exception):
    """The database can't answer now; `retry_after` is in whole seconds, for the header of that name."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("The database can't be reached.")
        self.retry_after = max(1, round(retry_after))


class Database:
    """Runs one statement at a time, each its own transaction; a call either committed or raises Unavailable.

    Unavailable may hide a commit whose answer was lost: what is stored must bear being stored twice.
    """

    def __init__(self, url: str, *, name: str) -> None:
        self._url = url
        self._name = name
        self._connection: psycopg.AsyncConnection[Row] | None = None
        self._turn = asyncio.Lock()
        self._pause = 0.0
        self._try_at = 0.0

    async def execute(self, query: str, values: Mapping[str, Any] | None = None) -> list[Row]:
        """Run one statement and return its rows, [] when it has none."""
        async with self._turn:
            if (wait := self._try_at - time.monotonic()) > 0:
                raise Unavailable(wait)
            try:
                async with asyncio.timeout(PATIENCE):
                    rows = await self._run(query, values)
            except (psycopg.Error, OSError, TimeoutError) as error:
                await self._drop()
                self._pause = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
                self._try_at = time.monotonic() + self._pause
                log.warning("%s: the database answered %s", self._name, error or type(error).__name__)
                raise Unavailable(self._pause) from error
            except asyncio.CancelledError:
                # Nobody knows how far the statement came, so its connection is of no more use.
                await self._drop()
                raise
            self._pause = 0.0
            return rows

    async def close(self) -> None:
        """Close the connection once the statement that runs is through."""
        async with self._turn:
            await self._drop()

    async def _run(self, query: str, values: Mapping[str, Any] | None) -> list[Row]:
        if self._connection is None:
            self._connection = await psycopg.AsyncConnection.connect(
                self._url,
                autocommit=True,
                connect_timeout=3,
                application_name=self._name,
                options="-c timezone=UTC",
            )
        cursor = await self._connection.execute(query, values)
        return await cursor.fetchall() if cursor.description else []

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error, OSError):
                await connection.close()
