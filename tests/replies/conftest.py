"""What the tests of replies share: customers who write through stored webhooks, rules, and what was answered."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from envoi.channels.models import Account, Channel
from envoi.contacts.models import Contact
from envoi.intake import engine
from envoi.intake.models import WebhookEvent
from envoi.messaging.models import Message
from envoi.replies import actions, faq
from envoi.replies.book import SHELF
from envoi.replies.models import ReplyRule
from envoi.team.models import Staff

from ..inbox.conftest import PHONE, message

Write = Callable[..., None]


@pytest.fixture(autouse=True)
def _new_rules() -> Iterator[None]:
    """Each test has a database of its own, whose versions begin anew."""
    SHELF.forget()
    faq.SHELF.forget()
    yield
    SHELF.forget()
    faq.SHELF.forget()


@pytest.fixture
def ana(db: None) -> Staff:
    return Staff.objects.create(email="ana@example.com", role=Staff.Role.AGENT, name="Ana Silva")


@pytest.fixture
def write(account: Account, channel: Channel) -> Write:
    """A customer writes a moment ago; intake works through it. times: how often the same webhook comes."""
    numbers = itertools.count(1)

    def wrote(text: str = "hello", *, phone: str = PHONE, times: int = 1, **more: Any) -> None:
        body = message(text, phone=phone, number=next(numbers), **more)
        for _ in range(times):
            WebhookEvent.objects.create(account_id=account.pk, provider="meta", body=body)
            while engine.step():
                pass

    return wrote


def rule(name: str, *words: str, say: str = "", **more: Any) -> ReplyRule:
    """A rule for keywords that answers with a text, unless `more` says otherwise."""
    more.setdefault("trigger", {"on": "keyword", "how": "word", "words": list(words)})
    more.setdefault("actions", [text(say or name)])
    return actions.save_rule(name=name, by=None, **more)


def text(words: str, **languages: str) -> dict[str, Any]:
    """An answer for everybody, and for some languages."""
    versions = [{"language": "", "text": words}, *({"language": one, "text": said} for one, said in languages.items())]
    return {"do": "text", "texts": versions}


def said(phone: str = PHONE) -> list[str]:
    """What has been queued for this customer, in order."""
    found = Message.objects.filter(contact__phone=f"+{phone}", direction="out").order_by("created_at", "id")
    return list(found.values_list("text", flat=True))


def customer(phone: str = PHONE) -> Contact:
    return Contact.objects.get(phone=f"+{phone}")
