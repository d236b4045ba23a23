"""A small HTTP/1.1 server whose handler may also hang up or say nothing; it refuses TLS and HTTP/2.

Why not granian, which serves the rest of Envoi: the crash tests need a connection that dies without an
answer, and an ASGI application can't ask for that. granian 2.8 was tried: an application that raises, or
returns without answering, gets "500 Internal Server Error" on its behalf. `asyncio.Protocol` has
`transport.abort()`.
"""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal

from envoi.simulator.http_request import MalformedRequest, Request, RequestReader

REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Reply:
    """What to do with a request.

    `after` real seconds pass first. Then: `answer` sends the status and body, `drop` aborts the connection
    (the client sees a reset), `hang_up` closes it without a byte (what a client sees after a long silence).
    """

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0.0
    ending: Literal["answer", "drop", "hang_up"] = "answer"


Handler = Callable[[Request], Reply | Awaitable[Reply]]


class Connection(asyncio.Protocol):
    """One client. Requests are answered in order, one at a time, as HTTP/1.1 demands."""

    def __init__(self, handler: Handler, connections: "set[Connection]") -> None:
        self._handler = handler
        self._connections = connections
        self._reader = RequestReader()
        self._busy = False
        self._keep_alive = True
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        self._transport = None
        if self._timer:
            self._timer.cancel()
        if self._task:
            self._task.cancel()

    def abort(self) -> None:
        if self._transport:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        if not self._busy:
            self._advance()

    def _advance(self) -> None:
        try:
            request = self._reader.next()
        except MalformedRequest:
            self._keep_alive = False
            self._write(Reply(400, b'{"error":{"message":"Malformed HTTP request","code":1}}'))
            return
        if request is None:
            if self._reader.wants_go_ahead() and self._transport:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return

        self._busy, self._keep_alive = True, request.keep_alive
        try:
            reply = self._handler(request)
        except Exception:
            log.exception("the simulator failed on %s %s", request.method, request.path)
            reply = Reply(500, b'{"error":{"message":"The simulator has a bug","code":1}}')
        if inspect.isawaitable(reply):
            self._task = asyncio.ensure_future(self._wait_for(reply))
        else:
            self._carry_out(reply)

    async def _wait_for(self, promised: Awaitable[Reply]) -> None:
        try:
            reply = await promised
        except Exception:
            log.exception("the simulator failed on a request")
            reply = Reply(500, b'{"error":{"message":"The simulator has a bug","code":1}}')
        self._task = None
        self._carry_out(reply)

    def _carry_out(self, reply: Reply) -> None:
        if reply.after > 0:
            self._timer = asyncio.get_running_loop().call_later(reply.after, self._finish, reply)
        else:
            self._finish(reply)

    def _finish(self, reply: Reply) -> None:
        self._timer = None
        if not self._transport:
            return
        if reply.ending == "drop":
            self._transport.abort()
        elif reply.ending == "hang_up":
            self._transport.close()
        else:
            self._write(reply)
            self._busy = False
            if self._reader.has_more() and self._keep_alive:
                asyncio.get_running_loop().call_soon(self._advance_if_idle)

    def _advance_if_idle(self) -> None:
        if not self._busy and self._transport:
            self._advance()

    def _write(self, reply: Reply) -> None:
        if not self._transport:
            return
        extra = "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items())
        self._transport.write(
            b"HTTP/1.1 %d %s\r\ncontent-type: %s\r\ncontent-length: %d\r\n%s%s\r\n%s"
            % (
                reply.status,
                REASONS.get(reply.status, b"Unknown"),
                reply.content_type.encode(),
                len(reply.body),
                extra.encode(),
                b"" if self._keep_alive else b"connection: close\r\n",
                reply.body,
            )
        )
        if not self._keep_alive:
            self._transport.close()


class HttpServer:
    """Listens, and on `stop` lets go of every connection at once."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen and return the port, which the system chooses when `port` is 0."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self._handler, self._connections), host, port, backlog=1024
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        if self._server:
            self._server.close()
        for connection in list(self._connections):
            connection.abort()
        if self._server:
            await self._server.wait_closed()
