"""The bodies of Meta's webhooks, signed; it refuses to decide when one is due.

Shapes: Meta fact sheet, D.2 (envelope), D.4 (inbound), D.5 (statuses), D.7 (fields).
"""

import hmac
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from envoi.simulator.customers import Customer
from envoi.simulator.ledger import Entry
from envoi.simulator.meta.accounts import SERVICE_ALLOWANCE, Number
from envoi.simulator.meta.errors import status_error
from envoi.simulator.webhooks import Parcel

_encode = msgspec.json.encode


class NumberUpdate(msgspec.Struct, frozen=True, gc=False):
    """One status or one inbound message of a number, with the contact it speaks of."""

    waba_id: str
    number_id: str
    display_phone_number: str
    list_name: Literal["statuses", "messages", "user_preferences"]
    item: dict[str, Any]
    contact: dict[str, Any] | None


class FieldUpdate(msgspec.Struct, frozen=True, gc=False):
    """One change of an account or template field."""

    waba_id: str
    field: str
    value: dict[str, Any]
    time: int


def parcel(updates: Sequence[NumberUpdate | FieldUpdate], app_secret: str) -> Parcel:
    """Wrap a batch in one envelope and sign its exact bytes with the app secret (X-Hub-Signature-256)."""
    body = _encode({"object": "whatsapp_business_account", "entry": _entries(updates)})
    signature = hmac.new(app_secret.encode(), body, "sha256").hexdigest()
    return Parcel(body, {"content-type": "application/json", "x-hub-signature-256": f"sha256={signature}"})


def _entries(updates: Sequence[NumberUpdate | FieldUpdate]) -> list[dict[str, Any]]:
    """One entry per account for messages, with one change per number and list; one entry per field update."""
    entries: list[dict[str, Any]] = []
    by_account: dict[str, list[dict[str, Any]]] = {}
    changes: dict[tuple[str, str, str], dict[str, Any]] = {}
    contacts_seen: set[tuple[str, str, str, str]] = set()
    for update in updates:
        if isinstance(update, FieldUpdate):
            change = {"field": update.field, "value": update.value}
            entries.append({"id": update.waba_id, "time": update.time, "changes": [change]})
            continue
        key = (update.waba_id, update.number_id, update.list_name)
        value = changes.get(key)
        if value is None:
            value = _new_change(update, entries, by_account)
            changes[key] = value
        value[update.list_name].append(update.item)
        if update.contact is not None:
            who = (*key, str(update.contact))
            if who not in contacts_seen:
                contacts_seen.add(who)
                value.setdefault("contacts", []).append(update.contact)
    return entries


def _new_change(
    update: NumberUpdate, entries: list[dict[str, Any]], by_account: dict[str, list[dict[str, Any]]]
) -> dict[str, Any]:
    if update.waba_id not in by_account:
        by_account[update.waba_id] = []
        entries.append({"id": update.waba_id, "changes": by_account[update.waba_id]})
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": update.display_phone_number,
            "phone_number_id": update.number_id,
        },
        update.list_name: [],
    }
    field = "user_preferences" if update.list_name == "user_preferences" else "messages"
    by_account[update.waba_id].append({"field": field, "value": value})
    return value


def contact(customer: Customer, user_id: str, *, with_username: bool) -> dict[str, Any]:
    """The `contacts` element; `wa_id` is missing for who hides the phone."""
    profile = {"name": customer.name}
    if with_username and customer.username:
        profile["username"] = customer.username
    element: dict[str, Any] = {"profile": profile}
    if not customer.phone_hidden:
        element["wa_id"] = customer.key
    element["user_id"] = user_id
    return element


def status(number: Number, entry: Entry, customer: Customer, user_id: str, name: str, at: int) -> NumberUpdate:
    """A status of a message we accepted. `pricing` is on sent and delivered, `contacts` on all but failed."""
    item: dict[str, Any] = {"id": entry.wamid, "status": name, "timestamp": str(at)}
    if not customer.phone_hidden:
        item["recipient_id"] = customer.key
    item["recipient_user_id"] = user_id
    if entry.opaque is not None:
        item["biz_opaque_callback_data"] = entry.opaque
    if name in ("sent", "delivered"):
        item["pricing"] = _pricing(number, entry)
    if name == "failed":
        item["errors"] = [status_error(entry.error or 131000)]
    about = None if name == "failed" else contact(customer, user_id, with_username=name != "sent")
    return _number_update(number, "statuses", item, about)


def inbound(
    number: Number, customer: Customer, user_id: str, message_id: str, content: dict[str, Any], at: int
) -> NumberUpdate:
    """A message the customer wrote; `content` carries `type` and its object, perhaps `context`."""
    item: dict[str, Any] = {"from_user_id": user_id, "id": message_id, "timestamp": str(at), **content}
    if not customer.phone_hidden:
        item = {"from": customer.key, **item}
    return _number_update(number, "messages", item, contact(customer, user_id, with_username=True))


def preference(number: Number, customer: Customer, user_id: str, value: str, at: int) -> NumberUpdate:
    """The customer pressed "stop promotions", or resumed them."""
    item: dict[str, Any] = {
        "user_id": user_id,
        "detail": f"User requested to {value} marketing messages",
        "category": "marketing_messages",
        "value": value,
        "timestamp": at,
    }
    if not customer.phone_hidden:
        item = {"wa_id": customer.key, **item}
    return _number_update(number, "user_preferences", item, contact(customer, user_id, with_username=True))


def _number_update(
    number: Number,
    list_name: Literal["statuses", "messages", "user_preferences"],
    item: dict[str, Any],
    about: dict[str, Any] | None,
) -> NumberUpdate:
    return NumberUpdate(number.account.id, number.id, number.digits, list_name, item, about)


def _pricing(number: Number, entry: Entry) -> dict[str, Any]:
    """Service messages cost, too, after a monthly allowance (Meta fact sheet, D.5 and F.1)."""
    category = (entry.category or "service").lower()
    free = category == "service" and number.service_messages <= SERVICE_ALLOWANCE
    return {
        "billable": not free,
        "pricing_model": "PMP",
        "type": "free_customer_service" if free else "regular",
        "category": category,
    }
