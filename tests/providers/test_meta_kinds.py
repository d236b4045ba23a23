"""What leaves for Meta, kind by kind, and what is refused before the network (Meta sheet, A.2 to A.7)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envoi.providers.base import Card, Channel, Form, Outgoing, Rejected, Slot
from envoi.providers.table import PROVIDERS

from .meta_templates import CASES, Case

META = PROVIDERS["meta"]
CHANNEL = Channel(provider_id="1099", address="+34911222333")


def leaves(kind: str = "text", content: Any = None, **more: Any) -> Any:
    return json.loads(META.body(Outgoing(recipient="+1", token="t", kind=kind, content=content, **more), CHANNEL))


def refusal(kind: str = "text", content: Any = None, **more: Any) -> str:
    """The sentence of a refusal; "recipient" may be among `more`."""
    outgoing = Outgoing(**{"recipient": "+1", "token": "t", "kind": kind, "content": content, **more})
    with pytest.raises(Rejected) as caught:
        META.body(outgoing, CHANNEL)
    assert caught.value.failure.title
    return caught.value.failure.code


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.form.name)
def test_a_template_of_every_kind(case: Case):
    sent = leaves(form=case.form, values=case.values)
    assert sent["type"] == "template"
    assert sent["template"].get("components", []) == case.leaves


INTERACTIVE = [
    {"type": "button", "body": {"text": "?"}, "action": {"buttons": []}},
    {"type": "list", "body": {"text": "?"}, "action": {"button": "Open", "sections": []}},
    {"type": "cta_url", "body": {"text": "?"}, "action": {"name": "cta_url", "parameters": {}}},
    {"type": "flow", "body": {"text": "?"}, "action": {"name": "flow", "parameters": {}}},
    {"type": "product", "action": {"catalog_id": "C", "product_retailer_id": "SKU"}},
    {"type": "product_list", "body": {"text": "?"}, "action": {"catalog_id": "C", "sections": []}},
    {"type": "catalog_message", "body": {"text": "?"}, "action": {"name": "catalog_message"}},
    {"type": "location_request_message", "body": {"text": "?"}, "action": {"name": "send_location"}},
    {"type": "carousel", "body": {"text": "?"}, "action": {"cards": []}},
    {"type": "request_contact_info", "body": {"text": "?"}, "action": {"name": "request_contact_info"}},
]
CARD = {"name": {"formatted_name": "Ana"}, "phones": [{"phone": "+34600111222"}]}


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("text", {"body": "hi", "preview_url": True}, {"body": "hi", "preview_url": True}),
        ("image", {"id": "7", "caption": "c"}, {"id": "7", "caption": "c"}),
        ("image", {"link": "https://x.example/i"}, {"link": "https://x.example/i"}),
        ("video", {"id": "7", "link": "https://x.example/v"}, {"id": "7"}),
        (
            "document",
            {"id": "7", "caption": "c", "filename": "f.pdf"},
            {"id": "7", "caption": "c", "filename": "f.pdf"},
        ),
        ("audio", {"id": "7", "voice": True}, {"id": "7", "voice": True}),
        ("audio", {"id": "7", "caption": ""}, {"id": "7"}),
        ("sticker", {"id": 7}, {"id": "7"}),
        ("location", {"latitude": 0, "longitude": 0.0, "name": "N"}, {"latitude": 0, "longitude": 0.0, "name": "N"}),
        ("contacts", {"contacts": [CARD]}, [CARD]),
        ("reaction", {"message_id": "wamid.I", "emoji": "👍"}, {"message_id": "wamid.I", "emoji": "👍"}),
        ("reaction", {"message_id": "wamid.I"}, {"message_id": "wamid.I", "emoji": ""}),
        *(("interactive", one, one) for one in INTERACTIVE),
    ],
)
def test_a_message_of_every_kind(kind: str, content: Any, expected: Any):
    sent = leaves(kind, content, reply_to="wamid.I")
    assert (sent["type"], sent[kind], sent["context"]) == (kind, expected, {"message_id": "wamid.I"})
    assert (sent["messaging_product"], sent["to"], sent["biz_opaque_callback_data"]) == ("whatsapp", "+1", "t")


@pytest.mark.parametrize(("typing", "more"), [(False, {}), (True, {"typing_indicator": {"type": "text"}})])
def test_a_read_mark_and_typing(typing: bool, more: dict[str, Any]):
    sent = leaves("read", {"message_id": "wamid.I", "typing": typing})
    assert sent == {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.I", **more}


PLAIN = Form(name="plain", language="fr")


def test_the_marketing_endpoint_is_told_by_its_own_field():
    sent = leaves(form=PLAIN, options={"endpoint": "marketing_messages"})
    assert sent["product_policy"] == "CLOUD_API_FALLBACK"
    sent = leaves(
        form=PLAIN,
        options={"endpoint": "marketing_messages", "product_policy": "STRICT", "message_activity_sharing": False},
    )
    assert (sent["product_policy"], sent["message_activity_sharing"]) == ("STRICT", False)
    assert "product_policy" not in leaves(form=PLAIN)


def test_a_message_may_be_bound_to_the_persons_identity():
    sent = leaves(content={"body": "hi"}, options={"identity_key_hash": "h"})
    assert sent["recipient_identity_key_hash"] == "h"


CODE = Form(name="code", language="fr", slots=(Slot("button", index=0, sub_type="otp"),))


@pytest.mark.parametrize(
    ("code", "outgoing"),
    [
        ("recipient", {"recipient": "", "content": {"body": "hi"}}),
        ("kind", {"kind": "poll", "content": {"body": "hi"}}),
        ("kind", {"content": None}),
        ("kind", {"kind": "interactive", "content": {"type": "to_come", "action": {}}}),
        ("content", {"kind": "interactive", "content": {"type": "button"}}),
        ("content", {"content": {"body": ""}}),
        ("content", {"content": {"body": 7}}),
        ("content", {"kind": "image", "content": {"caption": "c"}}),
        ("content", {"kind": "audio", "content": {"id": "7", "caption": "c"}}),
        ("content", {"kind": "sticker", "content": {"id": "7", "caption": "c"}}),
        ("content", {"kind": "location", "content": {"latitude": 1}}),
        ("content", {"kind": "contacts", "content": {"contacts": []}}),
        ("content", {"kind": "contacts", "content": {"contacts": [CARD] * 258}}),
        ("content", {"kind": "reaction", "content": {"emoji": "👍"}}),
        ("content", {"kind": "read", "content": {}}),
        ("token", {"token": "x" * 513, "content": {"body": "hi"}}),
        ("ttl", {"form": PLAIN, "options": {"ttl_seconds": 60}}),
        ("endpoint", {"content": {"body": "hi"}, "options": {"endpoint": "marketing_messages"}}),
        ("endpoint", {"form": PLAIN, "options": {"endpoint": "other"}}),
        ("product_policy", {"form": PLAIN, "options": {"endpoint": "marketing_messages", "product_policy": "x"}}),
        ("values", {"form": CODE, "values": ()}),
        ("values", {"form": CODE, "values": ("1234567890123456",)}),
        ("needs_phone", {"form": CODE, "values": ("123",), "recipient": "ES.48"}),
        ("header", {"form": Form(name="x", language="fr", header={"type": "hologram"})}),
        ("header", {"form": Form(name="x", language="fr", cards=(Card(header={"type": "x"}),))}),
        ("values", {"form": Form(name="x", language="fr", slots=(Slot("expires_at_ms"),)), "values": ("soon",)}),
        ("values", {"form": Form(name="x", language="fr", slots=(Slot("button", sub_type="mpm"),)), "values": ("S",)}),
        ("button", {"form": Form(name="x", language="fr", slots=(Slot("button", sub_type="x"),)), "values": ("S",)}),
    ],
)
def test_what_meta_cannot_send_is_refused_with_a_sentence(code: str, outgoing: dict[str, Any]):
    assert refusal(**outgoing) == code


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
)
KINDS = ["text", "image", "audio", "location", "contacts", "interactive", "reaction", "read", "x"]
NAMES = ["body", "id", "link", "caption", "latitude", "longitude", "contacts", "type", "action", "message_id", "emoji"]


@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(NAMES), ANYTHING))
def test_any_content_is_a_body_or_a_refusal(kind: str, content: dict[str, Any]):
    try:
        sent = leaves(kind, content)
    except Rejected:
        return
    assert sent["messaging_product"] == "whatsapp"
