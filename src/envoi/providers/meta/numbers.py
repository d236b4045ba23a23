"""The numbers of an account, what ails them, and where webhooks go (Meta sheet, D.1, E.1, E.2, G.3, G.4)."""

from __future__ import annotations

import re
from typing import Any

from ..base import Account, HookHealth, Http, RemoteNumber
from ..reading import Json, fields, items, text
from .graph import call, pages

FIELDS = (
    "id,display_phone_number,verified_name,status,quality_rating,throughput,"
    "whatsapp_business_manager_messaging_limit,is_on_biz_app,health_status"
)

# Messages a second (E.1); a number that also lives in the WhatsApp Business app has 20.
THROUGHPUT = {"STANDARD": 80, "HIGH": 1_000}
WITH_THE_APP = 20


class MetaNumbers:
    """The messaging limit is the portfolio's, so all its numbers show the same."""

    async def list_numbers(self, http: Http, account: Account) -> list[RemoteNumber]:
        """GET /{waba_id}/phone_numbers, every page, with health and limits."""
        rows = await pages(
            http, account, account.provider_id, "phone_numbers", query={"fields": FIELDS, "limit": "100"}
        )
        return [_number(row) for row in rows if isinstance(row, dict) and row.get("id")]

    async def portfolio(self, http: Http, account: Account) -> str:
        """GET /{waba_id}?fields=owner_business_info: the id of the business portfolio (G.3)."""
        answer = await call(http, account, "GET", account.provider_id, query={"fields": "owner_business_info"})
        return text(fields(answer.get("owner_business_info")).get("id"))

    async def problems(self, http: Http, account: Account, provider_id: str) -> list[str]:
        """GET /{id}?fields=health_status: what keeps a number, a template or an account from sending (G.4)."""
        answer = await call(http, account, "GET", provider_id, query={"fields": "health_status"})
        return _problems(fields(answer.get("health_status")))


class MetaHooks:
    """An address for one account only; the app's own address is set in Meta's dashboard."""

    async def subscribe(self, http: Http, account: Account, url: str, secret: str) -> str | None:
        """POST /{waba_id}/subscribed_apps: Meta checks the address with `secret` as verify token before it answers.

        Messages and statuses go to `url` from now on; template and account events always go to the address that
        the app has in Meta's dashboard (D.1).
        """
        asked = {"override_callback_uri": url, "verify_token": secret}
        await call(http, account, "POST", account.provider_id, "subscribed_apps", json=asked)
        return None

    async def health(self, http: Http, account: Account, url: str) -> HookHealth:
        """GET /{waba_id}/subscribed_apps; an app without an address for this account uses that of Meta's dashboard."""
        rows = await pages(http, account, account.provider_id, "subscribed_apps", query={})
        addresses = [text(fields(row).get("override_callback_uri")) for row in rows]
        if url in addresses:
            return "active"
        # An app's own address can't be read with an account's token: it may well be ours.
        return "" if "" in addresses else "missing"


def _number(row: Json) -> RemoteNumber:
    quality = text(row.get("quality_rating"))
    level = text(fields(row.get("throughput")).get("level"))
    return RemoteNumber(
        provider_id=text(row.get("id")),
        address=e164(row.get("display_phone_number")),
        name=text(row.get("verified_name")),
        quality="" if quality in ("NA", "UNKNOWN") else quality.lower(),
        tier=text(row.get("whatsapp_business_manager_messaging_limit")),
        throughput_per_second=WITH_THE_APP if row.get("is_on_biz_app") is True else THROUGHPUT.get(level),
        state=text(row.get("status")).lower(),
        problems=_problems(fields(row.get("health_status"))),
    )


def _problems(health: Json) -> list[str]:
    """One sentence for each error, and the entity's name where it is limited without one."""
    found: list[str] = []
    for entity in map(fields, items(health.get("entities"))):
        errors = [_sentence(error) for error in map(fields, items(entity.get("errors")))]
        said = [*errors, *(words for words in map(text, items(entity.get("additional_info"))) if words)]
        if not said and entity.get("can_send_message") in ("LIMITED", "BLOCKED"):
            said = [f"{text(entity.get('entity_type'))} {entity['can_send_message']}"]
        found += said
    return found


def _sentence(error: Json) -> str:
    words = [text(error.get("error_description")), text(error.get("possible_solution"))]
    return f"{error.get('error_code', '')}: {' '.join(word for word in words if word)}"


def e164(written: Any) -> str:
    """A number as Meta shows it, +1 (555) 010-0000, without its spaces and signs; "" when it is none."""
    digits = re.sub(r"[^0-9]", "", text(written))
    return f"+{digits}" if 6 <= len(digits) <= 15 else ""
