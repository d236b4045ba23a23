"""WhatsApp senders and where their webhooks go (Twilio sheet, 6, 8)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlencode

from ..base import Account, HookHealth, Http, RemoteNumber
from .calls import FORM, MESSAGING, Json, call, fields, items, pages, refusal, send, text

SENDERS = "/v2/Channels/Senders"
QUALITY = {"HIGH": "green", "MEDIUM": "yellow", "LOW": "red"}
TEXTS_PER_SECOND = 80  # what every sender has by default (10)


class Numbers:
    """The senders of an account."""

    async def list_numbers(self, http: Http, account: Account) -> list[RemoteNumber]:
        """GET /v2/Channels/Senders?Channel=whatsapp, page after page. Only what is ONLINE can send."""
        return [_number(sender) for sender in await _senders(http, account)]


class Hooks:
    """Where inbound messages and the statuses without an address of their own go."""

    async def subscribe(self, http: Http, account: Account, url: str, secret: str) -> str | None:
        """Tell every sender, and the messaging service when the account uses one. Twilio signs with its own secret."""
        webhook = {"callback_url": url, "callback_method": "POST"}
        webhook |= {"status_callback_url": url, "status_callback_method": "POST"}
        for sender in await _senders(http, account):
            path = f"{SENDERS}/{quote(text(sender.get('sid')), safe='')}"
            await call(http, account, "POST", MESSAGING, path, {"webhook": webhook})
        if service := account.secret("messaging_service_sid"):
            form = {"InboundRequestUrl": url, "StatusCallback": url, "UseInboundWebhookOnNumber": "false"}
            path = f"/v1/Services/{quote(service, safe='')}"
            answer = await send(http, account, "POST", MESSAGING, path, urlencode(form).encode(), FORM)
            if not 200 <= answer.status < 300:
                raise refusal(answer)
        return None

    async def health(self, http: Http, account: Account, url: str) -> HookHealth:
        """What each sender says of its own webhook (8); a list that leaves it out says nothing."""
        webhooks = [fields(sender.get("webhook")) for sender in await _senders(http, account)]
        if not any(webhooks):
            return ""
        return "active" if all(webhook.get("callback_url") == url for webhook in webhooks) else "missing"


async def _senders(http: Http, account: Account) -> list[Json]:
    return await pages(http, account, MESSAGING, f"{SENDERS}?Channel=whatsapp&PageSize=100", "senders")


def _number(sender: Json) -> RemoteNumber:
    """The address is the id: messages and webhooks name a sender by nothing else."""
    address = text(sender.get("sender_id")).removeprefix("whatsapp:")
    about: Any = fields(sender.get("properties"))
    reasons = items(sender.get("offline_reasons"))
    return RemoteNumber(
        provider_id=address,
        address=address,
        name=text(fields(sender.get("profile")).get("name")),
        quality=QUALITY.get(text(about.get("quality_rating")).upper(), ""),
        tier=_tier(text(about.get("messaging_limit"))),
        throughput_per_second=TEXTS_PER_SECOND,
        state=text(sender.get("status")).lower(),
        problems=[f"{reason.get('code', '')} {text(reason.get('message'))}".strip() for reason in reasons],
    )


def _tier(words: str) -> str:
    """ "10K Customers/24hr" is Meta's TIER_10K."""
    found = re.match(r"([0-9]+K?|unlimited)\b", words, re.IGNORECASE)
    return f"TIER_{found[1].upper()}" if found else ""
