"""The numbers of an account, and where its webhooks go (Bird sheet, 3.4, 3.7, Gen 2, Gen 1)."""

from __future__ import annotations

import uuid

from ...core.events import Failure
from ..base import Account, HookHealth, Http, RemoteNumber, Suspended
from .calling import Call, ask, ask_json, credential, mode_of, part, refuse
from .gen3_templates import pages
from .reading import Json, items, phone, text
from .templates import gen2_pages

# Everything but whatsapp.accepted, which says no more than the answer did.
GEN3_EVENTS = (
    "whatsapp.sent",
    "whatsapp.delivered",
    "whatsapp.read",
    "whatsapp.failed",
    "whatsapp.rejected",
    "whatsapp.received",
    "whatsapp.reacted",
    "whatsapp_suppression.created",
)
GEN2_EVENTS = ("whatsapp.inbound", "whatsapp.outbound", "whatsapp.interaction")
CONVERSATIONS_EVENTS = ("message.created", "message.updated")

# Messages a second: Meta's own, for Bird publishes none (3.7).
THROUGHPUT = {"standard": 80}


class BirdNumbers:
    """A number's id is what messages and webhooks name it by: its phone in the Bird API, else its channel."""

    async def list_numbers(self, http: Http, account: Account) -> list[RemoteNumber]:
        """Raises Rejected in Conversations mode, which has no list."""
        match mode_of(account):
            case "gen3":
                rows = await pages(http, account, "/v1/whatsapp/numbers")
                return [_gen3(row) for row in rows if phone(row.get("phone_number"))]
            case "gen2":
                path = f"/workspaces/{credential(account, 'workspace_id')}/channels"
                query = {"platform": "whatsapp", "status": "active"}
                return [_gen2(row) for row in await gen2_pages(http, account, path, query) if text(row.get("id"))]
        raise refuse("MessageBird's Conversations API has no list of channels: enter the channel's id", "numbers")


def _gen3(row: Json) -> RemoteNumber:
    quality = text(row.get("quality_rating"))
    error = row.get("error")
    return RemoteNumber(
        provider_id=phone(row.get("phone_number")) or "",
        address=phone(row.get("phone_number")) or "",
        name=text(row.get("name")),
        quality="" if quality == "unknown" else quality,
        tier=text(row.get("messaging_limit")).upper(),
        throughput_per_second=THROUGHPUT.get(text(row.get("throughput_level"))),
        state=text(row.get("status")).upper(),
        problems=[text(error.get("description"))] if isinstance(error, dict) else (),
    )


def _gen2(row: Json) -> RemoteNumber:
    """The sheet names no field with the phone, so a likely one is read and may be missing."""
    return RemoteNumber(
        provider_id=text(row.get("id")),
        address=phone(row.get("identifier")) or "",
        name=text(row.get("name")),
        state=text(row.get("status")).upper(),
    )


class BirdHooks:
    """Where Bird sends what happens."""

    async def subscribe(self, http: Http, account: Account, url: str, secret: str) -> str | None:
        """The Bird API makes a secret of its own and shows it this one time; Gen 2 takes ours; MessageBird signs with
        the key in its dashboard, whatever we say.

        What there is for this address is deleted first where the API has a delete: of a subscription of the Bird
        API whose secret was lost nothing could ever be read again.
        """
        present = [row for row in await _subscriptions(http, account) if text(row.get("url")) == url]
        match mode_of(account):
            case "gen3":
                asked: Json = {"url": url, "events": list(GEN3_EVENTS), "description": "Envoi"}
                headers = {"idempotency-key": str(uuid.uuid4())}
                made = await ask_json(http, account, Call("POST", "/v1/webhooks", asked, headers))
                if not text(made.get("secret")):
                    raise Suspended(Failure("no_secret", "Bird made the webhook without a secret"))
                # After the new one stands: nothing that happens in between is missed.
                for row in present:
                    await ask(http, account, Call("DELETE", f"/v1/webhooks/{part(text(row.get('id')))}"))
                return text(made.get("secret"))
            case "gen2":
                there = {text(row.get("event")) for row in present}
                for event in GEN2_EVENTS:
                    if event not in there:
                        asked = {"service": "channels", "event": event, "url": url, "signingKey": secret}
                        await ask(http, account, Call("POST", _gen2_path(account), asked))
                return None
        if not present:
            asked = {"events": list(CONVERSATIONS_EVENTS), "url": url}
            await ask(http, account, Call("POST", "/v1/webhooks", asked))
        elif text(present[0].get("status")) == "disabled":
            path = f"/v1/webhooks/{part(text(present[0].get('id')))}"
            await ask(http, account, Call("PATCH", path, {"status": "enabled"}))
        return None

    async def health(self, http: Http, account: Account, url: str) -> HookHealth:
        """The worst of what is subscribed for this address."""
        present = [row for row in await _subscriptions(http, account) if text(row.get("url")) == url]
        needed = set(GEN2_EVENTS) if mode_of(account) == "gen2" else set()
        if not present or needed - {text(row.get("event")) for row in present}:
            return "missing"
        states = {text(row.get("status")) for row in present}
        if states & {"paused", "disabled", "inactive"}:
            return "inactive"
        return "degraded" if "degraded" in states else "active"


async def _subscriptions(http: Http, account: Account) -> list[Json]:
    match mode_of(account):
        case "gen3":
            return await pages(http, account, "/v1/webhooks")
        case "gen2":
            return await gen2_pages(http, account, _gen2_path(account), {})
    listed = await ask_json(http, account, Call("GET", "/v1/webhooks?limit=100"))
    return [row for row in items(listed.get("items")) if isinstance(row, dict)]


def _gen2_path(account: Account) -> str:
    organization, workspace = credential(account, "organization_id"), credential(account, "workspace_id")
    return f"/organizations/{organization}/workspaces/{workspace}/webhook-subscriptions"
