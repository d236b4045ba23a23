"""Graph calls about accounts and numbers: read, register, subscribe; it refuses to send or to manage
templates.

Meta fact sheet, D.1, E, G.1, G.3 and G.4.
"""

import secrets
from typing import TYPE_CHECKING, Any

import msgspec

from envoi.simulator.http_server import Reply
from envoi.simulator.meta.accounts import Account, Number
from envoi.simulator.meta.errors import GraphError
from envoi.simulator.meta.sending import SUCCESS, UNSENDABLE

if TYPE_CHECKING:
    from envoi.simulator.meta.face import MetaFace

NUMBER_FIELDS = "verified_name,code_verification_status,display_phone_number,quality_rating,id"
ACCOUNT_FIELDS = "id,name,timezone_id,message_template_namespace"
LONGEST_OVERRIDE = 200

_encode = msgspec.json.encode


def read_number(number: Number, fields: str | None) -> Reply:
    return Reply(body=_encode(shown_number(number, fields or NUMBER_FIELDS)))


def list_numbers(account: Account, fields: str | None) -> Reply:
    rows = [shown_number(number, fields or NUMBER_FIELDS) for number in account.numbers.values()]
    paging: dict[str, Any] = {"cursors": {"before": rows[0]["id"], "after": rows[-1]["id"]}} if rows else {}
    return Reply(body=_encode({"data": rows, "paging": paging}))


def shown_number(number: Number, fields: str) -> dict[str, Any]:
    spec = number.spec
    everything: dict[str, Any] = {
        "id": spec.id,
        "display_phone_number": spec.display_phone_number,
        "verified_name": spec.verified_name,
        "name_status": "APPROVED",
        "new_name_status": "NONE",
        "status": spec.status,
        "quality_rating": spec.quality_rating,
        "quality_score": {"score": spec.quality_rating},
        "code_verification_status": "VERIFIED",
        "throughput": {"level": "HIGH" if spec.throughput >= 1000 else "STANDARD"},
        "whatsapp_business_manager_messaging_limit": spec.tier,
        "messaging_limit_tier": spec.tier,
        "platform_type": "CLOUD_API",
        "account_mode": "LIVE",
        "is_official_business_account": False,
        "is_pin_enabled": True,
        "is_on_biz_app": spec.throughput == 20,
        "health_status": _health("PHONE_NUMBER", spec.id, spec.status),
        "webhook_configuration": {"application": number.account.spec.callback_url},
        "last_onboarded_time": "2026-01-05T09:00:00+0000",
    }
    return _pick(everything, fields)


def read_account(account: Account, fields: str | None) -> Reply:
    tiers = [number.spec.tier for number in account.numbers.values()]
    everything: dict[str, Any] = {
        "id": account.id,
        "name": account.spec.name,
        "currency": "EUR",
        "country": "FR",
        "timezone_id": "1",
        "message_template_namespace": "simulated",
        "status": "ACTIVE",
        "account_review_status": "APPROVED",
        "business_verification_status": "verified",
        "ownership_type": "SELF",
        "owner_business_info": {"id": account.spec.portfolio_id, "name": account.spec.name},
        "marketing_messages_onboarding_status": "ELIGIBLE",
        "is_enabled_for_insights": True,
        "disable_marketing_messages_on_cloud_api": False,
        "whatsapp_business_manager_messaging_limit": tiers[0] if tiers else "TIER_NOT_SET",
        "health_status": _health("WABA", account.id, "CONNECTED"),
    }
    return Reply(body=_encode(_pick(everything, fields or ACCOUNT_FIELDS)))


def _pick(everything: dict[str, Any], fields: str) -> dict[str, Any]:
    wanted = [name.strip() for name in fields.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in everything]
    if unknown:
        raise GraphError(100, f"Tried accessing nonexisting field ({unknown[0]}).", message=f"(#100) {unknown[0]}")
    return {name: everything[name] for name in wanted} | {"id": everything["id"]}


def _health(entity_type: str, entity_id: str, status: str) -> dict[str, Any]:
    can_send = "BLOCKED" if status in UNSENDABLE else "LIMITED" if status == "FLAGGED" else "AVAILABLE"
    entity = {"entity_type": entity_type, "id": entity_id, "can_send_message": can_send}
    return {"can_send_message": can_send, "entities": [entity]}


def register(number: Number, asked: dict[str, Any]) -> Reply:
    pin = str(asked.get("pin", ""))
    if len(pin) != 6 or not pin.isdigit():
        raise GraphError(100, "Param pin must be 6 digits.")
    return SUCCESS


def business_profile(number: Number, asked: dict[str, Any] | None) -> Reply:
    """Read the profile, or write what is given."""
    if asked is None:
        return Reply(body=_encode({"data": [{"messaging_product": "whatsapp", **number.settings}]}))
    number.settings |= {name: value for name, value in asked.items() if name != "messaging_product"}
    return SUCCESS


async def subscribe(face: "MetaFace", account: Account, asked: dict[str, Any]) -> Reply:
    """Subscribe the app to the account, perhaps with another callback for messages, which must answer a
    handshake.
    """
    url = asked.get("override_callback_uri")
    if url:
        if not isinstance(url, str) or len(url) > LONGEST_OVERRIDE:
            raise GraphError(100, f"Param override_callback_uri has at most {LONGEST_OVERRIDE} characters.")
        outcome = await handshake(face, url, str(asked.get("verify_token", "")))
        if outcome != "ok":
            raise GraphError(2200, f"Callback verification {outcome}.")
        if account.override_mailbox:
            account.override_mailbox.url = url
        else:
            account.override_mailbox = face.open_mailbox(account, url)
    elif account.override_mailbox:
        await face.world.webhooks.close(account.override_mailbox)
        account.override_mailbox = None
    account.subscribed = True
    return SUCCESS


async def unsubscribe(face: "MetaFace", account: Account) -> Reply:
    if account.override_mailbox:
        await face.world.webhooks.close(account.override_mailbox)
        account.override_mailbox = None
    account.subscribed = False
    return SUCCESS


def subscriptions(account: Account) -> Reply:
    rows: list[dict[str, Any]] = []
    if account.subscribed:
        spec = account.spec
        rows = [
            {
                "whatsapp_business_api_data": {
                    "id": spec.app_id,
                    "name": spec.name,
                    "link": "https://x.example",
                }
            }
        ]
        if account.override_mailbox:
            rows[0]["override_callback_uri"] = account.override_mailbox.url
    return Reply(body=_encode({"data": rows}))


async def handshake(face: "MetaFace", url: str, verify_token: str) -> str:
    """GET the callback with a challenge; "ok" when it comes back with 200, else "failed: …" (fact sheet,
    D.1).
    """
    challenge = str(secrets.randbelow(10**10))
    query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
    status, body = await face.world.webhooks.get(url, query)
    if status == 0:
        return f"failed: {body.decode('utf-8', 'replace')}"
    if status != 200:
        return f"failed: the callback answered {status}"
    if body != challenge.encode():
        return "failed: the callback did not return the challenge"
    return "ok"
