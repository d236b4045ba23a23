"""Webhooks in: signature checked, raw body committed, then 200. It neither reads nor judges content.

    GET, POST /hooks/{provider}/{hook_key} · GET /health/live · GET /health/ready · GET /metrics

Never 500: whatever goes wrong on our side is a 503 with Retry-After, so that the provider sends again. Two faces carry
it: `rsgi` for a gateway alone, which is the faster one, `asgi` beside the pages.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Protocol

from ..providers.base import Delivery
from ..providers.table import PROVIDERS
from .accounts import Accounts, Owner
from .database import Database, Unavailable
from .patience import Patience
from .replies import Metrics, Reply
from .writer import STORE, Full, Writer

log = logging.getLogger("envoi.gateway")

# Meta sends at most 3 MB (Meta sheet, D.1).
LARGEST_BODY = 3 * 1024 * 1024
BODY_SECONDS = 20.0

# Without a word: Twilio would send a text/plain answer to the customer.
STORED = Reply(200)
NOT_FOUND = Reply(404, "No such address.")


class TooLarge(Exception):
    """The body is longer than we take."""


class Gone(Exception):
    """The client went away before its request was complete."""


class Request(Protocol):
    """One HTTP request, whatever interface it came through. Header names are in lower case."""

    method: str
    path: str

    @property
    def query(self) -> str: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    async def body(self) -> bytes:
        """The whole body. Raises TooLarge as soon as that is known, Gone when the client leaves."""


class Gateway:
    """The application for one database. Starts with the first request; `close` ends it in order."""

    def __init__(self, url: str) -> None:
        self._reader = Database(url, name="envoi gateway reads", careless=True)
        self._commits = Database(url, name="envoi gateway", prepared=STORE)
        self._accounts = Accounts(self._reader)
        self._writer = Writer(self._commits, bell=self._reader)
        self._patience = Patience(BODY_SECONDS)
        self._metrics = Metrics()

    async def answer(self, request: Request) -> Reply:
        """What to answer. Raises Gone when nobody is left to answer to, and nothing else."""
        provider = ""
        try:
            owner = self._accounts.known(request.path)
            if owner is not None and request.method == "POST":
                provider = owner.provider
                reply = await self._take(request, owner)
            else:
                match request.path.split("/"):
                    case ["", "hooks", provider, hook_key]:
                        reply = await self._hook(request, provider, hook_key)
                    case _:
                        reply = await self._page(request.path)
        except Gone:
            raise
        except Unavailable as error:
            reply = Reply.later(error.retry_after, "The database can't be reached.")
        except Full:
            reply = Reply.later(1, "Too much is waiting to be stored.")
        except Exception:
            log.exception("a request failed")
            reply = Reply.later(5, "Something went wrong here.")
        if provider:
            self._metrics.count(provider, reply.status)
        return reply

    async def close(self) -> None:
        """Answer whoever still waits for a commit, then close the connections."""
        await self._writer.close()
        await self._commits.close()
        await self._reader.close()

    async def _page(self, path: str) -> Reply:
        match path:
            case "/health/live":
                return Reply(200, "live")
            case "/health/ready":
                await self._reader.execute("SELECT 1")
                return Reply(200, "ready")
            case "/metrics":
                return Reply(200, self._metrics.page(self._writer), {"content-type": Metrics.CONTENT_TYPE})
        return NOT_FOUND

    async def _hook(self, request: Request, provider: str, hook_key: str) -> Reply:
        if provider not in PROVIDERS:
            return NOT_FOUND
        owner = await self._accounts.owner(provider, hook_key)
        if owner is None:
            return NOT_FOUND
        match request.method:
            case "POST":
                return await self._take(request, owner)
            case "GET":
                return self._handshake(_delivery(request, owner, b""), owner)
        return Reply(405, "GET or POST.", {"allow": "GET, POST"})

    async def _take(self, request: Request, owner: Owner) -> Reply:
        try:
            with self._patience:
                body = await request.body()
        except TooLarge:
            return Reply(413, "At most 3 MB.", {"connection": "close"})
        except TimeoutError:
            return Reply(408, "The body took too long.", {"connection": "close"})
        if owner.secrets is None:
            return Reply.later(60, "The account's secrets can't be read.")
        delivery = _delivery(request, owner, body)
        if not PROVIDERS[owner.provider].verify(delivery, owner.secrets) and not await self._signed_anew(
            delivery, owner
        ):
            return Reply(401, "The signature is missing or wrong.")
        await self._writer.store(
            owner.account_id,
            owner.provider,
            body=body,
            query=request.query,
            content_type=request.headers.get("content-type", ""),
            urgent=PROVIDERS[owner.provider].urgent(body),
        )
        return STORED

    async def _signed_anew(self, delivery: Delivery, owner: Owner) -> bool:
        """With a secret that a person has perhaps entered a moment ago: not every provider sends twice."""
        anew = await self._accounts.owner_anew(owner.provider, owner.hook_key)
        return anew is not None and PROVIDERS[owner.provider].verify(delivery, anew.secrets or ())

    def _handshake(self, asked: Delivery, owner: Owner) -> Reply:
        challenge = PROVIDERS[owner.provider].handshake(asked.query, owner.verify_token)
        return Reply(403, "The verify token is wrong.") if challenge is None else Reply(200, challenge)


def _delivery(request: Request, owner: Owner, body: bytes) -> Delivery:
    """What came, under the address that the provider knows: a proxy in front of us may have changed the rest."""
    return Delivery.at(owner.address, query=request.query, headers=request.headers, body=body)


def announced(length: str) -> int | None:
    """What a Content-Length says, None for one that says nothing. Raises TooLarge at once."""
    if not length.isdigit():
        return None
    size = int(length[:20])
    if size > LARGEST_BODY:
        raise TooLarge
    return size
