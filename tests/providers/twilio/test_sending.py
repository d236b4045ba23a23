"""What leaves for Twilio, and what is refused before that."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envoi.core.ids import token_of
from envoi.providers.base import (
    Card,
    Form,
    Outgoing,
    Rejected,
    Slot,
)
from tests.simulator.twilio.rig import SENDER

from .messages import BUTTONS, CHANNEL, FLOW, HX, KINDS, LINK, LIST, TWILIO, message, template


def form(outgoing: Outgoing) -> dict[str, Any]:
    """The body's fields beside those that every message has, which must be right."""
    fields: dict[str, Any] = dict(parse_qsl(TWILIO.body(outgoing, CHANNEL).decode(), keep_blank_values=True))
    assert fields.pop("To") == f"whatsapp:{outgoing.recipient}"
    assert fields.pop("From") == f"whatsapp:{SENDER}"
    assert fields.pop("StatusCallback") == f"?token={outgoing.token}"
    for name in ("ContentVariables", "Content"):
        if name in fields:
            fields[name] = json.loads(fields[name])
    return fields


# --- Templates -----------------------------------------------------------------------------------------------------


def test_a_template_leaves_in_the_shape_of_the_sheet():
    """Twilio sheet, 2: the example there, with our token."""
    header = {"type": "image", "image": {"link": LINK}}
    sent = template(Form(HX, "pt_BR", (Slot("body"),), header), "Ana")
    assert form(sent) == {"ContentSid": HX, "ContentVariables": {"1": "Ana", "2": LINK}}


def test_variables_are_numbered_in_one_row_unless_they_have_names():
    slots = (Slot("header"), Slot("body"), Slot("body", name="code"), Slot("button", index=0, sub_type="url"))
    header = {"type": "video", "parameter_name": "clip", "video": {"link": LINK}}
    sent = template(Form(HX, "pt_BR", slots, header), "Discos", "Ana", "SPRING20", "o/17")
    assert form(sent)["ContentVariables"] == {"1": "Discos", "2": "Ana", "code": "SPRING20", "3": "o/17", "clip": LINK}


def test_the_cards_of_a_carousel_continue_the_numbers():
    card = Card((Slot("body"), Slot("button", index=0, sub_type="url")), {"type": "image", "image": {"link": LINK}})
    sent = template(Form(HX, "pt_BR", (Slot("body"),), cards=(card, card)), "a", "b", "c", "d", "e")
    assert form(sent)["ContentVariables"] == {"1": "a", "2": "b", "3": "c", "4": "d", "5": "e", "6": LINK, "7": LINK}


def test_a_one_time_code_is_one_variable():
    slots = (Slot("body"), Slot("button", index=0, sub_type="otp"))
    assert form(template(Form(HX, "pt_BR", slots), "123456", "123456"))["ContentVariables"] == {"1": "123456"}


def test_a_template_without_variables_has_none_and_its_sid_may_come_apart():
    assert form(template(Form(HX, "pt_BR"))) == {"ContentSid": HX}
    apart = template(Form("promo_nov", "pt_BR"), options={"content_sid": HX})
    assert form(apart) == {"ContentSid": HX}


def test_options_of_twilio_travel_and_others_are_ignored():
    options = {"validity_seconds": 3600, "intent": "marketing", "endpoint": "marketing_messages"}
    assert form(template(Form(HX, "pt_BR"), options=options)) == {
        "ContentSid": HX,
        "ValidityPeriod": "3600",
        "MessageIntent": "marketing",
    }
    assert form(template(Form(HX, "pt_BR"), options={"validity_seconds": 0, "intent": "x"})) == {"ContentSid": HX}


# --- Everything else -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("text", {"body": "olá & tchau", "preview_url": True}, {"Body": "olá & tchau"}),
        ("image", {"link": LINK, "caption": "olha"}, {"Body": "olha", "MediaUrl": LINK}),
        ("video", {"link": LINK}, {"MediaUrl": LINK}),
        ("document", {"link": LINK, "filename": "nota.pdf"}, {"MediaUrl": LINK}),
        ("audio", {"link": LINK, "voice": True}, {"MediaUrl": LINK}),
        ("sticker", {"link": LINK}, {"MediaUrl": LINK}),
        (
            "location",
            {"latitude": -23.5, "longitude": 46, "name": "Loja", "address": "Rua A"},
            {"Body": "Loja, Rua A", "PersistentAction": "geo:-23.5,46.0|Loja, Rua A"},
        ),
        ("location", {"latitude": 1, "longitude": 2}, {"Body": "1.0,2.0", "PersistentAction": "geo:1.0,2.0"}),
    ],
)
def test_each_kind_has_its_form(kind: str, content: dict[str, Any], expected: dict[str, str]):
    assert form(message(kind, content)) == expected


