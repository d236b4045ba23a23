"""Subscriptions: where Zenvia sends its events (Zenvia sheet, 4). Two of them, and each is made or mended."""

from __future__ import annotations

from typing import Any

from ...core.events import Failure
from ..base import Account, HookHealth, Http, Uncertain
from ..reading import Json, fields, need, text
from . import calls
from .webhooks import SECRET_HEADER

EVENTS: dict[str, Json] = {
    "MESSAGE": {"channel": "whatsapp", "direction": "IN"},
    "MESSAGE_STATUS": {"channel": "whatsapp"},
}


class Subscriptions:
    """Calling it again changes nothing but what is wrong: a new secret, an address, a subscription that stopped."""

    async def subscribe(self, http: Http, account: Account, url: str, secret: str) -> str | None:
        """POST /subscriptions for what is missing, PATCH what is there for this address."""
        webhook = {"url": url, "headers": {SECRET_HEADER: secret}}
        present = await _listed(http, account)
        for event, criteria in EVENTS.items():
            if found := _ours(present, event, url):
                changes = {"webhook": webhook, "status": "ACTIVE"}
                await calls.call(http, account, "PATCH", f"/subscriptions/{need(found.get('id'))}", changes)
                continue
            wanted = {"eventType": event, "webhook": webhook, "criteria": criteria, "status": "ACTIVE", "version": "v2"}
            await calls.call(http, account, "POST", "/subscriptions", wanted)
        return None

    async def health(self, http: Http, account: Account, url: str) -> HookHealth:
        """The worse of the two; Zenvia turns a subscription off after 500 failures, and tells nobody (sheet, 4)."""
        present = await _listed(http, account)
        states = [text(found.get("status")) if (found := _ours(present, event, url)) else "" for event in EVENTS]
        if "" in states:
            return "missing"
        if "INACTIVE" in states:
            return "inactive"
        return "degraded" if "DEGRADED" in states else "active"


async def _listed(http: Http, account: Account) -> list[Any]:
    listed = await calls.call(http, account, "GET", "/subscriptions")
    if not isinstance(listed, list):
        # Not "none": who took it for that would subscribe a second time.
        raise Uncertain(Failure("not_a_list", "The answer is no list of subscriptions", action="uncertain"))
    return listed


def _ours(present: list[Any], event: str, url: str) -> Json | None:
    for one in map(fields, present):
        address = text(fields(one.get("webhook")).get("url"))
        if one.get("eventType") == event and address == url and text(one.get("id")):
            return one
    return None
