"""What one post costs with each HTTP client: CPU seconds and requests per second for 10,000 template bodies.

    python bench/http_clients.py [--posts N] [--in-flight N]

One JSON object a line. The server and every client run in a process of their own; a client's figure is its CPU time
(user and system, all threads) and its wall time with 64 requests in flight. Needs aiohttp and httpx beside Envoi.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version

from envoi.providers.base import Channel, Form, Outgoing, Slot
from envoi.providers.table import PROVIDERS

BASELINE = "aiohttp"
CLIENTS = ("aiohttp", "httpx", "pyreqwest", "envoi")
HEADERS = {"authorization": "Bearer " + "T" * 200, "content-type": "application/json"}
ANSWER = b'{"messaging_product":"whatsapp","contacts":[{"input":"+34600111222","wa_id":"34600111222"}],' + (
    b'"messages":[{"id":"wamid.HBgLMzQ2MDAxMTEyMjIVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA","message_status":"accepted"}]}'
)
Post = Callable[[str, bytes], Awaitable[int]]


def template_body() -> bytes:
    """The body of a template message with two variables and a button."""
    slots = (Slot("body", name="first_name"), Slot("body", name="code"), Slot("button", index=0, sub_type="url"))
    form = Form(name="spring_sale", language="es", slots=slots)
    values = ("Ana", "SPRING20", "cmp17/902")
    message = Outgoing(recipient="+34600111222", token="e1.17.902", form=form, values=values)  # noqa: S106
    return PROVIDERS["meta"].body(message, Channel(provider_id="1099"))


class Server(asyncio.Protocol):
    """Answers every request with the same 200 and keeps the connection."""

    HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(ANSWER)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            if len(self.buffer) < end + 4 + length:
                return
            self.buffer = self.buffer[end + 4 + length :]
            self.transport.write(self.HEAD + ANSWER)  # type: ignore[attr-defined]


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def measure(client: str, url: str, posts: int, in_flight: int) -> dict[str, object]:
    """Post with one client, after a warm-up."""
    body = template_body()
    async with opened(client, in_flight) as post:
        await together(post, url, body, posts=in_flight * 4, in_flight=in_flight)
        before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        await together(post, url, body, posts=posts, in_flight=in_flight)
        seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "name": f"http_clients.{client}",
        "version": version("pyreqwest" if client == "envoi" else client),
        "value": round(posts / seconds, 1),
        "unit": "requests/s",
        "cpu_seconds_per_10000": round(cpu * 10_000 / posts, 3),
        "seconds": round(seconds, 3),
        "peak_rss_mb": round(after.ru_maxrss / 1024, 1),
    }


async def together(post: Post, url: str, body: bytes, *, posts: int, in_flight: int) -> None:
    left = iter(range(posts))

    async def one_after_another() -> None:
        for _ in left:
            status = await post(url, body)
            assert status == 200

    await asyncio.gather(*(one_after_another() for _ in range(in_flight)))


def opened(client: str, in_flight: int):  # type: ignore[no-untyped-def]
    """A context manager that yields a function which posts and reads the whole answer with this client."""
    return {"aiohttp": _aiohttp, "httpx": _httpx, "pyreqwest": _pyreqwest, "envoi": _envoi}[client](in_flight)


class _aiohttp:
    def __init__(self, in_flight: int) -> None:
        import aiohttp  # noqa: PLC0415

        self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=in_flight))

    async def __aenter__(self) -> Post:
        async def post(url: str, body: bytes) -> int:
            async with self.session.post(url, data=body, headers=HEADERS, allow_redirects=False) as answer:
                await answer.read()
                return answer.status

        return post

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()


class _httpx:
    def __init__(self, in_flight: int) -> None:
        import httpx  # noqa: PLC0415

        self.client = httpx.AsyncClient(limits=httpx.Limits(max_connections=in_flight), trust_env=False)

    async def __aenter__(self) -> Post:
        async def post(url: str, body: bytes) -> int:
            return (await self.client.post(url, content=body, headers=HEADERS)).status_code

        return post

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()


class _pyreqwest:
    def __init__(self, in_flight: int) -> None:
        from pyreqwest.client import ClientBuilder  # noqa: PLC0415

        self.client = ClientBuilder().follow_redirects(False).max_connections(in_flight).build()

    async def __aenter__(self) -> Post:
        async def post(url: str, body: bytes) -> int:
            answer = await self.client.post(url).headers(HEADERS).body_bytes(body).build().send()
            await answer.bytes()
            return answer.status

        return post

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()


class _envoi:
    """providers.http.Client: pyreqwest with what a sender needs around it."""

    def __init__(self, in_flight: int) -> None:
        from envoi.providers.http import Client  # noqa: PLC0415

        self.client = Client(connections=in_flight)

    async def __aenter__(self) -> Post:
        async def post(url: str, body: bytes) -> int:
            return (await self.client.post(url, HEADERS, body)).status

        return post

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--posts", type=int, default=10_000)
    words.add_argument("--in-flight", type=int, default=64)
    words.add_argument("--client", choices=[*CLIENTS, "serve"], help=argparse.SUPPRESS)
    words.add_argument("--url", default="", help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.client == "serve":
        asyncio.run(serve())
        return
    if asked.client:
        print(json.dumps(asyncio.run(measure(asked.client, asked.url, asked.posts, asked.in_flight))))
        return

    with subprocess.Popen([sys.executable, __file__, "--client", "serve"], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}/v25.0/1099/messages"
        baseline = 0.0
        for client in CLIENTS:
            # httpx needs a minute for 10,000: a tenth says the same.
            posts = asked.posts // 10 if client == "httpx" else asked.posts
            command = [sys.executable, __file__, "--client", client, "--url", url, "--posts", str(posts)]
            done = subprocess.run([*command, "--in-flight", str(asked.in_flight)], stdout=subprocess.PIPE, check=True)
            figures = json.loads(done.stdout)
            baseline = baseline or figures["value"]
            figures |= {"baseline": BASELINE, "baseline_value": baseline}
            print(json.dumps({**figures, "ratio": round(figures["value"] / baseline, 2)}), flush=True)
        server.terminate()


if __name__ == "__main__":
    main()