@pytest.mark.parametrize(("interactive", "types"), KINDS, ids=lambda one: one[0] if isinstance(one, tuple) else "")
def test_interactive_kinds_become_content_types(interactive: dict[str, Any], types: tuple[str, Any]):
    words = interactive["body"]["text"]
    assert form(message("interactive", interactive)) == {
        "Content": {types[0]: types[1]},
        "ContentVariables": {"1": words},
    }


def test_one_product_is_a_catalog_of_one():
    single = {"type": "product", "body": {"text": "x"}, "action": {"catalog_id": "9", "product_retailer_id": "a"}}
    catalog = {"twilio/catalog": {"body": "{{1}}", "id": "9", "items": [{"id": "a"}]}}
    assert form(message("interactive", single))["Content"] == catalog


def test_a_business_scoped_id_goes_without_a_plus():
    assert form(message("text", {"body": "oi"}, recipient="BR.1349")) == {"Body": "oi"}


ROW = {"id": "1", "title": "x"}


@pytest.mark.parametrize(
    "outgoing",
    [
        message("text", {"body": ""}),
        message("text", {"body": "x" * 1601}),
        message("text", {"body": "oi"}, reply_to="SM1"),
        message("image", {"id": "17"}),
        message("image", {"link": LINK, "caption": "x" * 1601}),
        message("location", {"latitude": "north"}),
        message("contacts", {"contacts": []}),
        message("reaction", {"message_id": "SM1", "emoji": "👍"}),
        message("read", {"message_id": "SM1", "typing": False}),
        message("telepathy", {}),
        message("interactive", {**BUTTONS, "header": {"type": "text", "text": "x"}}),
        message("interactive", {**BUTTONS, "body": {}}),
        message("interactive", {**BUTTONS, "action": {"buttons": []}}),
        message("interactive", {**LIST, "action": {"button": "x", "sections": [{"rows": [ROW]}, {"rows": [ROW]}]}}),
        message("interactive", {**FLOW, "action": {"parameters": {"flow_name": "x"}}}),
        message("interactive", {**BUTTONS, "type": "location_request_message"}),
        template(Form("promo_nov", "pt_BR")),
        template(Form(HX, "pt_BR", (Slot("body"),))),
        template(Form(HX, "pt_BR", (Slot("expires_at_ms"),)), "1"),
        template(Form(HX, "pt_BR", (Slot("button", index=0, sub_type="mpm"),)), "{}"),
        template(Form(HX, "pt_BR", header={"type": "image", "image": {"id": "17"}})),
        template(Form(HX, "pt_BR", header={"type": "location", "location": {}})),
        template(Form(HX, "pt_BR", (Slot("body"),) * 101), *["x"] * 101),
    ],
)
def test_what_twilio_lacks_is_refused_before_the_network_with_a_sentence(outgoing: Outgoing):
    with pytest.raises(Rejected) as refusal:
        TWILIO.body(outgoing, CHANNEL)
    assert refusal.value.failure.title
    assert refusal.value.failure.detail


@given(
    st.text(min_size=1, max_size=200).filter(lambda words: words.encode("utf-8", "replace").decode() == words),
    st.integers(1, 10**17),
    st.integers(1, 10**17),
)
def test_a_text_comes_out_of_its_body_as_it_went_in(words: str, contact: int, number: int):
    assert form(message("text", {"body": words}, token=token_of(contact, number)))["Body"] == words


VALUES = st.lists(st.text(max_size=20).filter(lambda one: one.encode("utf-8", "replace").decode() == one), max_size=9)


@given(VALUES)
def test_values_come_out_of_their_template_as_they_went_in(values: list[str]):
    fields = form(template(Form(HX, "pt_BR", (Slot("body"),) * len(values)), *values))
    assert list(fields.get("ContentVariables", {}).values()) == values
