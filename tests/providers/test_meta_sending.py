"""What leaves for Meta, and what each of its answers means."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envoi.core.ids import token_of
from envoi.providers.base import (
    ACTIONS,
    Accepted,
    Account,
    Answer,
    Channel,
    Form,
    Outgoing,
    Rejected,
    SendError,
    Slot,
    Suspended,
    Throttled,
    Uncertain,
    Wait,
)
from envoi.providers.meta.errors import ERROR_RANGES, ERRORS
from envoi.providers.meta.sending import outcome, request
from envoi.providers.table import PROVIDERS

META = PROVIDERS["meta"]
ACCOUNT = Account(provider_id="100200", credentials={"token": "T"})
CHANNEL = Channel(provider_id="1099", address="+34911222333")
SALE = Form(
    name="spring_sale",
    language="es",
    header={"type": "image", "image": {"id": "1037543291543636"}},
    slots=(
        Slot("body", name="first_name"),
        Slot("body", name="code"),
        Slot("button", index=0, sub_type="quick_reply"),
        Slot("button", index=1, sub_type="url"),
    ),
)


def body(outgoing: Outgoing) -> Any:
    return json.loads(META.body(outgoing, CHANNEL))


def test_a_template_leaves_in_the_shape_of_the_sheet():
    """Meta sheet, A.5: the example there, with our token."""
    values = ("Ana", "SPRING20", "stop_promos", "cmp17/902")
    assert body(Outgoing(recipient="+34600111222", token="e1.17.902", form=SALE, values=values)) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+34600111222",
        "type": "template",
        "biz_opaque_callback_data": "e1.17.902",
        "template": {
            "name": "spring_sale",
            "language": {"code": "es"},
            "components": [
                {"type": "header", "parameters": [{"type": "image", "image": {"id": "1037543291543636"}}]},
                {
                    "type": "body",
                    "parameters": [
                        {"type": "text", "parameter_name": "first_name", "text": "Ana"},
                        {"type": "text", "parameter_name": "code", "text": "SPRING20"},
                    ],
                },
                {
                    "type": "button",
                    "sub_type": "quick_reply",
                    "index": "0",
                    "parameters": [{"type": "payload", "payload": "stop_promos"}],
                },
                {
                    "type": "button",
                    "sub_type": "url",
                    "index": "1",
                    "parameters": [{"type": "text", "text": "cmp17/902"}],
                },
            ],
        },
    }


def test_positional_variables_a_header_text_and_a_coupon():
    form = Form(
        name="x",
        language="en_US",
        slots=(
            Slot("header"),
            Slot("body"),
            Slot("body"),
            Slot("button", index=0, sub_type="copy_code"),
        ),
    )
    sent = body(Outgoing(recipient="+1", token="t", form=form, values=("H", "1", "2", "SAVE20")))
    assert sent["template"]["components"] == [
        {"type": "header", "parameters": [{"type": "text", "text": "H"}]},
        {"type": "body", "parameters": [{"type": "text", "text": "1"}, {"type": "text", "text": "2"}]},
        {
            "type": "button",
            "sub_type": "copy_code",
            "index": "0",
            "parameters": [{"type": "coupon_code", "coupon_code": "SAVE20"}],
        },
    ]


def test_a_template_without_variables_has_no_components():
    sent = body(Outgoing(recipient="+1", token="t", form=Form(name="x", language="fr")))
    assert sent["template"] == {"name": "x", "language": {"code": "fr"}}


def test_a_text_a_preview_and_a_reply():
    sent = body(
        Outgoing(
            recipient="+1", token="t", kind="text", content={"body": "hi", "preview_url": True}, reply_to="wamid.I"
        )
    )
    assert (sent["type"], sent["text"]) == ("text", {"body": "hi", "preview_url": True})
    assert sent["context"] == {"message_id": "wamid.I"}


def test_a_business_scoped_id_never_goes_into_to():
    sent = body(Outgoing(recipient="ES.4821907735512093", token="t", kind="text", content={"body": "hi"}))
    assert sent["recipient"] == "ES.4821907735512093"
    assert "to" not in sent


@pytest.mark.parametrize(
    "outgoing",
    [
        Outgoing(recipient="+1", token="t", form=SALE, values=("too", "few")),
        Outgoing(recipient="+1", token="t", kind="hologram", content={"body": "hi"}),
        Outgoing(recipient="+1", token="t", kind="text"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_the_network(outgoing: Outgoing):
    with pytest.raises(Rejected):
        META.body(outgoing, CHANNEL)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
SLOTS = st.builds(Slot, component=st.sampled_from(["header", "body"]), name=st.none() | TEXT) | st.builds(
    Slot,
    component=st.just("button"),
    index=st.integers(0, 9),
    sub_type=st.sampled_from(["url", "quick_reply", "copy_code"]),
)
FORMS = st.builds(Form, name=TEXT, language=TEXT, slots=st.lists(SLOTS, max_size=6).map(tuple))


@given(FORMS, st.data())
def test_every_value_comes_out_of_the_body_again(form: Form, data: st.DataObject):
    values = data.draw(st.lists(TEXT, min_size=len(form.slots), max_size=len(form.slots)))
    token = token_of(data.draw(st.integers(0, 2**59)), data.draw(st.integers(0, 2**59)))
    sent = body(Outgoing(recipient="+1", token=token, form=form, values=values))
    assert sent["biz_opaque_callback_data"] == token
    parts = sent["template"].get("components", [])
    found = [parameter for part in parts for parameter in part["parameters"]]
    words = [one.get("text", one.get("payload", one.get("coupon_code"))) for one in found]
    assert sorted(words) == sorted(values)


@given(FORMS)
def test_a_form_survives_being_stored_as_json(form: Form):
    assert Form.load(json.loads(json.dumps(form.dump()))) == form


# --- Answers -------------------------------------------------------------------------------------------------------


ACCEPTED = b'{"messaging_product":"whatsapp","contacts":[],"messages":[{"id":"wamid.A","message_status":"%s"}]}'


def answer(status: int, content: bytes | Mapping[str, Any], **headers: str) -> Answer:
    return Answer(status, headers, content if isinstance(content, bytes) else json.dumps(content).encode())


def refused(status: int, content: bytes | Mapping[str, Any], **headers: str) -> SendError:
    with pytest.raises(SendError) as caught:
        outcome(answer(status, content, **headers))
    return caught.value


def error(code: object, **more: object) -> dict[str, Any]:
    details = {"messaging_product": "whatsapp", "details": "Meta's own words"}
    return {"error": {"message": "(#1) x", "code": code, "error_data": details, "fbtrace_id": "AbC", **more}}


def test_the_request_goes_to_the_numbers_own_address_with_the_token():
    url, headers = request(ACCOUNT, CHANNEL)
    assert re.fullmatch(r"https://graph\.facebook\.com/v\d+\.0/1099/messages", url)
    assert headers == {"authorization": "Bearer T", "content-type": "application/json"}


@pytest.mark.parametrize(("allowed", "start"), [(False, "https://graph.facebook.com/"), (True, "http://localhost:9/")])
def test_another_address_is_used_only_where_it_is_allowed(allowed: bool, start: str):
    account = Account(
        provider_id="1",
        credentials={"token": "T", "api_version": "v99.0"},
        base_url="http://localhost:9/",
        allow_base_url=allowed,
    )
    assert request(account, CHANNEL)[0] == f"{start}v99.0/1099/messages"


@pytest.mark.parametrize(
    "credentials",
    [{}, {"token": ""}, {"token": "a\nb"}, {"token": "é"}, {"token": "T", "api_version": "v25.0/../evil"}],
)
def test_damaged_credentials_suspend_before_the_network(credentials: dict[str, str]):
    with pytest.raises(Suspended):
        request(Account(provider_id="1", credentials=credentials), CHANNEL)


def test_a_number_id_cannot_lead_elsewhere():
    assert request(ACCOUNT, Channel(provider_id="1/../../x?y"))[0].endswith("/1%2F..%2F..%2Fx%3Fy/messages")


@pytest.mark.parametrize(
    ("status", "held"),
    [(b"accepted", False), (b"held_for_quality_assessment", True), (b"paused", True), (b"to come", False)],
)
def test_an_accepted_message_may_be_held(status: bytes, held: bool):
    assert outcome(answer(200, ACCEPTED % status)) == Accepted("wamid.A", held)


ROWS = [(code, row) for code, row in ERRORS.items()] + [
    (str(code), row) for first, last, row in ERROR_RANGES for code in (first, last)
]


@pytest.mark.parametrize(("code", "row"), ROWS, ids=[code for code, _ in ROWS])
def test_every_code_of_the_table_asks_for_its_action(code: str, row):
    number, _, subcode = code.partition("/")
    status = 500 if row.action == "uncertain" else 400
    caught = refused(status, error(int(number), error_subcode=int(subcode or 0)))
    assert type(caught) is ACTIONS[row.action]
    assert caught.failure.code == number
    assert caught.failure.title == row.title
    assert caught.failure.detail == "Meta's own words (fbtrace_id AbC)"
    assert caught.failure.action == row.action
    assert caught.after == row.after
    assert row.source
    assert META.advice(code) is row


def test_the_table_has_every_code_of_the_sheet():
    """Meta sheet, E.5, copied here a second time by hand: a lost or mistyped row is noticed."""
    sheet = """0 1 2 3 4 10 33 100 190 200 299 368 613 80007 130403 130429 130472 130497 131000 131005 131008 131009
    131016 131020 131021 131026 131030 131031 131037 131041 131042 131044 131045 131047 131048 131049 131050 131051
    131052 131053 131055 131056 131057 131059 131200 131299 131062 131063 131064 132000 132001 132005 132007 132008
    132012 132015 132016 132018 132068 132069 133000 133004 133005 133006 133008 133009 133010 133015 133016 134011
    134100 134101 134102 135000 136024 137000 138000 138999 139000 139004 139100 139103 139200 147001 147005 2388019
    2388039 2388040 2388047 2388072 2388073 2388293 2388299 2388318 2388330 2494100 2593107 2593109""".split()
    assert [code for code in sheet if META.advice(code) is None] == []
    assert set(ERRORS) - set(sheet) == {"100/33"}
    assert [META.advice(code) for code in ("", "x", "-1", "131", "²", "9" * 30)] == [None] * 6


def test_only_proofs_lead_to_a_second_try():
    """Meta sheet, E.5, "Retry safety"; 131049 comes as a refusal, and waits a day."""
    again = {code for code, row in ERRORS.items() if row.action in ("throttled", "wait", "unreachable")}
    assert again == {"4", "80007", "130429", "131056", "131049"}
    assert {ERRORS[code].action for code in ("1", "2", "131000", "131016")} == {"uncertain"}


def test_what_the_sender_needs_to_know_comes_with_the_error():
    assert (refused(400, error(131050))).opted_out  # type: ignore[attr-defined]
    assert not (refused(400, error(131026))).opted_out  # type: ignore[attr-defined]
    assert (refused(400, error(131048))).scope == "channel"  # type: ignore[attr-defined]
    assert (refused(401, error(190))).scope == "account"  # type: ignore[attr-defined]
    pair = refused(400, error(131056))
    assert isinstance(pair, Wait)
    assert [pair.seconds(tries) for tries in range(4)] == [1, 4, 16, 64]
    assert pair.seconds(1_000) == 604_800
    slow = refused(400, error(130429), **{"retry-after": "7"})
    assert isinstance(slow, Throttled)
    assert slow.after == 7


HTML = b"<html><body>Bad gateway</body></html>"


@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [
        (200, HTML, Uncertain),
        (200, b"", Uncertain),
        (200, b'{"messages":[]}', Uncertain),
        (200, b'{"messages":[{"id":""}]}', Uncertain),
        (200, b'{"messages":[{"id":7}]}', Uncertain),
        (200, b"[" * 100_000, Uncertain),
        (202, b"null", Uncertain),
        (500, HTML, Uncertain),
        (502, b"", Uncertain),
        (503, error(999_999), Uncertain),
        (429, HTML, Throttled),
        (429, error(999_999), Throttled),
        (400, error(999_999), Rejected),
        (403, error(999_999), Rejected),
        (401, error(999_999), Suspended),
        (400, HTML, Suspended),
        (404, b"", Suspended),
        (301, b"", Suspended),
        (307, HTML, Suspended),
        (400, {"error": "no object"}, Suspended),
        (400, {"error": {"code": "130429"}}, Suspended),
    ],
)
def test_an_answer_without_a_known_code_goes_by_its_status(status: int, content: Any, kind: type[SendError]):
    caught = refused(status, content)
    assert type(caught) is kind
    assert caught.failure.code


@pytest.mark.parametrize("data", ["plain words", None, 7, {"details": None}, {}])
def test_meta_words_its_details_in_several_ways(data: object):
    caught = refused(400, error(131026, error_data=data, error_user_msg="For users"))
    assert caught.failure.detail in ("plain words (fbtrace_id AbC)", "For users (fbtrace_id AbC)")
