"""What Meta's webhooks become, case by case (fixtures/meta), and that nothing makes the parser fail."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envoi.core.events import Fact, Unknown
from envoi.providers.table import PROVIDERS

from .facts import delivery, plain

META = PROVIDERS["meta"]
FIXTURES = Path(__file__).parent / "fixtures" / "meta"
CASES = sorted(path for path in FIXTURES.glob("*.json") if not path.name.endswith(".facts.json"))


def parse(body: bytes) -> list[Fact]:
    return META.parse(delivery(body))


def verify(headers: dict[str, str], body: bytes, secrets: list[str]) -> bool:
    return META.verify(delivery(body, headers), secrets)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_a_webhook_becomes_these_facts(case: Path):
    expected = json.loads(case.with_suffix(".facts.json").read_text())
    assert json.loads(json.dumps(plain(parse(case.read_bytes())))) == expected


def test_every_fixture_of_facts_has_its_webhook():
    assert {path.name.removesuffix(".facts.json") for path in FIXTURES.glob("*.facts.json")} == {
        path.stem for path in CASES
    }


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail(body: bytes):
    assert len(parse(body)) == 1


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@given(JSON)
def test_no_json_makes_it_fail(value: object):
    facts = parse(json.dumps(value).encode())
    assert [type(fact) for fact in facts] == [Unknown]


@given(st.data(), st.sampled_from(CASES))
def test_no_damage_to_a_real_webhook_makes_it_fail(data: st.DataObject, case: Path):
    webhook = json.loads(case.read_text())
    for _ in range(data.draw(st.integers(1, 3))):
        webhook = damaged(webhook, data)
    facts = parse(json.dumps(webhook).encode())
    assert facts
    assert all(isinstance(fact, Fact) for fact in facts)


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


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"entry":' * 900 + b"1" + b"}" * 900, b"1" * 5_000, b"1e999"])
def test_no_depth_or_size_makes_it_fail(body: bytes):
    assert [type(fact) for fact in parse(body)] == [Unknown]


def test_a_thousand_updates_in_one_post_all_come_out():
    one = json.loads((FIXTURES / "status_delivered.json").read_text())
    one["entry"][0]["changes"][0]["value"]["statuses"] *= 1_000
    assert len(parse(json.dumps(one).encode())) == 1_000


# --- Signatures ----------------------------------------------------------------------------------------------------


def headers(body: bytes, secret: str) -> dict[str, str]:
    return {"x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


@given(st.binary(max_size=300), st.text(min_size=1))
def test_a_right_signature_is_taken(body: bytes, secret: str):
    secret = secret.encode("utf-8", "replace").decode()
    assert verify(headers(body, secret), body, [secret])
    assert verify(headers(body, secret), body, ["another", secret])
    assert not verify(headers(body, secret), body, [secret + "x"])
    assert not verify(headers(body, secret), body, [])


@given(st.binary(min_size=1, max_size=300), st.data())
def test_any_changed_byte_is_refused(body: bytes, data: st.DataObject):
    place = data.draw(st.integers(0, len(body) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != body[place]))
    assert not verify(headers(body, "s"), body[:place] + bytes([byte]) + body[place + 1 :], ["s"])


@given(st.data())
def test_any_changed_character_of_the_signature_is_refused(data: st.DataObject):
    right = headers(b"{}", "s")["x-hub-signature-256"]
    place = data.draw(st.integers(0, len(right) - 1))
    other = data.draw(st.characters().filter(lambda value: value != right[place]))
    changed = right[:place] + other + right[place + 1 :]
    assert not verify({"x-hub-signature-256": changed}, b"{}", ["s"])


@pytest.mark.parametrize("given", ["", "sha256=", "sha1=00", "é", None])
def test_an_empty_secret_signs_nothing(given: str | None):
    bare = {} if given is None else {"x-hub-signature-256": given}
    assert not verify(bare, b"", [""])
    assert not verify(headers(b"", ""), b"", [""])


def test_both_secrets_of_an_account_count_and_empty_ones_do_not():
    assert META.secrets({"app_secret": "new", "app_secret_old": "old"}) == ("new", "old")
    assert META.secrets({"app_secret": "", "app_secret_old": None, "token": "t"}) == ()


def test_the_handshake_answers_the_challenge_to_the_right_token_alone():
    asked = {"hub.mode": "subscribe", "hub.challenge": "42", "hub.verify_token": "right"}
    assert META.handshake(asked, "right") == "42"
    assert META.handshake(asked, "wrong") is None
    assert META.handshake({**asked, "hub.mode": "unsubscribe"}, "right") is None
    assert META.handshake({**asked, "hub.verify_token": ""}, "") is None
    assert META.handshake({}, "right") is None
