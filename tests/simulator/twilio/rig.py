"""A simulator with one Twilio account and a receiver of its webhooks, both over real HTTP."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from pyreqwest.client import Client

from envoi.simulator.main import Simulator

SID = "AC" + "1" * 32
TOKEN = "the-auth-token"
SENDER = "+551140001000"
ANA = "+5511999990000"

CONTENTS: list[dict[str, Any]] = [
    {
        "name": "promo_nov",
        "language": "pt_BR",
        "variables": {"1": "Ana", "2": "img/a.jpg", "3": "oferta"},
        "types": {
            "whatsapp/card": {
                "body": "Oi {{1}}, oferta só hoje",
                "media": ["https://cdn.x/{{2}}"],
                "footer": "Responda PARAR para sair",
                "actions": [
                    {"type": "QUICK_REPLY", "title": "Quero", "id": "QUERO"},
                    {"type": "URL", "title": "Ver", "url": "https://x.com/o/{{3}}"},
                ],
            }
        },
    },
    {"name": "plain", "language": "pt_BR", "types": {"twilio/text": {"body": "Chegaram as novidades."}}},
    {
        "name": "needy",
        "language": "pt_BR",
        "category": "UTILITY",
        "types": {"twilio/text": {"body": "Pedido {{1}} a caminho."}},
    },
    {"name": "paused", "language": "pt_BR", "status": "paused", "types": {"twilio/text": {"body": "x"}}},
]


class Post(NamedTuple):
    """One webhook as it came."""

    url: str
    headers: dict[str, str]
    body: bytes

    @property
    def params(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


class Receiver:
    """Answers webhooks with `status` and remembers those it took."""

    def __init__(self) -> None:
        self.status = 200
        self.posts: list[Post] = []
        self.refused = 0
        self.url = ""
        self._base = ""
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._base = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self.url = f"{self._base}/hooks/twilio/key"

    async def stop(self) -> None:
        assert self._server
        self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)

    def statuses(self, sid: str | None = None) -> list[str]:
        found = [post.params for post in self.posts if "MessageStatus" in post.params]
        return [params["MessageStatus"] for params in found if sid in (None, params["MessageSid"])]

    def inbound(self) -> list[dict[str, str]]:
        return [post.params for post in self.posts if "MessageStatus" not in post.params]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.strip().split("\r\n")
                headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                if self.status == 200:
                    self.posts.append(Post(self._base + first.split(" ")[1], headers, body))
                else:
                    self.refused += 1
                writer.write(b"HTTP/1.1 %d X\r\ncontent-length: 0\r\n\r\n" % self.status)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()


class Rig:
    """The simulator, a client that speaks to it, and what it told the receiver."""

    def __init__(self, simulator: Simulator, address: str, receiver: Receiver, client: Client) -> None:
        self.simulator, self.address, self.receiver, self.client = simulator, address, receiver, client
        self.sids: dict[str, str] = {}

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        form: list[tuple[str, str]] | None = None,
        user: str = SID,
        password: str = TOKEN,
    ) -> tuple[int, Any]:
        """A call to Twilio's face, or to the control API (/_simulator/…)."""
        prefix = "" if path.startswith("/_simulator") else "/twilio"
        request = self.client.request(method, self.address + prefix + path)
        if prefix:
            pair = base64.b64encode(f"{user}:{password}".encode()).decode()
            request = request.header("authorization", f"Basic {pair}")
        if form is not None:
            request = request.header("content-type", "application/x-www-form-urlencoded")
            request = request.body_bytes(urlencode(form).encode())
        elif body is not None:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            request = request.header("content-type", "application/json").body_bytes(content)
        response = await request.build().send()
        return response.status, json.loads(bytes(await response.bytes()) or b"null")

    async def send(self, *pairs: tuple[str, str], to: str = ANA, **fields: str) -> tuple[int, Any]:
        form = {"To": f"whatsapp:{to}", "From": f"whatsapp:{SENDER}", **fields}
        path = f"/2010-04-01/Accounts/{SID}/Messages.json"
        return await self.call("POST", path, form=[*((k, v) for k, v in form.items() if v), *pairs])

    async def sent(self, *pairs: tuple[str, str], to: str = ANA, **fields: str) -> str:
        """Send, expect acceptance, return the SID."""
        status, body = await self.send(*pairs, to=to, **fields)
        assert status == 201, body
        return str(body["sid"])

    async def say(self, phone: str = ANA, **words: Any) -> str:
        status, body = await self.call(
            "POST", f"/_simulator/customers/{phone}/say", words | {"phone_number_id": SENDER}
        )
        assert status == 200, body
        return str(body["id"])

    async def ledger(self) -> dict[str, Any]:
        return dict((await self.call("GET", "/_simulator/ledger"))[1])

    async def rows(self) -> list[dict[str, Any]]:
        response = await self.client.get(f"{self.address}/_simulator/ledger/messages").build().send()
        return [json.loads(line) for line in (await response.text()).splitlines()]

    async def quiet(self, *, seconds: float = 20) -> dict[str, Any]:
        """Wait until nothing is scheduled and every webhook has arrived; return the ledger."""
        async with asyncio.timeout(seconds):
            while True:
                ledger = await self.ledger()
                if not ledger["pending_webhooks"] and not ledger["scheduled"]:
                    return ledger
                await asyncio.sleep(0.01)


MakeRig = Callable[..., Awaitable[Rig]]
