"""What the tests of the inbox share: agents, customers who write through stored webhooks, and what became of it."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from envoi.channels.models import Account, Channel
from envoi.inbox.models import Conversation
from envoi.intake import engine
from envoi.intake.models import WebhookEvent
from envoi.team.models import Staff

from ..intake import meta

PHONE = "33639980001"


@pytest.fixture
def ana(db: None) -> Staff:
    return Staff.objects.create(email="ana@example.com", role=Staff.Role.AGENT, name="Ana Silva")


@pytest.fixture
def ben(db: None) -> Staff:
    return Staff.objects.create(email="ben@example.com", role=Staff.Role.AGENT, name="Ben Okri")


@pytest.fixture
def write(account: Account, channel: Channel) -> Callable[..., Conversation]:
    """A customer writes, a moment ago, through gateway's table and intake; returns their newest conversation."""
    numbers = itertools.count(1)

    def wrote(text: str = "hello", *, phone: str = PHONE, twice: bool = False, **more: Any) -> Conversation:
        body = message(text, phone=phone, number=next(numbers), **more)
        for _ in range(2 if twice else 1):
            WebhookEvent.objects.create(account_id=account.pk, provider="meta", body=body)
        while engine.step():
            pass
        found = Conversation.objects.filter(contact__phone=f"+{phone}").order_by("-opened_at", "-id").first()
        assert found is not None
        return found

    return wrote


def message(text: str, *, phone: str = PHONE, number: int = 1, ago: float = 0, **more: Any) -> bytes:
    """One webhook with one message of now, or `ago` seconds before; `more` replaces parts of the message."""
    said = meta.message(text, phone=phone, wamid=f"wamid.{phone}.{number}")
    said["messages"][0] |= {"timestamp": str(int(time.time() - ago))} | more
    return meta.webhook("messages", meta.value(**said))


def again(conversation: Conversation) -> Conversation:
    """The same conversation as it stands now."""
    return Conversation.objects.get(contact_id=conversation.contact_id, id=conversation.id)


def as_json(text: str) -> Any:
    return json.loads(text)
