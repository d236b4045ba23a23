"""Webhooks from Bird's three APIs, told apart by their shape; each API's own reading is in its module."""

from __future__ import annotations

import re

from ...core.events import Fact, Unknown
from ..base import Delivery
from .conversations_webhooks import facts as of_conversations
from .gen2_webhooks import facts as of_gen2
from .gen3_webhooks import facts as of_gen3
from .reading import NotJson, fields, read, text

# What became of our messages: Gen 2, Gen 3, Conversations. Quotes in what somebody wrote are escaped.
_RECEIPT = re.compile(
    rb'"event"\s*:\s*"whatsapp\.(?:outbound|interaction)"'
    rb'|"type"\s*:\s*"whatsapp\.(?:accepted|sent|delivered|read|failed|rejected)"'
    rb'|"direction"\s*:\s*"sent"'
)


def urgent(body: bytes) -> bool:
    """All but what is surely about a message of ours."""
    return _RECEIPT.search(body) is None


def parse(delivery: Delivery) -> list[Fact]:
    """What one webhook tells: each carries one event. Never raises.

    Nothing follows from a message's step that is before "sent": those become no fact.
    """
    try:
        webhook = read(delivery.body)
    except NotJson:
        return [Unknown("not json", delivery.body.decode("utf-8", "replace").replace("\x00", ""))]
    event = fields(webhook)
    if "payload" in event:
        return of_gen2(event)
    if "data" in event:
        return of_gen3(event)
    if "message" in event or text(event.get("type")).startswith("conversation."):
        return of_conversations(event)
    return [Unknown("webhook", webhook)]
