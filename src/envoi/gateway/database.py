"""One connection to PostgreSQL that comes back by itself; while it is away, callers are told at once how long."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, LiteralString, TypeVar

import psycopg

from ..core.sessions import SET, UTC, values
from .line import Line

log = logging.getLogger("envoi.gateway")

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 5.0
# A commit that takes longer is no use: providers call it failed after some seconds and send again.
PATIENCE = 10.0
NAME: Final = "envoi"

Row = tuple[Any, ...]
Connection = psycopg.AsyncConnection[Row]
Result = TypeVar("Result")


class Unavailable(Exception):
    """The database can't answer now; `retry_after` is in whole seconds, for the header of that name."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("The database can't be reached.")
        self.retry_after = max(1, round(retry_after))


class Database:
    """Runs one statement at a time, each its own transaction; a call either committed or raises Unavailable.

    careless: what it commits (notices) may be lost in a power cut.
    Unavailable may hide a commit whose answer was lost: what is stored must bear being stored twice.
    """

    def __init__(self, url: str, *, name: str, prepared: LiteralString | None = None, careless: bool = False) -> None:
        self._url = url
        self._name = name
        self._prepared = prepared
        # A notice is a commit as well, and all that notify take turns: nothing here is worth waiting for the disk.
        self._session = UTC | ({"synchronous_commit": "off"} if careless else {})
        self._connection: Connection | None = None
        self._line: Line | None = None
        self._turn = asyncio.Lock()
        self._pause = 0.0
        self._try_at = 0.0

    async def execute(self, query: str, values: Mapping[str, Any] | None = None) -> list[Row]:
        """Run one statement and return its rows, [] when it has none."""
        return await self._try(lambda connection: _execute(connection, query, values))

    async def run(self, values: Sequence[bytes]) -> None:
        """Run the prepared statement, the only one here, with these values in PostgreSQL's binary format."""
        await self._try(lambda connection: self._run(values))

    async def _try(self, run: Callable[[Connection], Awaitable[Result]]) -> Result:
        async with self._turn:
            if (wait := self._try_at - time.monotonic()) > 0:
                raise Unavailable(wait)
            try:
                async with asyncio.timeout(PATIENCE):
                    if self._connection is None or self._connection.closed:
                        await self._drop()
                        await self._connect()
                        assert self._connection is not None
                    result = await run(self._connection)
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
            return result

    async def close(self) -> None:
        """Close the connection once the statement that runs is through."""
        async with self._turn:
            await self._drop()

    async def _connect(self) -> None:
        self._connection = await psycopg.AsyncConnection.connect(
            self._url,
            autocommit=True,
            connect_timeout=3,
            application_name=self._name,
        )
        await self._connection.execute(SET, values(self._session))
        if self._prepared is not None:
            await self._connection.execute(f"PREPARE {NAME} AS {self._prepared}")
            self._line = Line(self._connection, NAME.encode())

    async def _run(self, values: Sequence[bytes]) -> None:
        assert self._line is not None
        await self._line.run(values)

    async def _drop(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error, OSError):
                await connection.close()


async def _execute(connection: Connection, query: str, values: Mapping[str, Any] | None) -> list[Row]:
    cursor = await connection.execute(query, values)
    return await cursor.fetchall() if cursor.description else []
