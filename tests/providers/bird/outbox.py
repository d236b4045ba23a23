"""A message on its way out of the provider, caught just before the network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from envoi.providers.base import Accepted, Account, Answer, Channel, Outgoing
from envoi.providers.bird import Bird

BIRD = Bird()
PHONE = "+551140001000"
UUID = "2f5b1c9e-1111-4222-8333-444455556666"
CREDENTIALS: dict[str, dict[str, str]] = {
    "gen3": {"access_key": "bk_us1_secret", "waba": "102290129340398"},
    "gen2": {"mode": "gen2", "access_key": "k", "workspace_id": "ws-1", "organization_id": "org-1"},
    "conversations": {"mode": "conversations", "access_key": "k", "namespace": "ns"},
}
CHANNELS = {
    "gen3": Channel(provider_id=PHONE),
    "gen2": Channel(provider_id=UUID),
    "conversations": Channel(provider_id=UUID),
}
ACCEPTED = b'{"id":"m-1","status":"accepted"}'


class Wire:
    """An Http whose answers are prepared, and which keeps what it was asked: the other side of a socket."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers) or [Answer(202, {}, ACCEPTED)]
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        return await self.request("POST", url, headers, body)

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", *, most: int = 0
    ) -> Answer:
        self.asked.append((method, url, dict(headers), body))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def account(mode: str, more: Mapping[str, Any] | None = None) -> Account:
    return Account(provider_id="a1", credentials={**CREDENTIALS[mode], **(more or {})})


def send(mode: str, wire: Wire, outgoing: Outgoing, credentials: Mapping[str, Any] | None = None) -> Accepted:
    """Send through the real provider; only the wire is ours."""
    channel = CHANNELS[mode]
    return asyncio.run(BIRD.send(wire, account(mode, credentials), channel, BIRD.body(outgoing, channel)))


def request_of(mode: str, outgoing: Outgoing) -> tuple[str, str, dict[str, str], Any]:
    """Method, address, headers and JSON body of the one request that a message becomes."""
    wire = Wire()
    send(mode, wire, outgoing)
    [(method, url, headers, body)] = wire.asked
    return method, url, headers, json.loads(body) if body else None


def body_of(mode: str, **message: Any) -> Any:
    return request_of(mode, outgoing(**message))[3]


def outgoing(**message: Any) -> Outgoing:
    return Outgoing(**{"recipient": "+5511999990000", "token": "e1.17.902", **message})
