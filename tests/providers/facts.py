"""Facts as plain JSON values, for comparing with the fixtures' .facts.json files."""

from __future__ import annotations

from typing import Any

import msgspec

from envoi.core.events import Fact
from envoi.providers.base import Delivery


def plain(facts: list[Fact]) -> list[dict[str, Any]]:
    """Each fact with its name; what has its default is kept, so that a fixture shows everything."""
    return [{"fact": type(fact).__name__, **msgspec.to_builtins(fact)} for fact in facts]


def delivery(body: bytes, headers: dict[str, str] | None = None, *, query: str = "") -> Delivery:
    """A webhook that reached an address of ours."""
    return Delivery.at("https://envoi.example/hooks/any/key", query=query, headers=headers or {}, body=body)
