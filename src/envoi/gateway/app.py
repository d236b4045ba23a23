"""Webhooks in: signature checked, raw body committed, then 200. Pure ASGI; it neither reads nor judges content.

    GET, POST /hooks/{provider}/{hook_key} · GET /health/live · GET /health/ready · GET /metrics

Never 500: whatever goes wrong on our side is a 503 with Retry-After, so that the provider sends again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ..core.addresses import hook_url
from ..providers.base import Delivery
from ..providers.table import PROVIDERS
from .accounts import Accounts, Owner
from .database import Database, Unavailable
from .replies import Metrics, Reply
from .writer import Full, Writer

log = logging.getLogger("envoi.gateway")

# Meta sends at most 3 MB (Meta sheet, D.1).
LARGEST_BODY = 3 * 1024 * 1024
BODY_SECONDS = 20.0

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class TooLarge(Exception):
    """The body is longer than we take."""


class Gone(Exception):
    """The client went away before its request was complete."""


class Gateway:
    """The ASGI application for one database. Starts with the first request; a lifespan only ends it in order."""

    def __init__(self, url: str) -> None:
        self._reader = Database(url, name="envoi gateway reads")
        self._commits = Database(url, name="envoi gateway")
        self._accounts = Accounts(self._reader)
        self._writer = Writer(self._commits)
        self._metrics = Metrics()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._http(scope, receive, send)
            case "lifespan":
                await self._lifespan(receive, send)
            case _:
                await send({"type": "websocket.close", "code": 1000})

    async def close(self) -> None:
        """Answer whoever still waits for a commit, then close the connections."""
        await self._writer.close()
        await self._commits.close()
        await self._reader.close()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                await self.close()
                return

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            reply = await self._reply(scope, receive)
        except Gone:
            return
        except Unavailable as error:
            reply = Reply.later(error.retry_after, "The database can't be reached.")
        except Full:
            reply = Reply.later(1, "Too much is waiting to be stored.")
        except Exception:
            log.exception("a request failed")
            reply = Reply.later(5, "Something went wrong here.")
        self._metrics.count(scope["path"], reply.status)
        await reply.send(send)

    async def _reply(self, scope: Scope, receive: Receive) -> Reply:
        method, path = scope["method"], scope["path"]
        match path.split("/"):
            case ["", "hooks", provider, hook_key]:
                owner = await self._accounts.owner(provider, hook_key) if provider in PROVIDERS else None
                if owner is None:
                    return Reply(404, "No such address.")
                if method == "GET":
                    return self._handshake(_delivery(scope, hook_url(provider, hook_key), b""), owner)
                if method == "POST":
                    return await self._webhook(scope, receive, owner, hook_key)
                return Reply(405, "GET or POST.", {"allow": "GET, POST"})
            case ["", "health", "live"]:
                return Reply(200, "live")
            case ["", "health", "ready"]:
                await self._reader.execute("SELECT 1")
                return Reply(200, "ready")
            case ["", "metrics"]:
                return Reply(200, self._metrics.page(self._writer), {"content-type": Metrics.CONTENT_TYPE})
        return Reply(404, "No such address.")

    def _handshake(self, asked: Delivery, owner: Owner) -> Reply:
        challenge = PROVIDERS[owner.provider].handshake(asked.query, owner.verify_token)
        return Reply(403, "The verify token is wrong.") if challenge is None else Reply(200, challenge)

    async def _webhook(self, scope: Scope, receive: Receive, owner: Owner, hook_key: str) -> Reply:
        address = hook_url(owner.provider, hook_key)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                delivery = _delivery(scope, address, await _body(scope, receive))
        except TooLarge:
            return Reply(413, "At most 3 MB.", {"connection": "close"})
        except TimeoutError:
            return Reply(408, "The body took too long.", {"connection": "close"})
        if owner.secrets is None:
            return Reply.later(60, "The account's secrets can't be read.")
        if not _signed(delivery, owner):
            # Perhaps with a secret that a person has entered a moment ago: not every provider sends twice.
            anew = await self._accounts.owner_anew(owner.provider, hook_key)
            if anew is None or not _signed(delivery, anew):
                return Reply(401, "The signature is missing or wrong.")

        await self._writer.store(owner.account_id, owner.provider, delivery)
        return Reply(200, "stored")


def _signed(delivery: Delivery, owner: Owner) -> bool:
    return PROVIDERS[owner.provider].verify(delivery, owner.secrets or ())


def _delivery(scope: Scope, address: str, body: bytes) -> Delivery:
    """What came, under the address that the provider knows: a proxy in front of us may have changed the rest."""
    return Delivery.at(
        address,
        query=scope.get("query_string", b"").decode("latin-1"),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        body=body,
    )


async def _body(scope: Scope, receive: Receive) -> bytes:
    """The whole body. Raises TooLarge as soon as that is known, Gone when the client leaves."""
    announced = dict(scope["headers"]).get(b"content-length", b"0")
    if announced.isdigit() and int(announced[:20]) > LARGEST_BODY:
        raise TooLarge
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Gone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_BODY:
            raise TooLarge
        if not message.get("more_body", False):
            return b"".join(parts)
