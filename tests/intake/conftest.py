"""What the tests of intake share: storing webhooks, and looking at all that may follow from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from envoi.channels.models import Account, Channel
from envoi.intake.models import WebhookEvent


@pytest.fixture(scope="module", autouse=True)
def _as_intake(as_intake: None) -> None:
    """Whatever is tried here runs in that process."""


@pytest.fixture
def store(account: Account, channel: Channel) -> Callable[..., list[int]]:
    """Stores bodies the way the gateway does; returns their ids."""

    def keep(*bodies: bytes, provider: str = "meta") -> list[int]:
        return [WebhookEvent.objects.create(account_id=account.id, provider=provider, body=body).pk for body in bodies]

    return keep


def everything() -> dict[str, list[Any]]:
    """Every row that a webhook may change, webhooks themselves left out."""
    tables = ("contacts", "identities", "consents", "messages", "message_events", "outbox", "templates")
    tables += ("accounts", "channels", "audit_log")
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT t::text FROM {table} t ORDER BY 1")
            found[table] = cursor.fetchall()
    return found


def states() -> list[tuple[str, str]]:
    """State and problem of every webhook, in order."""
    return list(WebhookEvent.objects.order_by("id").values_list("state", "problem"))
