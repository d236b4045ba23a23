"""Who signed: SHA-1 with the token, SHA-256 with a SharedKey, and no other bytes than those."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envoi.providers.base import Delivery
from envoi.providers.twilio import Twilio
from envoi.providers.twilio.signatures import pairs

TWILIO = Twilio()
SECRET = "12345678901234567890123456789012"
ADDRESS = "https://app.example.com/hooks/twilio"
BODY = urlencode(
    {
        "MessageSid": "SM00000000000000000000000000000001",
        "From": "whatsapp:+5511999990000",
        "To": "whatsapp:+14155238886",
        "Body": "Oi & tchau",
        "NumMedia": "0",
        "ProfileName": "Ana",
    }
).encode()
SHA1 = {"x-twilio-signature": "vDMWnNbxctm6kxIA3m/f/ioaTfU="}
SHA256 = {
    "x-twilio-signature": "8l4WOQq+oejgUQqJDNdfhzuDJuYTlp9A6Qv/+w0FJVA=",
    "x-twilio-webhooks-signature-settings": "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256",
}
FORM = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}


def came(headers: dict[str, str], body: bytes = BODY, *, address: str = ADDRESS, query: str = "tenant=7") -> Delivery:
    return Delivery.at(address, query=query, headers=FORM | headers, body=body)


@pytest.mark.parametrize("headers", [SHA1, SHA256], ids=["token", "shared key"])
def test_the_vectors_of_the_sheet_are_taken(headers: dict[str, str]):
    assert TWILIO.verify(came(headers), [SECRET])
    assert TWILIO.verify(came(headers), ["another", SECRET])
    assert not TWILIO.verify(came(headers), [SECRET + "x"])
    assert not TWILIO.verify(came(headers), [])


@pytest.mark.parametrize(
    "address", ["https://app.example.com:443/hooks/twilio", "https://app.example.com:8443/hooks/twilio"]
)
def test_the_address_counts_with_and_without_its_port(address: str):
    assert TWILIO.verify(came(SHA1, address=address), [SECRET])


def test_a_signature_over_the_address_with_its_port_counts():
    for given_as in ("https://app.example.com", "https://app.example.com:443"):
        url = f"{given_as}/hooks?a=%41"
        made = base64.b64encode(hmac.new(SECRET.encode(), url.encode() + b"a1", "sha1").digest()).decode()
        for ours in ("https://app.example.com/hooks", "https://app.example.com:443/hooks"):
            delivery = came({"x-twilio-signature": made}, b"a=1", address=ours, query="a=%41")
            assert TWILIO.verify(delivery, [SECRET])


@pytest.mark.parametrize("changed", [{"address": "https://app.example.org/hooks/twilio"}, {"query": "tenant=8"}])
def test_another_address_is_refused(changed: dict[str, str]):
    assert not TWILIO.verify(came(SHA1, **changed), [SECRET])
    assert not TWILIO.verify(came(SHA256, **changed), [SECRET])


@pytest.mark.parametrize("settings", ["key=1,algorithm=HMAC_MD5", "algorithm=none", "key=1,algorithm=HMAC_SHA512"])
def test_an_unknown_algorithm_is_refused(settings: str):
    assert not TWILIO.verify(came(SHA1 | {"x-twilio-webhooks-signature-settings": settings}), [SECRET])


def test_the_wrong_algorithm_is_refused():
    settings = "x-twilio-webhooks-signature-settings"
    assert not TWILIO.verify(came({**SHA1, settings: SHA256[settings]}), [SECRET])
    assert not TWILIO.verify(came({"x-twilio-signature": SHA256["x-twilio-signature"]}), [SECRET])


def signed(body: bytes, algorithm: str = "sha1", url: str = f"{ADDRESS}?tenant=7") -> dict[str, str]:
    """The sheet's recipe, written a second time."""
    joined = url.encode() + b"".join(name + value for name, value in sorted(set(pairs(body))))
    return {"x-twilio-signature": base64.b64encode(hmac.new(SECRET.encode(), joined, algorithm).digest()).decode()}


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=20), max_size=6))
def test_a_right_signature_is_taken_whatever_the_form(params: dict[str, str]):
    params = {
        name.encode("utf-8", "replace").decode(): value.encode("utf-8", "replace").decode()
        for name, value in params.items()
    }
    body = urlencode(params).encode()
    assert TWILIO.verify(came(signed(body), body), [SECRET])


@given(st.data())
def test_any_changed_byte_is_refused(data: st.DataObject):
    """But for a byte that changes how a character is written and not what it says, since Twilio signs the latter."""
    place = data.draw(st.integers(0, len(BODY) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != BODY[place]))
    changed = BODY[:place] + bytes([byte]) + BODY[place + 1 :]
    same = b"".join(n + v for n, v in sorted(set(pairs(changed)))) == b"".join(n + v for n, v in sorted(pairs(BODY)))
    assert TWILIO.verify(came(SHA1, changed), [SECRET]) == same
    assert TWILIO.verify(came(SHA256, changed), [SECRET]) == same


@given(st.data(), st.sampled_from([SHA1, SHA256]))
def test_any_changed_character_of_the_signature_is_refused(data: st.DataObject, headers: dict[str, str]):
    right = headers["x-twilio-signature"]
    place = data.draw(st.integers(0, len(right) - 1))
    other = data.draw(st.characters().filter(lambda value: value != right[place]))
    wrong = {**headers, "x-twilio-signature": right[:place] + other + right[place + 1 :]}
    assert not TWILIO.verify(came(wrong), [SECRET])


def test_repeated_names_count_once_for_each_value():
    body = b"MediaUrl=b&MediaUrl=a&MediaUrl=b&Blank="
    joined = f"{ADDRESS}?tenant=7BlankMediaUrlaMediaUrlb".encode()
    made = base64.b64encode(hmac.new(SECRET.encode(), joined, "sha1").digest()).decode()
    assert TWILIO.verify(came({"x-twilio-signature": made}, body), [SECRET])


def test_a_body_that_is_no_form_is_covered_by_its_hash():
    body = b'{"a": 1}'
    query = f"bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = signed(b"", url=f"{ADDRESS}?{query}") | {"content-type": "application/json"}
    assert TWILIO.verify(came(headers, body, query=query), [SECRET])
    assert not TWILIO.verify(came(headers, body + b" ", query=query), [SECRET])
    form = headers | FORM
    assert not TWILIO.verify(came(form, b"MessageSid=SM1", query=query), [SECRET])


@pytest.mark.parametrize("given_as", ["", "é", None, "=="])
def test_an_empty_secret_signs_nothing(given_as: str | None):
    bare = {} if given_as is None else {"x-twilio-signature": given_as}
    assert not TWILIO.verify(came(bare, b""), [""])
    url = f"{ADDRESS}?tenant=7"
    made = base64.b64encode(hmac.new(b"", url.encode(), "sha1").digest()).decode()
    assert not TWILIO.verify(came({"x-twilio-signature": made}, b""), [""])


def test_an_address_that_is_none_is_refused_not_an_error():
    assert not TWILIO.verify(came(SHA1, address="https://[/x:99999"), [SECRET])


def test_all_secrets_of_an_account_count_and_empty_ones_do_not():
    credentials = {"auth_token": "a", "auth_token_old": "b", "shared_key": "c", "shared_key_old": "", "api_key": "SK1"}
    assert TWILIO.secrets(credentials) == ("a", "b", "c")


def test_there_is_no_handshake():
    assert TWILIO.handshake({"hub.challenge": "42", "hub.verify_token": "x"}, "x") is None
