"""Fixtures: a simulator with a Twilio account, the provider's own HTTP client, and a server of odd answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from envoi.providers.base import Account
from envoi.providers.http import Client
from tests.simulator.twilio.making import make_rig, rig
from tests.simulator.twilio.rig import SID, TOKEN, Rig

__all__ = ["make_rig", "rig"]


@pytest.fixture
async def http() -> AsyncIterator[Client]:
    async with Client(connect_seconds=2, answer_seconds=2) as client:
        yield client


def account_at(rig: Rig, **credentials: str) -> Account:
    """The rig's account as the dispatcher would have it."""
    return Account(
        provider_id=SID,
        credentials={"auth_token": TOKEN, "webhook_url": rig.receiver.url, **credentials},
        base_url=f"{rig.address}/twilio",
        allow_base_url=True,
    )


class Odd:
    """A server that answers everything with the bytes it was given, and remembers the requests' heads."""

    def __init__(self) -> None:
        self.answer = b""
        self.heads: list[str] = []
        self.url = ""
        self._server: asyncio.Server | None = None

    def says(self, status: int, body: bytes, *headers: str) -> Account:
        """From now on answer so; returns an account that talks to it."""
        head = "".join(f"{header}\r\n" for header in headers)
        self.answer = f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\nconnection: close\r\n{head}\r\n".encode()
        self.answer += body
        return self.account

    @property
    def account(self) -> Account:
        return Account(provider_id=SID, credentials={"auth_token": TOKEN}, base_url=self.url, allow_base_url=True)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        assert self._server
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        self.heads.append(head)
        length = next((line for line in head.lower().split("\r\n") if line.startswith("content-length:")), "x:0")
        await reader.readexactly(int(length.partition(":")[2]))
        try:
            writer.write(self.answer)
            await writer.drain()
        except ConnectionError:
            pass
        writer.close()


@pytest.fixture
async def odd() -> AsyncIterator[Odd]:
    server = Odd()
    await server.start()
    yield server
    await server.stop()
