"""The forms of Twilio's webhooks, signed; it refuses to decide when one is due (Twilio fact sheet, 6)."""

import base64
import hmac
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import msgspec

from envoi.simulator.customers import Customer
from envoi.simulator.ledger import Entry
from envoi.simulator.twilio.accounts import Account, AccountSpec, Sender, made_sid
from envoi.simulator.twilio.errors import message_of
from envoi.simulator.webhooks import Parcel

API_VERSION = "2010-04-01"
ALGORITHMS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}


class Notice(msgspec.Struct, frozen=True, gc=False):
    """One webhook: where it goes and its parameters."""

    url: str
    params: dict[str, str]


def parcel(updates: Sequence[Notice], spec: AccountSpec) -> Parcel:
    """The form of the one notice there is (mailboxes of this face carry one at a time), signed."""
    (notice,) = updates
    signed = notice.url + "".join(name + notice.params[name] for name in sorted(notice.params))
    secret, algorithm = spec.auth_token, "sha1"
    headers = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}
    if spec.shared_key:
        secret, algorithm = spec.shared_key.secret, ALGORITHMS[spec.shared_key.algorithm]
        settings = f"key={spec.shared_key.id},algorithm={spec.shared_key.algorithm}"
        headers["x-twilio-webhooks-signature-settings"] = settings
    digest = hmac.new(secret.encode(), signed.encode(), algorithm).digest()
    headers["x-twilio-signature"] = base64.b64encode(digest).decode()
    headers["i-twilio-idempotency-token"] = str(uuid4())
    return Parcel(urlencode(notice.params).encode(), headers, notice.url)


def address_of(customer: Customer, user_id: str) -> str:
    return f"whatsapp:{user_id}" if customer.phone_hidden else f"whatsapp:+{customer.key}"


def status(sender: Sender, entry: Entry, customer: Customer, user_id: str, name: str, url: str) -> Notice:
    """A status callback; `ErrorCode` is there when it failed."""
    to = address_of(customer, user_id)
    params = {
        "MessageSid": entry.wamid,
        "SmsSid": entry.wamid,
        "MessageStatus": name,
        "SmsStatus": name,
        "To": to,
        "From": f"whatsapp:{sender.id}",
        "AccountSid": sender.account.sid,
        "ApiVersion": API_VERSION,
        "ChannelPrefix": "whatsapp",
        "ChannelInstallSid": sender.sid,
        "ChannelToAddress": to.removeprefix("whatsapp:"),
    }
    if name in ("delivered", "read"):
        params["EventType"] = name.upper()
    if entry.error is not None:
        params |= {"ErrorCode": str(entry.error), "ErrorMessage": message_of(entry.error)}
    return Notice(url, params)


def inbound(sender: Sender, customer: Customer, user_id: str, sid: str, content: dict[str, str], url: str) -> Notice:
    """A message that the customer wrote; `content` carries MessageType and what belongs to it."""
    params = {
        "MessageSid": sid,
        "SmsSid": sid,
        "SmsMessageSid": sid,
        "SmsStatus": "received",
        "AccountSid": sender.account.sid,
        "From": address_of(customer, user_id),
        "To": f"whatsapp:{sender.id}",
        "Body": "",
        "NumMedia": "0",
        "NumSegments": "1",
        "ApiVersion": API_VERSION,
        "MessageType": "text",
        "ProfileName": customer.name,
        "ExternalUserId": f"whatsapp:{user_id}",
        "ChannelMetadata": '{"type":"whatsapp"}',
    }
    if not customer.phone_hidden:
        params["WaId"] = customer.key
    return Notice(url, params | content)


def shown_sender(sender: Sender) -> dict[str, Any]:
    """A sender as the Senders API shows it (Twilio fact sheet, 8)."""
    spec = sender.spec
    return {
        "sid": sender.sid,
        "sender_id": f"whatsapp:{spec.sender}",
        "status": spec.status,
        "configuration": {"waba_id": made_sid("", sender.account.sid)[:15]},
        "webhook": {
            "callback_url": sender.callback_url or sender.account.spec.callback_url,
            "callback_method": "POST",
            "status_callback_url": sender.status_callback_url or sender.account.spec.status_callback_url,
        },
        "profile": {"name": spec.name},
        "properties": {"quality_rating": spec.quality_rating, "messaging_limit": spec.messaging_limit},
        "offline_reasons": None,
        "url": f"https://messaging.twilio.com/v2/Channels/Senders/{sender.sid}",
    }


def mailbox_wrap(account: Account, updates: Sequence[Notice]) -> Parcel:
    return parcel(updates, account.spec)
