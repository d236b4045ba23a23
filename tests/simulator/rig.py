"""A simulator on a free port and a platform that listens to it, both over real HTTP."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

from pyreqwest.client import Client

from envoi.simulator.main import Simulator

SECRET = "app-secret"
TOKEN = "token-of-222"
WABA = "222"
NUMBER = "111"

TEMPLATES: list[dict[str, Any]] = [
    {
        "name": "hello",
        "language": "fr",
        "components": [{"type": "BODY", "text": "Bonjour {{1}}, votre code est {{2}} !"}],
    },
    {"name": "plain", "language": "fr", "components": [{"type": "BODY", "text": "Nos nouveautés sont là."}]},
    {
        "name": "order",
        "language": "fr",
        "category": "UTILITY",
        "parameter_format": "NAMED",
        "components": [
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "BODY", "text": "Commande {{order_id}} partie, {{first_name}}."},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Merci"},
                    {"type": "URL", "text": "Suivre", "url": "https://x.example/{{1}}"},
                ],
            },
        ],
    },
    {"name": "paused", "language": "fr", "status": "PAUSED", "components": [{"type": "BODY", "text": "x"}]},
    {"name": "disabled", "language": "fr", "status": "DISABLED", "components": [{"type": "BODY", "text": "x"}]},
]


class Platform:
    """The receiver of webhooks: answers handshakes, verifies every signature, remembers every update in order."""

    def __init__(self) -> None:
        self.status = 200
        self.verify_token = "verify"
        self.posts: list[dict[str, Any]] = []
        self.refused = 0
        self.bad_signatures = 0
        self.url = ""
        self._server: asyncio.Server | None = None
        self._clients: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=2**24)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/hooks/meta/key"

    async def stop(self) -> None:
        assert self._server
        self._server.close()
        clients = dict(self._clients)
        for writer in clients:
            writer.close()
        tasks = [task for task in clients.values() if task]
        if tasks:
            await asyncio.wait(tasks, timeout=5)
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        return int(self.url.split(":")[2].split("/")[0])

    def changes(self, field: str) -> list[dict[str, Any]]:
        return [
            change["value"]
            for post in self.posts
            for entry in post["entry"]
            for change in entry["changes"]
            if change["field"] == field
        ]

    def statuses(self, wamid: str | None = None) -> list[dict[str, Any]]:
        found = [status for value in self.changes("messages") for status in value.get("statuses", [])]
        return [status for status in found if wamid in (None, status["id"])]

    def names(self, wamid: str) -> list[str]:
        return [status["status"] for status in self.statuses(wamid)]

    def messages(self) -> list[dict[str, Any]]:
        return [message for value in self.changes("messages") for message in value.get("messages", [])]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients[writer] = asyncio.current_task()
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.strip().split("\r\n")
                headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                status, answer = self._answer(first, headers, body)
                writer.write(b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n%s" % (status, len(answer), answer))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._clients.pop(writer, None)
            writer.close()

    def _answer(self, first: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        method, target, _ = first.split(" ")
        if method == "GET":
            query = dict(pair.split("=", 1) for pair in target.partition("?")[2].split("&"))
            if query["hub.mode"] == "subscribe" and query["hub.verify_token"] == self.verify_token:
                return 200, query["hub.challenge"].encode()
            return 403, b""
        if self.status != 200:
            self.refused += 1
            return self.status, b""
        expected = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        if headers.get("x-hub-signature-256") != expected:
            self.bad_signatures += 1
        self.posts.append(json.loads(body))
        return 200, b""


class Rig:
    """A simulator with one account, a client that speaks to it, and the platform that hears from it."""

    def __init__(self, simulator: Simulator, address: str, platform: Platform, client: Client) -> None:
        self.simulator, self.address, self.platform, self.client = simulator, address, platform, client

    async def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = TOKEN, raw: bytes | None = None
    ) -> tuple[int, Any]:
        request = self.client.request(method, self.address + path)
        if token is not None and not path.startswith("/_simulator"):
            request = request.bearer_auth(token)
        if body is not None or raw is not None:
            content = raw if raw is not None else json.dumps(body).encode()
            request = request.header("content-type", "application/json").body_bytes(content)
        response = await request.build().send()
        return response.status, json.loads(bytes(await response.bytes()) or b"null")

    async def send(self, message: dict[str, Any]) -> tuple[int, Any]:
        return await self.call("POST", f"/v25.0/{NUMBER}/messages", {"messaging_product": "whatsapp", **message})

    async def sent(self, message: dict[str, Any]) -> str:
        """Send, expect acceptance, return the wamid."""
        status, body = await self.send(message)
        assert status == 200, body
        return str(body["messages"][0]["id"])

    async def say(self, phone: str, **words: Any) -> str:
        status, body = await self.call("POST", f"/_simulator/customers/{phone}/say", words)
        assert status == 200, body
        return str(body["id"])

    async def set(self, **settings: Any) -> None:
        status, body = await self.call("POST", "/_simulator/settings", settings)
        assert status == 200, body

    async def ledger(self) -> dict[str, Any]:
        return dict((await self.call("GET", "/_simulator/ledger"))[1])

    async def rows(self) -> list[dict[str, Any]]:
        response = await self.client.get(f"{self.address}/_simulator/ledger/messages").build().send()
        return [json.loads(line) for line in (await response.text()).splitlines()]

    async def until(self, condition: Callable[[], Any], *, seconds: float = 10) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.005)

    async def quiet(self, *, seconds: float = 20) -> dict[str, Any]:
        """Wait until nothing is scheduled and every webhook has arrived; return the ledger."""
        async with asyncio.timeout(seconds):
            while True:
                ledger = await self.ledger()
                if not ledger["pending_webhooks"] and not ledger["scheduled"]:
                    return ledger
                await asyncio.sleep(0.01)


def template(to: str, name: str = "plain", *, opaque: str | None = None, **more: Any) -> dict[str, Any]:
    message: dict[str, Any] = {
        "to": to,
        "type": "template",
        "template": {"name": name, "language": {"code": "fr"}, **more},
    }
    return message | ({"biz_opaque_callback_data": opaque} if opaque is not None else {})


def text(to: str, words: str = "bonjour") -> dict[str, Any]:
    return {"to": to, "type": "text", "text": {"body": words}}


def body_parameters(*values: str) -> list[dict[str, Any]]:
    return [{"type": "body", "parameters": [{"type": "text", "text": value} for value in values]}]


MakeRig = Callable[..., Awaitable[Rig]]
