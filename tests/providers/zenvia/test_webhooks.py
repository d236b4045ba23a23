"""What Zenvia's events become, case by case (fixtures), who may post them, and that nothing makes the parser fail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envoi.core.events import Fact, MessageReceived, PreferenceChanged, Receipt, Unknown
from envoi.providers.base import Channel, Delivery, Outgoing
from envoi.providers.table import PROVIDERS
from envoi.providers.zenvia.errors import ERRORS, REASONS, code_of_cause

from ..facts import plain

ZENVIA = PROVIDERS["zenvia"]
FIXTURES = Path(__file__).parent / "fixtures"
CASES = sorted(path for path in FIXTURES.glob("*.json") if not path.name.endswith(".facts.json"))
FACTS = (MessageReceived, PreferenceChanged, Receipt, Unknown)


def delivered(body: bytes, headers: dict[str, str] | None = None) -> Delivery:
    address = "https://envoi.example/hooks/zenvia/key"
    return Delivery.at(address, query="", headers=headers or {}, body=body)


def parse(body: bytes) -> list[Fact]:
    return ZENVIA.parse(delivered(body))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_an_event_becomes_these_facts(case: Path):
    expected = json.loads(case.with_suffix(".facts.json").read_text())
    assert json.loads(json.dumps(plain(parse(case.read_bytes())))) == expected


def test_every_fixture_of_facts_has_its_event():
    assert {path.name.removesuffix(".facts.json") for path in FIXTURES.glob("*.facts.json")} == {
        path.stem for path in CASES
    }


def test_the_sheets_own_examples_mean_what_the_sheet_says():
    """Zenvia sheet, 4, the two payloads there, in their own words."""
    [received] = parse((FIXTURES / "in_tapped_button.json").read_bytes())
    assert isinstance(received, MessageReceived)
    assert (received.channel, received.sender.phone, received.reply_to) == (
        "551140001000",
        "+5511999990000",
        "our-message",
    )
    assert received.content["button"] == {"payload": "QUERO", "text": "Quero"}
    [receipt] = parse((FIXTURES / "status_not_delivered.json").read_bytes())
    assert isinstance(receipt, Receipt)
    assert (receipt.key, receipt.state) == ((17, 902), "failed")
    assert receipt.failure is not None
    assert receipt.failure.code == "131026"


@pytest.mark.parametrize("code", [code for code in ERRORS if code.isdigit()])
def test_every_code_of_the_channel_reaches_the_receipt_with_its_action(code: str):
    event = json.loads((FIXTURES / "status_not_delivered.json").read_text())
    event["messageStatus"]["causes"] = [{"channelErrorCode": code, "reason": "R", "details": "D"}]
    receipt, *rest = parse(json.dumps(event).encode())
    assert isinstance(receipt, Receipt)
    assert receipt.failure is not None
    row = ERRORS[code]
    assert (receipt.failure.code, receipt.failure.title) == (code, row.title)
    assert (receipt.failure.detail, receipt.failure.action) == ("R: D", row.action)
    assert [type(fact) for fact in rest] == ([PreferenceChanged] if row.action == "opted_out" else [])
    assert ZENVIA.advice(receipt.failure.code) is row


def test_a_code_that_only_metas_own_sheet_has_is_known_too():
    assert code_of_cause("131057", "") == "131057"
    advice = ZENVIA.advice("131057")
    assert advice is not None
    assert advice.action == "uncertain"


@pytest.mark.parametrize("code", ["0", "1", "4", "10", "100", "E4", "", "9" * 5_000])
def test_a_short_or_endless_number_is_no_code_of_meta(code: str):
    assert code_of_cause(code, "Something else") is None


@pytest.mark.parametrize(("words", "code"), REASONS, ids=[code for _, code in REASONS])
def test_a_cause_without_a_known_code_is_known_by_its_reason(words: str, code: str):
    assert code_of_cause("", f"… {words.upper()} …") == code
    assert ZENVIA.advice(code) is ERRORS[code]


def test_a_contact_that_came_can_be_passed_on():
    """What comes in has the shape that goes out."""
    [received] = parse((FIXTURES / "in_contacts.json").read_bytes())
    assert isinstance(received, MessageReceived)
    cards = {"contacts": received.content["contacts"]}
    channel = Channel(provider_id="551140001000")
    sent = json.loads(ZENVIA.body(Outgoing(recipient="+1", token="t", kind="contacts", content=cards), channel))
    original = json.loads((FIXTURES / "in_contacts.json").read_text())["message"]["contents"][0]
    assert sent["contents"][0]["contacts"] == original["contacts"]


# --- Nothing makes it fail -------------------------------------------------------------------------------------------

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail(body: bytes):
    assert len(parse(body)) == 1


@given(JSON)
def test_no_json_makes_it_fail(value: object):
    assert [type(fact) for fact in parse(json.dumps(value).encode())] == [Unknown]


@given(st.data(), st.sampled_from(CASES))
def test_no_damage_to_a_real_event_makes_it_fail(data: st.DataObject, case: Path):
    event = json.loads(case.read_text())
    for _ in range(data.draw(st.integers(1, 3))):
        event = damaged(event, data)
    facts = parse(json.dumps(event).encode())
    assert facts
    assert all(isinstance(fact, FACTS) for fact in facts)


def damaged(value: object, data: st.DataObject) -> object:
    """The value with one thing somewhere inside replaced by anything, or left out."""
    if isinstance(value, dict) and value and data.draw(st.integers(0, 9)):
        key = data.draw(st.sampled_from(sorted(value)))
        if data.draw(st.integers(0, 5)) == 0:
            return {name: item for name, item in value.items() if name != key}
        return {**value, key: damaged(value[key], data)}
    if isinstance(value, list) and value and data.draw(st.integers(0, 9)):
        place = data.draw(st.integers(0, len(value) - 1))
        return [*value[:place], damaged(value[place], data), *value[place + 1 :]]
    return data.draw(JSON)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"message":' * 900 + b"1" + b"}" * 900, b"1" * 5_000, b"1e999"])
def test_no_depth_or_size_makes_it_fail(body: bytes):
    assert [type(fact) for fact in parse(body)] == [Unknown]


# --- Who may post ----------------------------------------------------------------------------------------------------


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_the_secret_header_opens_and_nothing_else_does(secret: str):
    given_header = delivered(b"{}", {"x-hook-secret": secret})
    assert ZENVIA.verify(given_header, [secret])
    assert ZENVIA.verify(given_header, ["another", secret])
    assert ZENVIA.verify(given_header, [secret, "old"])
    assert not ZENVIA.verify(given_header, [secret + "x"])
    assert not ZENVIA.verify(given_header, [])
    assert not ZENVIA.verify(delivered(b"{}"), [secret])


@given(st.data())
def test_any_changed_character_of_the_secret_is_refused(data: st.DataObject):
    right = "s3cret-of-the-hook"
    place = data.draw(st.integers(0, len(right) - 1))
    other = data.draw(st.characters().filter(lambda value: value != right[place]))
    changed = right[:place] + other + right[place + 1 :]
    assert not ZENVIA.verify(delivered(b"{}", {"x-hook-secret": changed}), [right])


@pytest.mark.parametrize("given_header", ["", "x", None])
def test_an_empty_secret_lets_nobody_in(given_header: str | None):
    headers = {} if given_header is None else {"x-hook-secret": given_header}
    assert not ZENVIA.verify(delivered(b"", headers), [""])


def test_both_secrets_of_an_account_count_and_empty_ones_do_not():
    assert ZENVIA.secrets({"hook_secret": "new", "hook_secret_old": "old"}) == ("new", "old")
    assert ZENVIA.secrets({"hook_secret": "", "hook_secret_old": None, "token": "t"}) == ()


def test_nobody_is_greeted_by_a_get():
    assert ZENVIA.handshake({"hub.mode": "subscribe", "hub.challenge": "1", "hub.verify_token": "x"}, "x") is None
