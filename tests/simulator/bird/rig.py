"""A simulated Bird on a free port, the real provider that speaks to it, and a platform that listens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from pyreqwest.client import Client

from envoi.core.events import Fact, MessageReceived, Receipt
from envoi.providers.base import Accepted, Account, Channel, Delivery, Outgoing
from envoi.providers.bird import Bird
from envoi.providers.http import Client as Http
from envoi.simulator.main import Simulator

BIRD = Bird()
PHONE = "+551140001000"
ANA = "+5511999990000"
WHSEC = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
ACCOUNT, WABA = "b1", "102290129340398"
CHANNELS = {
    "gen3": PHONE,
    "gen2": "2f5b1c9e-1111-4222-8333-444455556666",
    "conversations": "619747f69cf940a98fb443140ce9aed2",
}
KEYS = {"gen3": "bk_us1_key", "gen2": "key-of-gen2", "conversations": "key-of-messagebird"}
SIGNING = {
    "gen3": WHSEC,
    "gen2": "signing-key-of-more-than-32-letters",
    "conversations": "signing-key-of-more-than-32-letters",
}

TEMPLATES: list[dict[str, Any]] = [
    {
        "name": "promo",
        "language": "pt_BR",
        "components": [
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "BODY", "text": "Oi {{1}}, cupom {{2}} !"},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Quero"},
                    {"type": "URL", "text": "Ver", "url": "https://x.example/{{1}}"},
                ],
            },
        ],
    },
    {"name": "plain", "language": "pt_BR", "components": [{"type": "BODY", "text": "Oi"}]},
    {"name": "paused", "language": "pt_BR", "status": "PAUSED", "components": [{"type": "BODY", "text": "Oi"}]},
]


class Platform:
    """The receiver: keeps every event with its facts; counts those that the provider's verify refuses."""

    def __init__(self) -> None:
        self.secrets = [WHSEC, "signing-key-of-more-than-32-letters"]
        self.events: list[dict[str, Any]] = []
        self.deliveries: list[Delivery] = []
        self.facts: list[Fact] = []
        self.unverified = 0
        self.url = ""
        self._server: asyncio.Server | None = None
        self._clients: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**24)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/hooks/bird/key?a=1"

    async def stop(self) -> None:
        assert self._server
        self._server.close()
        tasks = [task for task in self._clients.values() if task]
        for writer in list(self._clients):
            writer.close()
        if tasks:
            await asyncio.wait(tasks, timeout=5)
        await self._server.wait_closed()

    def states(self, provider_id: str) -> list[str]:
        return [fact.state for fact in self.facts if isinstance(fact, Receipt) and fact.provider_id == provider_id]

    def failure(self, provider_id: str) -> Any:
        told = [fact for fact in self.facts if isinstance(fact, Receipt) and fact.provider_id == provider_id]
        return next((fact.failure for fact in told if fact.failure), None)

    def messages(self) -> list[MessageReceived]:
        return [fact for fact in self.facts if isinstance(fact, MessageReceived)]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients[writer] = asyncio.current_task()
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                _, *lines = head.strip().split("\r\n")
                headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self._take(Delivery.at(self.url.partition("?")[0], query="a=1", headers=headers, body=body))
                writer.write(b"HTTP/1.1 200 X\r\ncontent-length: 0\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._clients.pop(writer, None)
            writer.close()

    def _take(self, delivery: Delivery) -> None:
        if not BIRD.verify(delivery, self.secrets):
            self.unverified += 1
        self.deliveries.append(delivery)
        self.events.append(json.loads(delivery.body))
        self.facts += BIRD.parse(delivery)


class Rig:
    """One simulator with one account in one mode."""

    def __init__(
        self, simulator: Simulator, address: str, platform: Platform, client: Client, http: Http, mode: str
    ) -> None:
        self.simulator, self.address, self.platform, self.client, self.http = simulator, address, platform, client, http
        self.mode, self.templates = mode, {}
        credentials = {"mode": mode, "access_key": KEYS[mode], "signing_key": SIGNING[mode], "waba": WABA}
        credentials |= {"workspace_id": "ws-1", "organization_id": "org-1"}
        self.account = Account(
            provider_id=ACCOUNT, credentials=credentials, base_url=f"{address}/bird", allow_base_url=True
        )
        self.channel = Channel(provider_id=CHANNELS[mode], address=PHONE)

    async def control(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        request = self.client.request(method, f"{self.address}/_simulator/{path}")
        if body is not None:
            request = request.body_bytes(json.dumps(body).encode())
        response = await request.build().send()
        return response.status, json.loads(bytes(await response.bytes()) or b"null")

    async def call(
        self, method: str, path: str, *, key: str | None = None, raw: bytes | None = None
    ) -> tuple[int, bytes]:
        scheme = "Bearer" if self.mode == "gen3" else "AccessKey"
        request = self.client.request(method, f"{self.address}/bird{path}")
        request = request.header("authorization", f"{scheme} {KEYS[self.mode] if key is None else key}")
        if raw is not None:
            request = request.header("content-type", "application/json").body_bytes(raw)
        response = await request.build().send()
        return response.status, bytes(await response.bytes())

    async def send(self, **message: Any) -> Accepted:
        outgoing = Outgoing(**{"recipient": ANA, "token": "e1.17.902", **message})
        return await BIRD.send(self.http, self.account, self.channel, BIRD.body(outgoing, self.channel))

    async def say(self, phone: str = ANA, **words: Any) -> str:
        said = {"phone_number_id": CHANNELS[self.mode], **words}
        status, answer = await self.control("POST", f"customers/{phone}/say", said)
        assert status == 200, answer
        return str(answer["id"])

    async def quiet(self, *, seconds: float = 20) -> dict[str, Any]:
        """Wait until nothing is scheduled and every event has arrived; return the ledger."""
        async with asyncio.timeout(seconds):
            while True:
                ledger = dict((await self.control("GET", "ledger"))[1])
                if not ledger["pending_webhooks"] and not ledger["scheduled"]:
                    return ledger
                await asyncio.sleep(0.01)


MakeRig = Callable[..., Awaitable[Rig]]
