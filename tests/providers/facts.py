"""Facts as plain JSON values, for comparing with the fixtures' .facts.json files."""

from __future__ import annotations

from typing import Any

import msgspec

from envoi.core.events import Fact
from envoi.providers.base import Delivery


def plain(facts: list[Fact]) -> list[dict[str, Any]]:
    """Each fact with its name; what has its default is kept, so that a fixture shows everything.

    Of a person, a username only where there is one; the scope is not the provider's to say.
    """
    return [{"fact": type(fact).__name__, **without_blanks(msgspec.to_builtins(fact))} for fact in facts]


def without_blanks(fact: dict[str, Any]) -> dict[str, Any]:
    """A fact as JSON without what its people leave empty (see `plain`)."""
    for person in (value for value in fact.values() if isinstance(value, dict) and "user_id" in value):
        if person.get("scope") == "":
            del person["scope"]
        if person.get("username") == "":
            del person["username"]
    return fact


def delivery(body: bytes, headers: dict[str, str] | None = None, *, query: str = "") -> Delivery:
    """A webhook that reached an address of ours."""
    return Delivery.at("https://envoi.example/hooks/any/key", query=query, headers=headers or {}, body=body)
