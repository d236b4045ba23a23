"""Who may sign: the sheet's vectors, the four schemes, two secrets, and that any changed byte is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envoi.providers.base import Delivery
from envoi.providers.bird import Bird, signatures

BIRD = Bird()
URL = "https://app.example.com/hooks/bird"
KEY = "s3cret-signing-key"
WHSEC = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
BODY = b'{"service":"channels","event":"whatsapp.inbound","payload":{"id":"m1"}}'


def at(headers: dict[str, str], body: bytes = BODY, *, query: str = "") -> Delivery:
    return Delivery.at(URL, query=query, headers=headers, body=body)


def standard(body: bytes, *, secret: str = WHSEC, stamp: float | None = None) -> dict[str, str]:
    sent = str(int(time.time() if stamp is None else stamp))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.digest(key, f"msg_1.{sent}.".encode() + body, "sha256")).decode()
    return {"webhook-id": "msg_1", "webhook-timestamp": sent, "webhook-signature": f"v1,{signature}"}


def gen2(body: bytes, *, secret: str = KEY) -> dict[str, str]:
    signed = f"1760000000\n{URL}\n".encode() + hashlib.sha256(body).digest()
    signature = base64.b64encode(hmac.digest(secret.encode(), signed, "sha256")).decode()
    return {"messagebird-signature": signature, "messagebird-request-timestamp": "1760000000"}


def jwt(body: bytes, *, secret: str = KEY, hash_name: str = "256", **changed: Any) -> dict[str, str]:
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": "MessageBird",
        "nbf": now,
        "exp": now + 60,
        "jti": "j1",
        "url_hash": hashlib.sha256(URL.encode()).hexdigest(),
    }
    claims |= {"payload_hash": hashlib.sha256(body).hexdigest()} if body else {}
    claims = {name: value for name, value in (claims | changed).items() if value is not None}
    head = f"{url64(json.dumps({'alg': f'HS{hash_name}'}).encode())}.{url64(json.dumps(claims).encode())}"
    return {
        "messagebird-signature-jwt": f"{head}.{url64(hmac.digest(secret.encode(), head.encode(), f'sha{hash_name}'))}"
    }


def url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


Sign = Callable[..., dict[str, str]]
SCHEMES = [
    pytest.param(standard, WHSEC, id="gen3"),
    pytest.param(gen2, KEY, id="gen2"),
    pytest.param(jwt, KEY, id="jwt"),
]


def test_the_vector_of_the_bird_api(monkeypatch: pytest.MonkeyPatch):
    """Bird sheet, 3.4; its time is in the past, so the window is as wide as it says to make it."""
    monkeypatch.setattr(signatures, "TOLERANCE_SECONDS", 10**12)
    body = (
        b'{"type":"whatsapp.delivered","timestamp":"2026-11-22T10:00:00Z",'
        b'"data":{"whatsapp_id":"wam_01krdgeqcxet5s7t44vh8rt9mg"}}'
    )
    headers = {"webhook-id": "msg_1", "webhook-timestamp": "1760000000"}
    headers["webhook-signature"] = "v1,0i3JzIPmZirK0r62itnQJfPYX/nzIWhLXuw0UVCPsoA="
    assert BIRD.verify(at(headers, body), [WHSEC])


@pytest.mark.parametrize(
    ("signature", "query"),
    [("VCs2jIFsho0XoeLI5G5MDWlmIMyaaaLnXhTM2k3YI8k=", ""), ("n/XWHXgitZ+akcpe96qJ5gtSdYVWj/w0JJhBJ9QcGxM=", "a=1&b=2")],
)
def test_the_vectors_of_gen_2_and_of_old_messagebird(signature: str, query: str):
    headers = {"messagebird-signature": signature, "messagebird-request-timestamp": "1760000000"}
    assert BIRD.verify(at(headers, query=query), [KEY])
    assert not BIRD.verify(at(headers, query="a=1&b=3"), [KEY])


def test_old_messagebird_signs_the_query_in_its_order():
    headers = {"messagebird-signature": "n/XWHXgitZ+akcpe96qJ5gtSdYVWj/w0JJhBJ9QcGxM="}
    headers["messagebird-request-timestamp"] = "1760000000"
    assert BIRD.verify(at(headers, query="b=2&a=1"), [KEY])


@pytest.mark.parametrize(("sign", "secret"), SCHEMES)
@given(body=st.binary(max_size=200))
def test_a_right_signature_is_taken_with_either_secret(sign: Sign, secret: str, body: bytes):
    assert BIRD.verify(at(sign(body), body), [secret])
    assert BIRD.verify(at(sign(body), body), ["whsec_b3RoZXI=", secret])
    assert not BIRD.verify(at(sign(body), body), ["whsec_b3RoZXI=", "other"])
    assert not BIRD.verify(at(sign(body), body), [])
    assert not BIRD.verify(at(sign(body), body), [""])


@pytest.mark.parametrize(("sign", "secret"), SCHEMES)
@given(body=st.binary(min_size=1, max_size=200), data=st.data())
def test_any_changed_byte_is_refused(sign: Sign, secret: str, body: bytes, data: st.DataObject):
    place = data.draw(st.integers(0, len(body) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != body[place]))
    changed = body[:place] + bytes([byte]) + body[place + 1 :]
    assert not BIRD.verify(at(sign(body), changed), [secret])


@pytest.mark.parametrize(("sign", "secret"), SCHEMES)
@given(data=st.data())
def test_any_changed_character_of_a_header_is_refused(sign: Sign, secret: str, data: st.DataObject):
    headers = sign(BODY)
    name = data.draw(st.sampled_from(sorted(headers)))
    place = data.draw(st.integers(0, len(headers[name]) - 1))
    other = data.draw(st.characters().filter(lambda value: value != headers[name][place]))
    changed = headers[name][:place] + other + headers[name][place + 1 :]
    assert not BIRD.verify(at({**headers, name: changed}), [secret])


@pytest.mark.parametrize(("sign", "secret"), SCHEMES)
def test_another_address_is_refused_where_the_address_is_signed(sign: Sign, secret: str):
    elsewhere = Delivery.at(URL + "x", query="", headers=sign(BODY), body=BODY)
    assert BIRD.verify(elsewhere, [secret]) is (sign is standard)


@pytest.mark.parametrize(("seconds", "taken"), [(0, True), (-290, True), (290, True), (-310, False), (310, False)])
def test_the_bird_api_is_heard_for_five_minutes(seconds: int, taken: bool):
    assert BIRD.verify(at(standard(BODY, stamp=time.time() + seconds)), [WHSEC]) is taken


def test_while_a_secret_is_being_changed_bird_signs_with_both():
    headers = standard(BODY)
    headers["webhook-signature"] = f"v1,AAAA {headers['webhook-signature']} v2,BBBB"
    assert BIRD.verify(at(headers), [WHSEC])


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "Messagebird"},
        {"jti": None},
        {"nbf": None},
        {"exp": None},
        {"exp": True},
        {"exp": "soon"},
        pytest.param({"exp": time.time() - 10}, id="ended"),
        pytest.param({"nbf": time.time() + 3_600}, id="not yet begun"),
        {"url_hash": None},
        {"payload_hash": None},
        {"payload_hash": "00"},
    ],
    ids=str,
)
def test_a_jwt_must_say_all_that_the_sheet_asks_for(changed: dict[str, Any]):
    assert not BIRD.verify(at(jwt(BODY, **changed)), [KEY])


@pytest.mark.parametrize("hash_name", ["256", "384", "512"])
def test_three_hashes_of_a_jwt_are_known(hash_name: str):
    assert BIRD.verify(at(jwt(BODY, hash_name=hash_name)), [KEY])


def test_a_jwt_without_a_body_has_no_hash_of_it():
    assert BIRD.verify(at(jwt(b""), b""), [KEY])
    assert not BIRD.verify(at(jwt(b"", payload_hash="e3b0"), b""), [KEY])
    unsigned = jwt(BODY)["messagebird-signature-jwt"].split(".")
    nothing = url64(json.dumps({"alg": "none"}).encode())
    none = f"{nothing}.{unsigned[1]}."
    assert not BIRD.verify(at({"messagebird-signature-jwt": none}), [KEY])


@pytest.mark.parametrize("name", ["webhook-signature", "messagebird-signature", "messagebird-signature-jwt", "other"])
@given(value=st.text(max_size=30))
def test_nonsense_signs_nothing(name: str, value: str):
    headers = {"webhook-id": "m", "webhook-timestamp": "1", "messagebird-request-timestamp": "1", name: value}
    assert not BIRD.verify(at(headers), [KEY, WHSEC, ""])


def test_both_secrets_of_an_account_count_and_empty_ones_do_not():
    assert BIRD.secrets({"signing_key": "new", "signing_key_old": "old"}) == ("new", "old")
    assert BIRD.secrets({"signing_key": "", "signing_key_old": None, "access_key": "k"}) == ()
    assert BIRD.handshake({"hub.mode": "subscribe"}, "token") is None
