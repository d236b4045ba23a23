"""What Twilio's webhooks tell: statuses of what we sent, and everything inbound (Twilio sheet, 3, 6).

Neither kind says when it happened, so the moment at which it reached us counts. Contents get Meta's shapes;
Twilio's own parameters stay beside them under "twilio".
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Any

import msgspec

from ...core.events import Fact, Failure, MessageReceived, Person, PreferenceChanged, Receipt, ReceiptState, Unknown
from ...core.ids import parse_token
from ..base import Delivery
from .errors import advice
from .signatures import pairs

Json = dict[str, Any]

STATUSES: dict[str, ReceiptState] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}

# On its way to WhatsApp: nothing that a receipt could say yet.
NO_NEWS = ("accepted", "scheduled", "queued", "sending")

RECEIVED = ("received", "receiving", "")

MEDIA = ("image", "video", "audio", "document", "sticker")


def urgent(body: bytes) -> bool:
    """All without a status, or with that of a message to us: MessageStatus or SmsStatus=received (3, 6)."""
    return b"Status=" not in body or b"Status=receiv" in body


def parse(delivery: Delivery) -> list[Fact]:
    """One webhook tells of one message; a keyword of Advanced Opt-Out is told a second time. Never raises."""
    params = {_text(name): _text(value) for name, value in pairs(delivery.body)}
    if not params.get("MessageSid"):
        return [Unknown("webhook", _raw(delivery, params))]
    status = params.get("MessageStatus") or params.get("SmsStatus", "")
    try:
        if status in RECEIVED:
            return _received(params, delivery.at_our_door)
        if status in NO_NEWS:
            return []
        return _receipts(params, status, delivery.query.get("token", ""), delivery.at_our_door)
    except (KeyError, ValueError):
        return [Unknown("message" if status in RECEIVED else f"status {status}", params)]


def _receipts(params: dict[str, str], status: str, token: str, at: datetime) -> list[Fact]:
    """A status; that the person blocked us is told a second time, as their preference."""
    receipt = Receipt(
        channel=_address(params["From"]),
        provider_id=params["MessageSid"],
        key=parse_token(token),
        state=STATUSES[status],
        at=at,
        recipient=_person(params["To"], params),
        failure=_failure(params, status) if STATUSES[status] == "failed" else None,
    )
    if receipt.failure is not None and receipt.failure.action == "opted_out":
        words = receipt.failure.title
        return [receipt, PreferenceChanged(receipt.channel, receipt.recipient, False, receipt.at, words)]
    return [receipt]


def _failure(params: dict[str, str], status: str) -> Failure:
    if status == "canceled":
        return Failure("canceled", "The message was cancelled before it was sent")
    code = params.get("ErrorCode", "")[:40] or "unknown"
    row = advice(code)
    words = params.get("ErrorMessage") or params.get("ChannelStatusMessage") or ""
    return Failure(code, row.title if row else words, words, row.action if row else "rejected")


def _received(params: dict[str, str], at: datetime) -> list[Fact]:
    channel, sender, kind = _address(params["To"]), _person(params["From"], params), _kind(params)
    message = MessageReceived(
        channel=channel,
        sender=sender,
        provider_id=params["MessageSid"],
        at=at,
        kind=kind,
        text=_words(kind, params),
        content=_content(kind, params),
        reply_to=params.get("OriginalRepliedMessageSid") or None,
    )
    wants = {"STOP": False, "START": True}.get(params.get("OptOutType", "").upper())
    if wants is None:
        return [message]
    return [message, PreferenceChanged(channel, sender, wants, message.at, params.get("Body", ""))]


def _kind(params: dict[str, str]) -> str:
    """MessageType, or what the other parameters tell where it is missing."""
    if kind := params.get("MessageType", ""):
        return kind
    media = params.get("MediaContentType0", "")
    if media:
        kind = media.partition("/")[0]
        return {"image/webp": "sticker", "text/vcard": "contacts"}.get(media, kind if kind in MEDIA else "document")
    if params.get("Latitude"):
        return "location"
    if params.get("ListId") or params.get("FlowData") or params.get("InteractiveData"):
        return "interactive"
    return "button" if params.get("ButtonText") else "text"


def _words(kind: str, params: dict[str, str]) -> str:
    """What a person would read: the text, the button or row that was tapped, or the name of the place."""
    if kind == "location":
        return params.get("Label") or params.get("Address") or params.get("Body", "")
    return params.get("Body") or params.get("ButtonText") or params.get("ListTitle", "")


def _content(kind: str, params: dict[str, str]) -> Json:
    """Meta's message object as far as Twilio tells it, with what Twilio said."""
    about = {"type": kind, "id": params["MessageSid"], kind: _object(kind, params)}
    if replied := params.get("OriginalRepliedMessageSid"):
        author = params.get("OriginalRepliedMessageSender", "")
        about["context"] = {"id": replied} | ({"from": _address(author)} if author.startswith("whatsapp:") else {})
    if params.get("Forwarded", "").lower() == "true":
        about.setdefault("context", {})["forwarded"] = True
    if params.get("FrequentlyForwarded", "").lower() == "true":
        about.setdefault("context", {})["frequently_forwarded"] = True
    if referral := _referral(params):
        about["referral"] = referral
    return about | {"twilio": params}


