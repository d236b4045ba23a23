"""Webhooks that rules call: signed, tried again, never inside the company's own network."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils import timezone

from envoi.replies import calling
from envoi.replies.models import ReplyCall

from .conftest import Write, rule

pytestmark = [pytest.mark.usefixtures("as_intake"), pytest.mark.django_db]


class Receiver:
    """Somebody's server: keeps what came, answers with `status`."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(outer.status)
                self.send_header("location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *_words: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook?from=envoi"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.server.shutdown()
    one.server.server_close()


def call(write: Write, url: str) -> ReplyCall:
    """The call that a message has brought about, not yet made."""
    rule("Call", "call", actions=[{"do": "webhook", "url": url}])
    write("call me")
    return ReplyCall.objects.get()


def make(one: ReplyCall) -> ReplyCall:
    ReplyCall.objects.update(due_at=timezone.now())
    calling.make(one.contact_id, one.id)
    return ReplyCall.objects.get()


def test_a_call_says_who_wrote_what_and_is_signed(write: Write, receiver: Receiver, settings: Any):
    settings.PRIVATE_WEBHOOKS = True
    done = make(call(write, receiver.url))
    assert (done.state, done.attempts) == ("done", 1)
    [(headers, body)] = receiver.got
    said = json.loads(body)
    assert said["type"] == "reply.rule_fired"
    assert said["data"]["message"]["text"] == "call me"
    assert said["data"]["contact"]["phone"] == "+33639980001"
    key = base64.b64decode(calling.secret().removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    calling.make(done.contact_id, done.id)
    assert len(receiver.got) == 1


def test_what_is_not_taken_is_tried_again_and_in_the_end_listed_as_failed(
    write: Write, receiver: Receiver, settings: Any
):
    settings.PRIVATE_WEBHOOKS = True
    receiver.status = 500
    one = make(call(write, receiver.url))
    assert (one.state, one.reason) == ("waiting", "HTTP 500")
    assert one.due_at > timezone.now() + timedelta(seconds=3)
    for _ in calling.PAUSES:
        one = make(one)
    assert one.state == "failed"
    receiver.status = 200
    assert calling.repeat(one.contact_id, one.id)
    assert make(one).state == "done"
    assert not calling.repeat(one.contact_id, one.id)


@pytest.mark.parametrize(("status", "state"), [(302, "waiting"), (410, "failed"), (429, "waiting"), (200, "done")])
def test_no_redirect_is_followed_and_gone_is_final(
    write: Write, receiver: Receiver, settings: Any, status: int, state: str
):
    settings.PRIVATE_WEBHOOKS = True
    receiver.status = status
    assert make(call(write, receiver.url)).state == state
    assert len(receiver.got) == 1


def test_nobody_inside_the_company_is_called(write: Write, receiver: Receiver):
    one = make(call(write, receiver.url))
    assert one.state == "failed"
    assert "private network" in one.reason
    assert receiver.got == []


def test_a_host_without_an_address_is_tried_again(write: Write):
    one = make(call(write, "https://nobody.invalid/hook"))
    assert one.state == "waiting"
    assert "no address" in one.reason


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "240.0.0.1", "100.64.0.1", "224.0.0.1",
        "::1", "fe80::1", "fc00::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
        "fe80::1%eth0",
    ],
)  # fmt: skip
def test_an_address_inside_is_known(address: str):
    assert not calling.is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"])
def test_an_address_outside_is_known(address: str):
    assert calling.is_public(address)
