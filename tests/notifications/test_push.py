"""Web push over real HTTP: what the service gets, what the browser reads, and browsers that are gone."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterator
from datetime import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client

from envoi.core import clock
from envoi.core.errors import BadInput
from envoi.notifications import actions, push
from envoi.notifications.models import Notification, PushKey, PushSubscription
from envoi.team.models import Staff

from .conftest import Jobs

pytestmark = pytest.mark.django_db
Kind = Notification.Kind


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Service:
    """A push service: it takes what is posted, answers with `status`, and keeps everything."""

    def __init__(self) -> None:
        self.status = 201
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(outer.status)
                if outer.status == 302:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Browser:
    """A browser's half: its keys, and reading what came."""

    def __init__(self, service: Service, name: str = "one") -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._auth = os.urandom(16)
        point = self._private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        self.given = {
            "endpoint": f"http://{service.host}/{name}",
            "keys": {"p256dh": text(point), "auth": text(self._auth)},
        }

    def read(self, body: bytes) -> dict[str, str]:
        clear = http_ece.decrypt(body, private_key=self._private, auth_secret=self._auth, version="aes128gcm")
        read: dict[str, str] = json.loads(clear)
        return read


@pytest.fixture
def service(settings: Any) -> Iterator[Service]:
    one = Service()
    settings.PUSH_HOSTS = frozenset({one.host})
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def signed_in(ana: Staff) -> Client:
    client = Client()
    client.force_login(ana)
    return client


def subscribe(client: Client, browser: Browser) -> int:
    given = browser.given | {"label": "Firefox · Linux"}
    return client.post("/notifications/browsers/", json.dumps(given), content_type="application/json").status_code


def told(staff: Staff) -> Notification:
    actions.notify([staff.pk], Kind.RED_ALERT, link="/inbox/1.1/", facts={"contact": "Zoé"})
    return Notification.objects.filter(staff=staff).latest("id")


def test_a_browser_that_subscribed_reads_what_nobody_between_can(
    signed_in: Client, ana: Staff, service: Service, queued: Jobs
) -> None:
    browser = Browser(service)
    assert subscribe(signed_in, browser) == 204
    one = told(ana)
    assert queued("notifications.push") == [{"notification_id": one.pk}]
    assert push.send(one.pk) == 1
    [(path, headers, body)] = service.got
    assert path == "/one"
    assert headers["content-encoding"] == "aes128gcm"
    assert headers["authorization"].startswith("vapid t=")
    assert push.public_key() in headers["authorization"]
    assert int(headers["ttl"]) > 0
    assert "Zoé".encode() not in body
    assert browser.read(body) == {
        "title": "Red alert",
        "body": "Nobody has answered Zoé.",
        "link": f"/notifications/{one.pk}/",
        "tag": f"n{one.pk}",
    }


def test_the_installations_key_is_made_once_and_kept_sealed(service: Service) -> None:
    first = push.public_key()
    assert push.public_key() == first
    kept = PushKey.objects.get()
    assert b"PRIVATE KEY" not in bytes(kept.private)


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten(signed_in: Client, ana: Staff, service: Service, status: int) -> None:
    subscribe(signed_in, Browser(service))
    service.status = status
    assert push.send(told(ana).pk) == 0
    assert not PushSubscription.objects.exists()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_service_that_can_not_now_is_asked_again_for_those_browsers_alone(
    signed_in: Client, ana: Staff, service: Service, queued: Jobs, status: int
) -> None:
    subscribe(signed_in, Browser(service))
    service.status = status
    one = told(ana)
    assert push.send(one.pk) == 0
    [browser] = PushSubscription.objects.all()
    again = queued("notifications.push")[-1]
    assert again == {"notification_id": one.pk, "only": [browser.pk], "tries": 1}
    service.status = 201
    assert push.send(**again) == 1
    assert push.send(one.pk, tries=push.MOST_TRIES) == 1


def test_a_service_that_sends_us_elsewhere_is_not_followed(signed_in: Client, ana: Staff, service: Service) -> None:
    subscribe(signed_in, Browser(service))
    service.status = 302
    assert push.send(told(ana).pk) == 0
    assert [path for path, _headers, _body in service.got] == ["/one"]


def test_what_was_read_or_comes_in_quiet_hours_is_not_pushed(signed_in: Client, ana: Staff, service: Service) -> None:
    subscribe(signed_in, Browser(service))
    one = told(ana)
    hour = clock.now().hour
    actions.set_wants(ana, wants={}, quiet_from=time(hour), quiet_to=time((hour + 2) % 24))
    assert push.send(one.pk) == 0
    actions.set_wants(ana, wants={})
    actions.mark_read(ana)
    assert push.send(one.pk) == 0
    assert service.got == []


def test_the_same_browser_with_somebody_else_signed_in_is_theirs(
    signed_in: Client, ana: Staff, owner: Staff, service: Service
) -> None:
    browser = Browser(service)
    subscribe(signed_in, browser)
    other = Client()
    other.force_login(owner)
    subscribe(other, browser)
    assert PushSubscription.objects.get().staff == owner
    assert push.send(told(ana).pk) == 0


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://127.0.0.1/",
        "https://evil.example/fcm.googleapis.com",
        "https://fcm.googleapis.com.evil.example/x",
        "https://user@fcm.googleapis.com/x",
        "https://fcm.googleapis.com:8443/x",
        "http://fcm.googleapis.com/x",
        "file:///etc/passwd",
        "https://[::1/",
        "",
    ],
)
def test_an_address_that_is_no_push_service_is_refused(signed_in: Client, service: Service, endpoint: str) -> None:
    given = Browser(service).given | {"endpoint": endpoint}
    answer = signed_in.post("/notifications/browsers/", json.dumps(given), content_type="application/json")
    assert answer.status_code == 422
    assert not PushSubscription.objects.exists()


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc",
        "https://updates.push.services.mozilla.com/wpush/v2/abc",
        "https://web.push.apple.com/abc",
        "https://db5p.notify.windows.com/w/?token=abc",
    ],
)
def test_the_browsers_own_services_are_taken(endpoint: str) -> None:
    assert push.is_service(endpoint)


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"endpoint": 1, "keys": []}', "x" * 9_000])
def test_nonsense_instead_of_a_subscription_is_refused_in_a_sentence(signed_in: Client, body: str) -> None:
    answer = signed_in.post("/notifications/browsers/", body, content_type="application/json")
    assert answer.status_code == 422


def test_bad_keys_are_refused(ana: Staff, service: Service) -> None:
    given = Browser(service).given
    with pytest.raises(BadInput):
        push.subscribe(ana, endpoint=given["endpoint"], p256dh="abc", auth=given["keys"]["auth"])  # type: ignore[index]


def test_a_browser_is_removed_by_its_owner_and_by_nobody_else(
    signed_in: Client, ana: Staff, owner: Staff, service: Service
) -> None:
    subscribe(signed_in, Browser(service))
    [row] = PushSubscription.objects.all()
    other = Client()
    other.force_login(owner)
    other.post("/notifications/browsers/off/", {"browser": row.pk})
    assert PushSubscription.objects.exists()
    signed_in.post("/notifications/browsers/off/", {"browser": row.pk})
    assert not PushSubscription.objects.exists()
