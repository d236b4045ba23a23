"""Zenvia's events as they are posted, one each (Zenvia sheet, 4); it refuses to decide when one is due."""

from collections.abc import Sequence
from typing import Any

import msgspec

from envoi.simulator.customers import Customer
from envoi.simulator.ledger import Entry
from envoi.simulator.webhooks import Parcel
from envoi.simulator.zenvia.accounts import Sender, Subscription, moment
from envoi.simulator.zenvia.errors import cause

STATUSES = {
    "sent": ("SENT", "The message has been forwarded to the provider"),
    "delivered": ("DELIVERED", "The message has been delivered"),
    "read": ("READ", "The message has been read"),
    "failed": ("NOT_DELIVERED", "The provider was unable to deliver the message"),
}


def parcel(events: Sequence[dict[str, Any]], subscription: Subscription) -> Parcel:
    """One event with the subscription it goes to and the headers that subscription asks for. Nothing is signed."""
    body = msgspec.json.encode({**events[0], "subscriptionId": subscription.id})
    return Parcel(body, {**subscription.headers, "content-type": "application/json"})


def status(event_id: str, sender: Sender, entry: Entry, state: str, at: float) -> dict[str, Any]:
    """A status of a message we accepted; `externalId` is the sender's own id, given back."""
    code, description = STATUSES[state]
    about: dict[str, Any] = {
        "id": entry.wamid,
        "contentIndex": 0,
        "direction": "OUT",
        "from": sender.id,
        "to": entry.to,
    }
    if entry.opaque is not None:
        about["externalId"] = entry.opaque
    said: dict[str, Any] = {"timestamp": moment(at), "code": code, "description": description, "direction": "OUT"}
    if state == "failed":
        said["causes"] = [cause(entry.error or 131000)]
    return {
        "id": event_id,
        "timestamp": moment(at),
        "type": "MESSAGE_STATUS",
        "channel": "whatsapp",
        "messageId": entry.wamid,
        "contentIndex": 0,
        "message": about,
        "messageStatus": said,
    }


def inbound(
    event_id: str,
    message_id: str,
    sender: Sender,
    customer: Customer,
    address: str,
    contents: list[dict[str, Any]],
    at: float,
    more: dict[str, Any],
) -> dict[str, Any]:
    """A message that the customer wrote; `more` is idRef and referral, where there are any."""
    first, _, last = customer.name.partition(" ")
    message: dict[str, Any] = {
        "id": message_id,
        "from": address,
        "to": sender.id,
        "direction": "IN",
        "channel": "whatsapp",
        "timestamp": moment(at),
        "visitor": {"name": customer.name, "firstName": first, "lastName": last},
        **more,
        "contents": contents,
    }
    return {
        "id": event_id,
        "timestamp": moment(at),
        "type": "MESSAGE",
        "channel": "whatsapp",
        "direction": "IN",
        "message": message,
    }
