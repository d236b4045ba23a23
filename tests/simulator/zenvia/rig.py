"""A simulated Zenvia on a free port, the real provider that speaks to it, and a platform that listens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from pyreqwest.client import Client

from envoi.core.events import Fact, Receipt
from envoi.providers.base import Accepted, Account, Channel, Delivery, Outgoing
from envoi.providers.http import Client as Http
from envoi.providers.table import PROVIDERS
from envoi.simulator.main import Simulator

ZENVIA = PROVIDERS["zenvia"]
TOKEN = "token-of-zenvia"
SECRET = "hook-secret"
SENDER = "551140001000"
ANA = "+5511999990000"

TEMPLATES: list[dict[str, Any]] = [
    {
        "id": "promo-id",
        "name": "promo",
        "locale": "pt_BR",
        "components": {
            "header": {"type": "MEDIA_IMAGE"},
            "body": {"type": "TEXT_TEMPLATE", "text": "Oi {{name}}, cupom {{cupom}}"},
            "buttons": {
                "type": "MIXED",
                "items": [
                    {"type": "QUICK_REPLY", "text": "Quero", "payload": "QUERO"},
                    {"type": "OPT_OUT", "text": "Stop promotions"},
                    {"type": "URL", "text": "Ver", "url": "https://x.example/{{path}}"},
                ],
            },
        },
    },
    {
        "id": "plain-id",
        "name": "plain",
        "locale": "pt_BR",
        "components": {"body": {"type": "TEXT_FIXED", "text": "Oi"}},
    },
    {
        "id": "paused-id",
        "name": "paused",
        "locale": "pt_BR",
        "status": "PAUSED",
        "components": {"body": {"type": "TEXT_FIXED", "text": "Oi"}},
    },
    {
        "id": "waiting-id",
        "name": "waiting",
        "locale": "pt_BR",
        "status": "WAITING_REVIEW",
        "components": {"body": {"type": "TEXT_FIXED", "text": "Oi"}},
    },
]


class Platform:
    """The receiver: keeps every event with its facts; counts those that the provider's verify refuses."""

    def __init__(self) -> None:
        self.status = 200
        self.secrets = [SECRET]
        self.events: list[dict[str, Any]] = []
        self.facts: list[Fact] = []
        self.unverified = 0
        self.refused = 0
        self.url = ""
        self._server: asyncio.Server | None = None
        self._clients: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**24)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/hooks/zenvia/key"

    async def stop(self) -> None:
        assert self._server
        self._server.close()
        tasks = [task for task in self._clients.values() if task]
        for writer in list(self._clients):
            writer.close()
        if tasks:
            await asyncio.wait(tasks, timeout=5)
        await self._server.wait_closed()

    def receipts(self, message_id: str = "") -> list[Receipt]:
        found = [fact for fact in self.facts if isinstance(fact, Receipt)]
        return [receipt for receipt in found if message_id in ("", receipt.provider_id)]

    def states(self, message_id: str) -> list[str]:
        return [receipt.state for receipt in self.receipts(message_id)]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients[writer] = asyncio.current_task()
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                _, *lines = head.strip().split("\r\n")
                headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                writer.write(b"HTTP/1.1 %d X\r\ncontent-length: 0\r\n\r\n" % self._take(headers, body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._clients.pop(writer, None)
            writer.close()

    def _take(self, headers: dict[str, str], body: bytes) -> int:
        if self.status != 200:
            self.refused += 1
            return self.status
        delivery = Delivery.at(self.url, query="", headers=headers, body=body)
        if not ZENVIA.verify(delivery, self.secrets):
            self.unverified += 1
            return 403
        self.events.append(json.loads(body))
        self.facts += ZENVIA.parse(delivery)
        return 200


class Rig:
    """One world with one account of Zenvia's, used through the provider."""

    def __init__(self, simulator: Simulator, address: str, platform: Platform, client: Client, http: Http) -> None:
        self.simulator, self.address, self.platform = simulator, address, platform
        self.client, self.http = client, http
        self.account = Account(
            provider_id=SENDER,
            credentials={"token": TOKEN, "hook_secret": SECRET},
            base_url=f"{address}/zenvia",
            allow_base_url=True,
        )
        self.channel = Channel(provider_id=SENDER, address=f"+{SENDER}")

    async def control(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return await self.call(method, f"/_simulator/{path}", body)

    async def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = TOKEN, raw: bytes | None = None
    ) -> tuple[int, Any]:
        """A call past the provider, as anybody's client would make it."""
        request = self.client.request(method, self.address + path)
        if token is not None:
            request = request.header("x-api-token", token)
        if body is not None or raw is not None:
            content = raw if raw is not None else json.dumps(body).encode()
            request = request.header("content-type", "application/json").body_bytes(content)
        response = await request.build().send()
        return response.status, json.loads(bytes(await response.bytes()) or b"null")

    async def send(self, **message: Any) -> Accepted:
        outgoing = Outgoing(**{"recipient": ANA, "token": "e1.17.902", **message})
        return await ZENVIA.send(self.http, self.account, self.channel, ZENVIA.body(outgoing, self.channel))

    async def say(self, phone: str = ANA, **words: Any) -> str:
        status, said = await self.control("POST", f"customers/{phone}/say", {"phone_number_id": SENDER, **words})
        assert status == 200, said
        return str(said["id"])

    async def ledger(self) -> dict[str, Any]:
        return dict((await self.control("GET", "ledger"))[1])

    async def quiet(self, *, seconds: float = 20) -> dict[str, Any]:
        """Wait until nothing is scheduled and every event has arrived; return the ledger."""
        async with asyncio.timeout(seconds):
            while True:
                ledger = await self.ledger()
                if not ledger["pending_webhooks"] and not ledger["scheduled"]:
                    return ledger
                await asyncio.sleep(0.01)

    async def until(self, condition: Callable[[], Any], *, seconds: float = 10) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.005)


MakeRig = Callable[..., Awaitable[Rig]]
