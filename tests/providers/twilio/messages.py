"""Messages as the dispatcher hands them over, one of every kind that Twilio can send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from envoi.providers.base import Channel, Form, Outgoing
from envoi.providers.twilio import Twilio
from tests.simulator.twilio.rig import ANA, SENDER

TWILIO = Twilio()
CHANNEL = Channel(provider_id=SENDER, address=SENDER)
HX = "HX" + "0123456789abcdef" * 2
LINK = "https://cdn.example.com/a.jpg"


def message(kind: str, content: Mapping[str, Any] | None = None, **more: Any) -> Outgoing:
    return Outgoing(**{"recipient": ANA, "token": "e1.17.902", "kind": kind, "content": content, **more})


def template(form: Form, *values: str, **more: Any) -> Outgoing:
    return Outgoing(**{"recipient": ANA, "token": "e1.17.902", "form": form, "values": values, **more})


BUTTONS = {
    "type": "button",
    "body": {"text": "Quer?"},
    "action": {"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Sim"}}]},
}
LIST = {
    "type": "list",
    "body": {"text": "Qual?"},
    "action": {"button": "Ver", "sections": [{"rows": [{"id": "1", "title": "Jazz", "description": "d"}]}]},
}
URL = {
    "type": "cta_url",
    "body": {"text": "Veja"},
    "action": {"name": "cta_url", "parameters": {"display_text": "Ver", "url": "https://x.example/1"}},
}
FLOW = {
    "type": "flow",
    "body": {"text": "Preencha"},
    "action": {
        "name": "flow",
        "parameters": {
            "flow_id": "7",
            "flow_cta": "Abrir",
            "flow_token": "t",
            "flow_action_payload": {"screen": "ONE"},
        },
    },
}
PRODUCTS = {
    "type": "product_list",
    "body": {"text": "Novos"},
    "action": {
        "catalog_id": "9",
        "sections": [{"title": "Jazz", "product_items": [{"product_retailer_id": "a"}, {"product_retailer_id": "b"}]}],
    },
}
TYPES = {
    "twilio/quick-reply": {"body": "{{1}}", "actions": [{"type": "QUICK_REPLY", "title": "Sim", "id": "y"}]},
    "twilio/list-picker": {
        "body": "{{1}}",
        "button": "Ver",
        "items": [{"id": "1", "item": "Jazz", "description": "d"}],
    },
    "twilio/call-to-action": {
        "body": "{{1}}",
        "actions": [{"type": "URL", "title": "Ver", "url": "https://x.example/1"}],
    },
    "whatsapp/flows": {
        "body": "{{1}}",
        "button_text": "Abrir",
        "flow_id": "7",
        "flow_token": "t",
        "flow_first_page_id": "ONE",
    },
    "twilio/catalog": {
        "body": "{{1}}",
        "id": "9",
        "items": [{"id": "a", "section_title": "Jazz"}, {"id": "b", "section_title": "Jazz"}],
    },
}
KINDS = list(zip((BUTTONS, LIST, URL, FLOW, PRODUCTS), TYPES.items(), strict=True))
