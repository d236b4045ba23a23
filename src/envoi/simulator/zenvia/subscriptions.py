"""Subscriptions to events (Zenvia sheet, 4): made, changed, ended; it refuses a third of the same kind."""

import time
from typing import TYPE_CHECKING, Any

import msgspec

from envoi.simulator.http_server import Reply
from envoi.simulator.zenvia import notices
from envoi.simulator.zenvia.accounts import Account, Subscription, moment
from envoi.simulator.zenvia.errors import ZenviaError, invalid
from envoi.simulator.zenvia.kinds import web_address

if TYPE_CHECKING:
    from envoi.simulator.zenvia.face import ZenviaFace

EVENT_TYPES = (
    "MESSAGE",
    "MESSAGE_STATUS",
    "CONVERSATION_MESSAGE",
    "CONVERSATION_STATUS",
    "SUPPORT_EXPERT_AGENT",
    "CONTACT",
)
STATUSES = ("ACTIVE", "INACTIVE", "DEGRADED")
MOST = 2
RETRIES = 30


def create(face: "ZenviaFace", account: Account, asked: dict[str, Any]) -> Reply:
    if asked.get("eventType") not in EVENT_TYPES:
        raise invalid("eventType", f"Should be one of {', '.join(EVENT_TYPES)}.")
    criteria = asked.get("criteria")
    if not isinstance(criteria, dict) or not isinstance(criteria.get("channel"), str):
        raise invalid("criteria.channel", "Is required.")
    if criteria.get("direction", "ALL") not in ("IN", "OUT", "ALL"):
        raise invalid("criteria.direction", "Should be IN, OUT or ALL.")
    url, headers = _webhook(asked.get("webhook"))
    kind = (asked["eventType"], criteria["channel"])
    alike = [one for one in account.subscriptions.values() if (one.event_type, one.criteria["channel"]) == kind]
    if len(alike) >= MOST:
        raise ZenviaError(409, "DUPLICATED", f"There are {MOST} subscriptions of this kind already.")
    subscription = open_one(face, account, kind[0], url, headers, criteria, _status(asked.get("status", "ACTIVE")))
    return shown(subscription)


def open_one(
    face: "ZenviaFace",
    account: Account,
    event_type: str,
    url: str,
    headers: dict[str, str],
    criteria: dict[str, Any],
    status: str = "ACTIVE",
) -> Subscription:
    """Keep a subscription, and begin to carry to its address."""
    now = moment(time.time())
    mailbox = face.world.webhooks.open(url, lambda events: notices.parcel(events, made), largest=1, retries=RETRIES)
    made = Subscription(face.uuid(), event_type, url, headers, criteria, status, "v2", now, now, mailbox)
    account.subscriptions[made.id] = made
    return made


def change(subscription: Subscription, asked: dict[str, Any]) -> Reply:
    """PATCH: webhook and status alone."""
    if "webhook" in asked:
        subscription.url, subscription.headers = _webhook(asked["webhook"])
        subscription.mailbox.url = subscription.url
    if "status" in asked:
        subscription.status = _status(asked["status"])
    subscription.updated_at = moment(time.time())
    return shown(subscription)


async def end(face: "ZenviaFace", account: Account, subscription: Subscription) -> Reply:
    account.subscriptions.pop(subscription.id, None)
    await face.world.webhooks.close(subscription.mailbox)
    return Reply(204)


def listing(account: Account) -> Reply:
    return Reply(body=msgspec.json.encode([_plain(one) for one in account.subscriptions.values()]))


def shown(subscription: Subscription) -> Reply:
    return Reply(body=msgspec.json.encode(_plain(subscription)))


def _plain(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "eventType": subscription.event_type,
        "webhook": {"url": subscription.url, "headers": subscription.headers},
        "criteria": subscription.criteria,
        "status": subscription.status,
        "version": subscription.version,
        "createdAt": subscription.created_at,
        "updatedAt": subscription.updated_at,
    }


def _webhook(webhook: Any) -> tuple[str, dict[str, str]]:
    if not isinstance(webhook, dict):
        raise invalid("webhook", "Should be an object.")
    web_address(webhook.get("url"), "webhook.url")
    headers = webhook.get("headers", {})
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise invalid("webhook.headers", "Should be an object of texts.")
    return str(webhook["url"]), headers


def _status(status: Any) -> str:
    if status not in STATUSES:
        raise invalid("status", f"Should be one of {', '.join(STATUSES)}.")
    return str(status)
