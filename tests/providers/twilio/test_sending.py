"""What leaves for Twilio, what is refused before that, and what each of its answers means."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envoi.core.ids import token_of
from envoi.providers.base import (
    ACTIONS,
    Accepted,
    Account,
    Card,
    Channel,
    Form,
    Outgoing,
    Rejected,
    SendError,
    Slot,
    Suspended,
    Throttled,
    Uncertain,
    Unreachable,
)
from envoi.providers.http import Client
from envoi.providers.twilio import Twilio
from envoi.providers.twilio.errors import ERRORS
from tests.simulator.twilio.rig import ANA, SENDER, TOKEN, MakeRig, Rig

from .conftest import Odd, account_at

TWILIO = Twilio()
CHANNEL = Channel(provider_id=SENDER, address=SENDER)
HX = "HX" + "0123456789abcdef" * 2
LINK = "https://cdn.example.com/a.jpg"


def message(kind: str, content: Mapping[str, Any] | None = None, **more: Any) -> Outgoing:
    return Outgoing(**{"recipient": ANA, "token": "e1.17.902", "kind": kind, "content": content, **more})


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


def template(form: Form, *values: str, **more: Any) -> Outgoing:
    return Outgoing(**{"recipient": ANA, "token": "e1.17.902", "form": form, "values": values, **more})


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


# --- Answers -------------------------------------------------------------------------------------------------------

CODES = sorted(int(code) for code in ERRORS)


@pytest.mark.parametrize("code", CODES)
async def test_each_code_of_the_table_is_raised_as_its_action(code: int, odd: Odd, http: Client):
    row = ERRORS[str(code)]
    status = 429 if code == 20429 else 401 if code == 20003 else 400
    body = json.dumps({"code": code, "message": "said", "more_info": "", "status": status}).encode()
    with pytest.raises(ACTIONS[row.action]) as raised:
        await TWILIO.send(http, odd.says(status, body), CHANNEL, TWILIO.body(message("text", {"body": "x"}), CHANNEL))
    failure = raised.value.failure
    assert (failure.code, failure.title, failure.detail, failure.action) == (str(code), row.title, "said", row.action)
    assert (raised.value.after, raised.value.growth) == (row.after, row.growth)
    if isinstance(raised.value, Rejected):
        assert raised.value.opted_out == (row.action == "opted_out")


def test_the_table_has_a_row_for_every_code_of_the_sheet():
    """Twilio sheet, 9, first column: kept here as it stands there."""
    sheet = (Path(__file__).parent / "codes.txt").read_text()
    found: set[str] = set()
    for first, last in re.findall(r"([0-9]{5})(?:–([0-9]{5}))?", sheet):
        found |= {str(code) for code in range(int(first), int(last or first) + 1)}
    assert found == set(ERRORS)
    assert all(row.source for row in ERRORS.values())


@pytest.mark.parametrize(
    ("status", "body", "error", "code"),
    [
        (400, b'{"code":99999,"message":"new"}', Rejected, "99999"),
        (500, b'{"code":99999,"message":"new"}', Uncertain, "99999"),
        (500, b"<html>", Uncertain, "http_500"),
        (502, b"", Uncertain, "http_502"),
        (429, b"", Throttled, "http_429"),
        (401, b"", Suspended, "http_401"),
        (404, b"<html>not twilio</html>", Suspended, "http_404"),
        (302, b"", Suspended, "http_302"),
        (200, b"<html>", Uncertain, "no_message_id"),
        (201, b"{}", Uncertain, "no_message_id"),
        (201, b"[" * 5000, Uncertain, "no_message_id"),
        (201, b"x" * 2_000_000, Uncertain, "answer_too_long"),
        (400, b'{"code":true}', Suspended, "http_400"),
    ],
)
async def test_an_answer_without_a_known_code(
    odd: Odd, http: Client, status: int, body: bytes, error: type[SendError], code: str
):
    with pytest.raises(error) as raised:
        await TWILIO.send(http, odd.says(status, body), CHANNEL, TWILIO.body(message("text", {"body": "x"}), CHANNEL))
    assert raised.value.failure.code == code


async def test_twilios_own_wait_counts_when_it_is_longer(odd: Odd, http: Client):
    account = odd.says(429, b'{"code":20429}', "retry-after: 17")
    with pytest.raises(Throttled) as raised:
        await TWILIO.send(http, account, CHANNEL, TWILIO.body(message("text", {"body": "x"}), CHANNEL))
    assert raised.value.after == 17


@pytest.mark.parametrize("credentials", [{}, {"auth_token": "a\nb"}, {"api_key": "SK1"}])
async def test_missing_or_damaged_credentials_stop_the_account(http: Client, credentials: dict[str, str]):
    account = Account(provider_id="AC1", credentials=credentials)
    with pytest.raises(Suspended):
        await TWILIO.send(http, account, CHANNEL, TWILIO.body(message("text", {"body": "x"}), CHANNEL))


async def test_nobody_there_means_nothing_left(http: Client):
    account = Account(
        provider_id="AC1", credentials={"auth_token": "x"}, base_url="http://127.0.0.1:1", allow_base_url=True
    )
    for kind, content in (("text", {"body": "x"}), ("interactive", BUTTONS)):
        with pytest.raises(Unreachable):
            await TWILIO.send(http, account, CHANNEL, TWILIO.body(message(kind, content), CHANNEL))


# --- Against the simulator -----------------------------------------------------------------------------------------


async def test_every_kind_arrives_as_meant_and_its_receipts_know_the_message(rig: Rig, http: Client):
    await rig.say(text="oi")
    account = account_at(rig)
    outgoing = [
        message("text", {"body": "olá"}),
        message("image", {"link": LINK, "caption": "olha"}),
        message("location", {"latitude": 1, "longitude": 2, "name": "Loja"}),
        *(message("interactive", interactive) for interactive, _ in KINDS),
        template(Form(rig.sids["promo_nov"], "pt_BR", (Slot("body"),)), "Bia"),
    ]
    sids = []
    for number, one in enumerate(outgoing):
        body = TWILIO.body(
            Outgoing(
                recipient=one.recipient,
                token=token_of(17, number),
                form=one.form,
                values=one.values,
                kind=one.kind,
                content=one.content,
            ),
            CHANNEL,
        )
        accepted = await TWILIO.send(http, account, CHANNEL, body)
        sids.append(accepted.provider_id)
    await rig.quiet()
    rows = await rig.rows()
    assert [row["wamid"] for row in rows] == sids
    assert [row["opaque"] for row in rows] == [token_of(17, number) for number in range(len(outgoing))]
    assert [row["kind"] for row in rows] == ["text", "media", "location", *TYPES, "template"]
    assert not [row for row in rows if row["error"]]
    assert {row["customer"] for row in rows} == {ANA.removeprefix("+")}


async def test_the_same_buttons_need_one_content_resource(rig: Rig, http: Client):
    await rig.say(text="oi")
    for words in ("Quer?", "E agora?"):
        body = TWILIO.body(message("interactive", {**BUTTONS, "body": {"text": words}}), CHANNEL)
        await TWILIO.send(http, account_at(rig), CHANNEL, body)
    _, listed = await rig.call("GET", "/v1/Content")
    names = [content["friendly_name"] for content in listed["contents"]]
    assert len([name for name in names if name.startswith("envoi_session_")]) == 1


async def test_a_read_mark_with_typing(rig: Rig, http: Client):
    sid = await rig.say(text="oi")
    body = TWILIO.body(message("read", {"message_id": sid, "typing": True}), CHANNEL)
    assert await TWILIO.send(http, account_at(rig), CHANNEL, body) == Accepted("")
    gone = TWILIO.body(message("read", {"message_id": "SM0", "typing": True}), CHANNEL)
    with pytest.raises(Rejected):
        await TWILIO.send(http, account_at(rig), CHANNEL, gone)


async def test_an_api_key_and_a_messaging_service(make_rig: MakeRig, http: Client):
    service = "MG" + "a" * 32
    rig = await make_rig(account={"api_keys": {"SKgood": "key-secret"}, "services": {service: [SENDER]}})
    account = account_at(
        rig, auth_token="not used to call", api_key="SKgood", api_key_secret="key-secret", messaging_service_sid=service
    )
    body = TWILIO.body(template(Form(rig.sids["plain"], "pt_BR")), CHANNEL)
    accepted = await TWILIO.send(http, account, CHANNEL, body)
    path = f"/2010-04-01/Accounts/{account.provider_id}/Messages/{accepted.provider_id}.json"
    assert (await rig.call("GET", path))[1]["messaging_service_sid"] == service


async def test_a_refusal_of_the_simulator_means_what_the_table_says(rig: Rig, http: Client):
    wrong = account_at(rig, auth_token="wrong")
    with pytest.raises(Suspended) as raised:
        await TWILIO.send(http, wrong, CHANNEL, TWILIO.body(message("text", {"body": "x"}), CHANNEL))
    assert (raised.value.failure.code, raised.value.scope) == ("20003", "account")
    other = Channel(provider_id="+19998887777")
    with pytest.raises(Suspended) as raised:
        await TWILIO.send(http, account_at(rig), other, TWILIO.body(message("text", {"body": "x"}), other))
    assert (raised.value.failure.code, raised.value.scope) == ("63007", "channel")
    assert TOKEN not in str(raised.value)
