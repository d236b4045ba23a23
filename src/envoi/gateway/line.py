"""One prepared statement on one connection, by libpq's own calls, its socket watched from beginning to end.

psycopg's cursors would ask the loop for the socket anew at each wait, and COPY waits twice: more for a group of
webhooks than PostgreSQL needs to store it (docs/decisions/0013).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import psycopg
from psycopg import pq

BINARY = 1


class Line:
    """Belongs to a connection on which nothing else runs; `close` it before that one."""

    def __init__(self, connection: psycopg.AsyncConnection[tuple[object, ...]], statement: bytes) -> None:
        self._loop = asyncio.get_running_loop()
        self._pgconn = connection.pgconn
        self._statement = statement
        self._socket = self._pgconn.socket
        self._answer: asyncio.Future[None] | None = None
        self._error: Exception | None = None
        self._loop.add_reader(self._socket, self._read)

    async def run(self, values: Sequence[bytes]) -> None:
        """Run the statement with these values in PostgreSQL's binary format. Raises psycopg.Error."""
        self._pgconn.send_query_prepared(self._statement, values, [BINARY] * len(values))
        answer = self._answer = self._loop.create_future()
        if self._pgconn.flush():
            self._loop.add_writer(self._socket, self._write)
        await answer

    def close(self) -> None:
        """Watch the socket no more."""
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)

    def _write(self) -> None:
        try:
            if not self._pgconn.flush():
                self._loop.remove_writer(self._socket)
        except psycopg.Error as error:
            self._lost(error)

    def _read(self) -> None:
        try:
            self._pgconn.consume_input()
            while not self._pgconn.is_busy():
                result = self._pgconn.get_result()
                if result is None:
                    self._tell()
                    return
                if result.status != pq.ExecStatus.COMMAND_OK:
                    self._error = psycopg.errors.error_from_result(result)
        except psycopg.Error as error:
            self._lost(error)

    def _lost(self, error: Exception) -> None:
        # A socket that has ended is readable for ever.
        self.close()
        self._error = error
        self._tell()

    def _tell(self) -> None:
        answer, self._answer = self._answer, None
        error, self._error = self._error, None
        if answer is None or answer.done():
            return
        if error is None:
            answer.set_result(None)
        else:
            answer.set_exception(error)
