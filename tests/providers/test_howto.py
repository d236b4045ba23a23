"""The example of docs/howto/add-a-provider.md, run as it stands there."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envoi.core.events import Fact, MessageReceived, Unknown
from envoi.providers.base import (
    Accepted,
    Account,
    Answer,
    Channel,
    Form,
    Outgoing,
    Provider,
    Rejected,
    Suspended,
    Throttled,
    Uncertain,
)

from .facts import delivery, plain

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "add-a-provider.md"
CHANNEL = Channel(provider_id="c1", address="+34911222333")
NAME = "envoi.providers.pigeon"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def pigeon() -> Iterator[Provider]:
    """The page's provider, as if its file lay beside the others."""
    (source,) = blocks("python")
    module = sys.modules[NAME] = ModuleType(NAME)
    module.__package__ = "envoi.providers"
    exec(compile(source, str(PAGE), "exec"), module.__dict__)  # noqa: S102  (our own page)
    yield module.Pigeon()
    del sys.modules[NAME]


class Answering:
    """A stand-in for the network: always this answer."""

    def __init__(self, status: int, body: bytes) -> None:
        self.answer = Answer(status, {}, body)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        return self.answer

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", *, most: int = 0
    ) -> Answer:
        return self.answer


def test_the_fixture_of_the_page_becomes_the_facts_of_the_page(pigeon: Provider):
    webhook, facts = blocks("json")
    assert json.loads(json.dumps(plain(pigeon.parse(delivery(webhook.encode()))))) == json.loads(facts)
    said = {"type": "message", "channel": "c1", "from": "+34600111222", "id": "p-2", "text": "hola", "at": 1767225650}
    (fact,) = pigeon.parse(delivery(json.dumps({"events": [said]}).encode()))
    assert isinstance(fact, MessageReceived)
    assert fact.text == "hola"


def test_it_sends_texts_and_refuses_the_rest_with_a_sentence(pigeon: Provider):
    body = pigeon.body(Outgoing(recipient="+1", token="e1.1.2", kind="text", content={"body": "hi"}), CHANNEL)
    assert json.loads(body) == {"from": "+34911222333", "to": "+1", "text": "hi", "reference": "e1.1.2"}
    for outgoing in (
        Outgoing(recipient="+1", token="t", kind="image", content={"id": "7"}),
        Outgoing(recipient="+1", token="t", form=Form(name="x", language="fr")),
        Outgoing(recipient="ES.48", token="t", kind="text", content={"body": "hi"}),
    ):
        with pytest.raises(Rejected, match="Pigeon"):
            pigeon.body(outgoing, CHANNEL)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (202, b"<html>", Uncertain),
        (202, b"", Uncertain),
        (500, b"[" * 10_000, Uncertain),
        (429, b'{"code": "slow_down"}', Throttled),
        (401, b'{"code": "bad_key"}', Suspended),
        (400, b'{"code": "bad_number"}', Rejected),
        (302, b"<html>", Suspended),
    ],
)
async def test_each_answer_is_named_for_the_next_move(pigeon: Provider, status: int, body: bytes, error: type):
    account = Account(provider_id="1", credentials={"key": "K"})
    assert await pigeon.send(Answering(202, b'{"id": "p-1"}'), account, CHANNEL, b"{}") == Accepted("p-1")
    with pytest.raises(error):
        await pigeon.send(Answering(status, body), account, CHANNEL, b"{}")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["events", "type", "channel", "at", "id", "state"]) | st.text(), inner)
    ),
)


@given(value=ANYTHING, body=st.binary(max_size=50))
def test_no_webhook_makes_it_fail(pigeon: Provider, value: Any, body: bytes):
    for one in (body, json.dumps(value).encode(), json.dumps({"events": [value]}).encode()):
        facts = pigeon.parse(delivery(one))
        assert facts
        assert all(isinstance(fact, Fact) for fact in facts)
    assert isinstance(pigeon.parse(delivery(b"\x00"))[0], Unknown)


@given(body=st.binary(min_size=1, max_size=100), data=st.data())
def test_any_changed_byte_is_refused(pigeon: Provider, body: bytes, data: st.DataObject):
    def signed(changed: bytes, secret: str) -> bool:
        right = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return pigeon.verify(delivery(changed, {"x-pigeon-signature": right}), pigeon.secrets(SECRETS))

    place = data.draw(st.integers(0, len(body) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != body[place]))
    assert signed(body, "s")
    assert signed(body, "old")
    assert not signed(body, "another")
    assert not signed(body[:place] + bytes([byte]) + body[place + 1 :], "s")
    assert not pigeon.verify(delivery(body), ["s"])
    assert pigeon.secrets({"secret": "", "secret_old": None}) == ()


SECRETS = {"secret": "s", "secret_old": "old"}
