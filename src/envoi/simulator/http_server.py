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
from urllib.parse import parse_qsl, unquote

LARGEST_HEAD = 64 * 1024
LARGEST_BODY = 110 * 1024 * 1024  # a document may weigh 100 MB (Meta fact sheet, B)

REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Request:
    """One request, body complete. `headers` has lower-case names; `base_url` is how the client called us."""

    method: str
    path: str
    query_string: str
    headers: dict[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @property
    def base_url(self) -> str:
        return f"http://{self.headers.get('host', 'localhost')}"


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


class MalformedRequest(Exception):
    """The bytes are not HTTP; the connection ends after a 400."""


class Connection(asyncio.Protocol):
    """One client. Requests are answered in order, one at a time, as HTTP/1.1 demands."""

    def __init__(self, handler: Handler, connections: "set[Connection]") -> None:
        self._handler = handler
        self._connections = connections
        self._buffer = bytearray()
        self._busy = False
        self._keep_alive = True
        self._continued = False
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
        self._buffer += data
        if not self._busy:
            self._advance()

    def _advance(self) -> None:
        try:
            request = self._next_request()
        except (MalformedRequest, ValueError, UnicodeDecodeError):
            self._keep_alive = False
            self._write(Reply(400, b'{"error":{"message":"Malformed HTTP request","code":1}}'))
            return
        if request is None:
            return

        self._busy = True
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
            if self._buffer and self._keep_alive:
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

    def _next_request(self) -> Request | None:
        """Cut one complete request off the buffer, or None while bytes are missing."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > LARGEST_HEAD:
                raise MalformedRequest
            return None
        lines = self._buffer[:end].decode("latin-1").split("\r\n")
        method, _, rest = lines[0].partition(" ")
        target, _, version = rest.rpartition(" ")
        if not version.startswith("HTTP/1") or not target:
            raise MalformedRequest
        headers: dict[str, str] = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()

        start = end + 4
        if "chunked" in headers.get("transfer-encoding", "").lower():
            chunked = self._chunked_body(start)
            self._say_continue(headers, complete=chunked is not None)
            if chunked is None:
                return None
            body, used = chunked
        else:
            length = int(headers.get("content-length") or 0)
            if not 0 <= length <= LARGEST_BODY:
                raise MalformedRequest
            used = start + length
            complete = len(self._buffer) >= used
            self._say_continue(headers, complete=complete)
            if not complete:
                return None
            body = bytes(self._buffer[start:used])

        del self._buffer[:used]
        self._continued = False
        connection = headers.get("connection", "").lower()
        self._keep_alive = connection != "close" and (version != "HTTP/1.0" or connection == "keep-alive")
        path, _, query = target.partition("?")
        return Request(method.upper(), unquote(path), query, headers, body)

    def _say_continue(self, headers: dict[str, str], *, complete: bool) -> None:
        expects = headers.get("expect", "").lower() == "100-continue"
        if expects and not complete and not self._continued and self._transport:
            self._continued = True
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _chunked_body(self, start: int) -> tuple[bytes, int] | None:
        parts: list[bytes] = []
        total = 0
        while True:
            line_end = self._buffer.find(b"\r\n", start)
            if line_end < 0:
                return None
            size = int(bytes(self._buffer[start:line_end]).split(b";")[0], 16)
            total += size
            if total > LARGEST_BODY:
                raise MalformedRequest
            start = line_end + 2
            if len(self._buffer) < start + size + 2:
                return None
            if size == 0:
                return b"".join(parts), start + 2
            parts.append(bytes(self._buffer[start : start + size]))
            start += size + 2


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
