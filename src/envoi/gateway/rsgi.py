"""The gateway as an application of granian's own interface, RSGI: half the work of ASGI for each request."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from granian.rsgi import HTTPProtocol, ProtocolClosed, ProtocolError, Scope

from .app import LARGEST_BODY, Gateway, Gone, TooLarge, announced


class RsgiGateway:
    """The gateway on one database; its end is the worker's."""

    def __init__(self, url: str) -> None:
        self._gateway = Gateway(url)

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        try:
            reply = await self._gateway.answer(RsgiRequest(scope, protocol))
        except Gone:
            return
        if reply.text:
            protocol.response_str(reply.status, reply.headers, reply.text)
        else:
            protocol.response_empty(reply.status, reply.headers)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.run_until_complete(self._gateway.close())


class RsgiRequest:
    """See app.Request."""

    __slots__ = ("_protocol", "_scope", "headers", "method", "path")

    def __init__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        self.method = scope.method
        self.path = scope.path
        # Not a dictionary: only what is asked for is made into Python's texts.
        self.headers: Mapping[str, str] = scope.headers  # type: ignore[assignment]
        self._scope = scope
        self._protocol = protocol

    @property
    def query(self) -> str:
        return self._scope.query_string

    async def body(self) -> bytes:
        try:
            if announced(self.headers.get("content-length", "")) is not None:
                return await self._protocol()
            parts: list[bytes] = []
            size = 0
            async for part in self._protocol:
                parts.append(part)
                size += len(part)
                if size > LARGEST_BODY:
                    raise TooLarge
            return b"".join(parts)
        except (ProtocolClosed, ProtocolError):
            raise Gone from None