def _object(kind: str, params: dict[str, str]) -> Any:
    media = _media(params)
    match kind:
        case "text":
            return {"body": params.get("Body", "")}
        case "contacts":
            return media
        case "location":
            return _present(params, name="Label", address="Address") | _place(params)
        case "button":
            return _present(params, payload="ButtonPayload", text="ButtonText")
        case "interactive":
            return _interactive(params)
        case _ if kind in MEDIA and media:
            return media[0] | _present(params, caption="Body")
    return {"media": media} if media else {}


def _media(params: dict[str, str]) -> list[Json]:
    """What Media.download takes, for each of MediaUrl0 and on."""
    found: list[Json] = []
    while url := params.get(f"MediaUrl{len(found)}"):
        found.append({"url": url, "mime_type": params.get(f"MediaContentType{len(found)}", "")})
    return found


def _interactive(params: dict[str, str]) -> Json:
    if params.get("ListId"):
        return {"type": "list_reply", "list_reply": _present(params, id="ListId", title="ListTitle")}
    if params.get("FlowData") or params.get("InteractiveData"):
        return {"type": "nfm_reply", "nfm_reply": _present(params, response_json="FlowData", data="InteractiveData")}
    return {"type": "button_reply", "button_reply": _present(params, id="ButtonPayload", title="ButtonText")}


def _referral(params: dict[str, str]) -> Json:
    """The click-to-WhatsApp ad, in Meta's names."""
    return _present(
        params,
        source_id="ReferralSourceId",
        source_type="ReferralSourceType",
        source_url="ReferralSourceUrl",
        headline="ReferralHeadline",
        body="ReferralBody",
        media_type="ReferralMediaContentType",
        media_url="ReferralMediaUrl",
        media_id="ReferralMediaId",
        ctwa_clid="ReferralCtwaClid",
    )


def _place(params: dict[str, str]) -> dict[str, float]:
    place = {"latitude": float(params["Latitude"]), "longitude": float(params["Longitude"])}
    if not all(map(math.isfinite, place.values())):
        raise ValueError("No place on earth.")
    return place


def _present(params: dict[str, str], **names: str) -> Json:
    return {ours: params[theirs] for ours, theirs in names.items() if params.get(theirs)}


def _person(who: str, params: dict[str, str]) -> Person:
    """The customer: `who` is a phone or a business-scoped id, ExternalUserId and WaId may tell the other."""
    name = params.get("ProfileName", "")
    user_id = params.get("ExternalUserId", "").removeprefix("whatsapp:") or None
    address = _address(who)
    if _is_phone(address):
        return Person(address, user_id, name)
    wa_id = f"+{params.get('WaId', '')}"
    return Person(wa_id if _is_phone(wa_id) else None, address, name)


def _address(address: str) -> str:
    """A phone or id without its channel. Raises ValueError for another channel's."""
    channel, _, rest = address.partition(":")
    if channel != "whatsapp" or not rest:
        raise ValueError("Not a WhatsApp address.")
    return rest


def _is_phone(address: str) -> bool:
    return re.fullmatch(r"\+[0-9]{6,15}", address) is not None


def _text(value: bytes) -> str:
    """Readable text, without what PostgreSQL can't hold."""
    return value.decode("utf-8", "replace").replace("\x00", "")


def _raw(delivery: Delivery, params: dict[str, str]) -> Any:
    """A form as its parameters, JSON as itself when it can be stored as it is, anything else as text."""
    if any(value for value in params.values()):
        return params
    words = _text(delivery.body)
    try:
        return msgspec.json.decode(words) if "\\u0000" not in words else words
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return words
