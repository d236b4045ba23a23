"""Webhooks as Meta writes them (Meta sheet, D), for tests of what follows from them."""

from __future__ import annotations

import json
from typing import Any

CHANNEL = "1099"  # the phone_number_id of tests/conftest.py's channel
NOON = 1767225600


def webhook(field: str, *values: dict[str, Any]) -> bytes:
    """One POST with one change for each value."""
    changes = [{"field": field, "value": value} for value in values]
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "100200", "changes": changes}]}).encode()


def value(channel: str = CHANNEL, **parts: Any) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "metadata": {"phone_number_id": channel}, **parts}


def said(text: str, *, number: int = 1, phone: str = "33639980001", channel: str = CHANNEL, wamid: str = "") -> bytes:
    """A customer's text; `number` tells messages apart."""
    return webhook("messages", value(channel, **message(text, number=number, phone=phone, wamid=wamid)))


def message(text: str, *, number: int = 1, phone: str = "33639980001", wamid: str = "") -> dict[str, Any]:
    return {
        "contacts": [{"profile": {"name": "Ana"}, "wa_id": phone}],
        "messages": [
            {
                "from": phone,
                "id": wamid or f"wamid.IN{phone}.{number}",
                "timestamp": str(NOON + number),
                "type": "text",
                "text": {"body": text},
            }
        ],
    }


def status(state: str, *, token: str, wamid: str, at: int = NOON, **more: Any) -> dict[str, Any]:
    """One entry of `statuses`."""
    return {
        "id": wamid,
        "status": state,
        "timestamp": str(at),
        "recipient_id": "33639980001",
        "biz_opaque_callback_data": token,
        **more,
    }


def preference(what: str, *, phone: str = "33639980001") -> bytes:
    item = {
        "wa_id": phone,
        "detail": "User requested to stop",
        "category": "marketing_messages",
        "value": what,
        "timestamp": NOON,
    }
    return webhook("user_preferences", value(user_preferences=[item]))
