"""What a claimed row of the outbox becomes on the wire: kind, reply and a provider's own options."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from envoi.core import clock
from envoi.dispatch.deliver import deliver
from envoi.messaging.ledger import Claimed, Refused, Sent
from envoi.providers.base import Account, Answer, Channel, Form
from envoi.providers.table import PROVIDERS


class Wire:
    """A stand-in for the network that accepts everything, and keeps it."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.sent.append((url.rpartition("/")[2], json.loads(body)))
        return Answer(200, {}, b'{"messages":[{"id":"wamid.A"}]}')

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", *, most: int = 0
    ) -> Answer:
        return await self.post(url, headers, body)


async def delivered(content: dict[str, Any] | None, form: Form | None = None) -> tuple[Any, list[tuple[str, Any]]]:
    wire = Wire()
    message = Claimed(
        id=902,
        contact_id=17,
        lane_id=1,
        recipient="+33639980001",
        promotional=True,
        values=[] if form else None,
        content=content,
        attempts=1,
        expires_at=None,
        lease_until=clock.now() + timedelta(minutes=1),
    )
    account = Account(provider_id="1", credentials={"token": "T"})
    outcome, _ = await deliver(PROVIDERS["meta"], wire, account, Channel(provider_id="1099"), message, form)
    return outcome, wire.sent


async def test_a_whole_message_leaves_with_its_kind_reply_and_token():
    content = {"kind": "image", "reply_to": "wamid.I", "id": "7", "caption": "c"}
    outcome, ((edge, sent),) = await delivered(content)
    assert isinstance(outcome, Sent)
    assert edge == "messages"
    assert (sent["type"], sent["image"], sent["context"]) == (
        "image",
        {"id": "7", "caption": "c"},
        {"message_id": "wamid.I"},
    )
    assert sent["biz_opaque_callback_data"] == "e1.17.902"


async def test_options_reach_the_provider_and_stay_out_of_the_content():
    options = {"endpoint": "marketing_messages", "product_policy": "STRICT"}
    outcome, ((edge, sent),) = await delivered({"options": options}, Form(name="plain", language="fr"))
    assert isinstance(outcome, Sent)
    assert (edge, sent["product_policy"]) == ("marketing_messages", "STRICT")
    assert "options" not in sent


@pytest.mark.parametrize("content", [None, {"kind": "hologram", "id": "7"}, {"kind": "image", "caption": "c"}])
async def test_what_cannot_be_sent_never_reaches_the_network(content: dict[str, Any] | None):
    outcome, sent = await delivered(content)
    assert isinstance(outcome, Refused)
    assert outcome.failure.title
    assert sent == []
