"""Webhook bodies in the words of each of Bird's three APIs, signed; it refuses to decide when one is due.

Bird fact sheet: 3.4 (Standard Webhooks), Gen 2 (address and body hash), Gen 1 (JWT).
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from envoi.simulator.bird.accounts import Channel, Record
from envoi.simulator.customers import Customer
from envoi.simulator.webhooks import Parcel

_encode = msgspec.json.encode

# What Bird calls an asynchronous failure; the others are WhatsApp's and handed through.
BIRD_CODES = {131047: "service_window_expired", 131050: "recipient_suppressed", 131053: "media_rejected"}
CRM_STATES = {"sent": "sent", "delivered": "delivered", "failed": "delivery_failed"}


class Notice(msgspec.Struct, frozen=True, gc=False):
    """One event for one receiver."""

    id: str
    event: str
    body: dict[str, Any]


def moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# -- signatures


def standard(notices: Sequence[Notice], secret: str) -> Parcel:
    """Standard Webhooks: id, time and body under the bytes behind whsec_."""
    body, stamp = _encode(notices[0].body), str(int(time.time()))
    signed = f"{notices[0].id}.{stamp}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    headers = {"webhook-id": notices[0].id, "webhook-timestamp": stamp, "webhook-signature": f"v1,{signature}"}
    return Parcel(body, {"content-type": "application/json", **headers})


def addressed(notices: Sequence[Notice], secret: str, url: str) -> Parcel:
    """Gen 2: time, whole address and the body's hash."""
    body, stamp = _encode(notices[0].body), str(int(time.time()))
    signed = f"{stamp}\n{url}\n".encode() + hashlib.sha256(body).digest()
    signature = base64.b64encode(hmac.digest(secret.encode(), signed, "sha256")).decode()
    headers = {"messagebird-signature": signature, "messagebird-request-timestamp": stamp}
    return Parcel(body, {"content-type": "application/json", **headers})


def jwt(notices: Sequence[Notice], secret: str, url: str) -> Parcel:
    """Gen 1: a JWT over the hashes of the address and the body."""
    body, now = _encode(notices[0].body), int(time.time())
    claims = {
        "iss": "MessageBird",
        "nbf": now,
        "exp": now + 60,
        "jti": notices[0].id,
        "url_hash": hashlib.sha256(url.encode()).hexdigest(),
        "payload_hash": hashlib.sha256(body).hexdigest(),
    }
    head = f"{_url64(_encode({'alg': 'HS256', 'typ': 'JWT'}))}.{_url64(_encode(claims))}"
    signature = _url64(hmac.digest(secret.encode(), head.encode(), "sha256"))
    return Parcel(body, {"content-type": "application/json", "messagebird-signature-jwt": f"{head}.{signature}"})


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# -- the Bird API


def person(customer: Customer, user_id: str, *, profile: bool = False) -> dict[str, Any]:
    told = {} if customer.phone_hidden else {"phone_number": f"+{customer.key}"}
    told["bsuid"] = user_id
    if profile:
        told["display_name"] = customer.name
        if customer.username:
            told["username"] = customer.username.lstrip("@")
    return told


def gen3_event(channel: Channel, name: str, record_id: str, record: Record, user_id: str, at: float) -> dict[str, Any]:
    """One step of a message of ours."""
    data: dict[str, Any] = {
        "whatsapp_id": record_id,
        "workspace_id": f"ws_{record_id[4:]}",
        "direction": "outbound",
        "from": {"phone_number": channel.phone},
        "to": person(record.customer, user_id),
        "tags": record.content.get("tags"),
        "metadata": record.content.get("metadata"),
    }
    if name in ("whatsapp.failed", "whatsapp.rejected"):
        data["error"] = gen3_error(record.entry.error if record.entry else None, at)
    return {"type": name, "timestamp": moment(at), "data": data}


def gen3_error(code: int | None, at: float) -> dict[str, Any]:
    named = BIRD_CODES.get(code or 0, "undeliverable")
    error = {"code": named, "description": named.replace("_", " "), "occurred_at": moment(at)}
    return error | ({"meta_error_code": str(code)} if named == "undeliverable" and code else {})


def gen3_inbound(
    channel: Channel, customer: Customer, user_id: str, record_id: str, content: dict[str, Any], at: float
) -> dict[str, Any]:
    data: dict[str, Any] = {
        "whatsapp_id": record_id,
        "workspace_id": f"ws_{record_id[4:]}",
        "direction": "inbound",
        "from": person(customer, user_id, profile=True),
        "to": {"phone_number": channel.phone},
        "tags": None,
        "metadata": None,
        **content,
    }
    return {"type": "whatsapp.received", "timestamp": moment(at), "data": data}


# -- Bird CRM Channels


def crm_event(event: str, channel: Channel, record_id: str, record: Record, user_id: str, at: float) -> dict[str, Any]:
    """An inbound message, or an outbound one with its state."""
    contact: dict[str, Any] = {"id": f"contact-{record.customer.key}", "identifierKey": "phonenumber"}
    contact["identifierValue"] = "" if record.customer.phone_hidden else f"+{record.customer.key}"
    extra = {"timestamp": str(int(at)), "whatsappbsuid": user_id}
    payload: dict[str, Any] = {
        "id": record_id,
        "channelId": channel.id,
        "meta": {"extraInformation": extra},
        "createdAt": record.created_at,
        "lastStatusAt": moment(at),
    }
    if record.inbound:
        contact["annotations"] = {"name": record.customer.name}
        payload |= {
            "sender": {"contact": contact},
            "receiver": {"connector": {"id": channel.id, "identifierValue": ""}},
        }
        payload |= {"status": "delivered", "direction": "incoming", **record.content}
    else:
        payload |= {"receiver": {"contacts": [contact]}, "direction": "outgoing"}
        payload |= {key: value for key, value in record.content.items() if key in ("body", "template", "reference")}
    return {"service": "channels", "event": event, "payload": payload}


def crm_failure(code: int | None) -> dict[str, Any]:
    """A failure of the platform, with WhatsApp's own code as its source."""
    failure = {"code": 15_000, "source": {"name": "whatsapp", "code": str(code or 0)}}
    return {"status": "delivery_failed", "reason": "WhatsApp refused the message", "failure": failure}


# -- MessageBird Conversations


def conversation(customer: Customer, channel: Channel) -> str:
    """The conversation's id: one for a customer and a channel."""
    return hashlib.md5(f"{channel.id} {customer.key}".encode(), usedforsecurity=False).hexdigest()


def conversations_event(
    event: str, channel: Channel, record_id: str, record: Record, status: str, at: float
) -> dict[str, Any]:
    customer = record.customer
    phone = f"+{customer.key}"
    message: dict[str, Any] = {
        "id": record_id,
        "conversationId": conversation(customer, channel),
        "platform": "whatsapp",
        "channelId": channel.id,
        "from": phone if record.inbound else channel.phone,
        "to": channel.phone if record.inbound else phone,
        "direction": "received" if record.inbound else "sent",
        "status": status,
        "createdDatetime": record.created_at,
        "updatedDatetime": moment(at),
        **{key: record.content[key] for key in ("type", "content", "trackId", "source") if key in record.content},
    }
    if status == "failed" and record.entry:
        message["error"] = {"code": record.entry.error, "description": "WhatsApp refused the message"}
    msisdn = int(customer.key) if customer.key.isdigit() else None
    known = {"id": f"contact-{customer.key}", "msisdn": msisdn, "displayName": customer.name}
    return {"type": event, "contact": known, "conversation": {"id": message["conversationId"]}, "message": message}
