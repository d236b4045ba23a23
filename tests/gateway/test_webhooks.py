"""What a provider meets at /hooks: over real HTTP, with a real PostgreSQL behind it."""

from __future__ import annotations

import asyncio
import json
import socket
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from envoi.core.vault import seal
from envoi.providers.http import Client

from .rig import Running, listens, running, signed, until

# The tests here use no Django; the mark has pytest-django make the database.
pytestmark = pytest.mark.django_db

BODY = b'{"object":"whatsapp_business_account","entry":[]}'
LARGEST = 3 * 1024 * 1024


def stored(db: psycopg.Connection) -> list[bytes]:
    return [bytes(row[0]) for row in db.execute("SELECT body FROM webhook_events ORDER BY id").fetchall()]


def test_a_signed_webhook_is_stored_byte_for_byte(gateway: Running, hook: str, raw_db):
    body = '{"entry": [ {"ø": "退订"} ]}\n'.encode()
    assert gateway.post(hook, body).status == 200
    rows = raw_db.execute(
        """
        SELECT a.hook_key, w.provider, w.body, w.state, w.attempts
          FROM webhook_events w JOIN accounts a ON a.id = w.account_id
        """
    ).fetchall()
    assert rows == [(hook, "meta", body, "new", 0)]


def test_a_stored_webhook_is_answered_without_a_word(gateway: Running, hook: str):
    """Twilio would send it to the customer."""
    answer = gateway.post(hook, BODY)
    assert (answer.status, answer.text) == (200, "")


def test_the_query_and_the_content_type_are_kept_for_the_parser(gateway: Running, hook: str, raw_db):
    headers = {**signed(BODY), "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
    path = f"/hooks/meta/{hook}?envoi=e1.2.3&e=%C3%A9%00&bodySHA256=ab"
    assert gateway.ask("POST", path, BODY, headers).status == 200
    assert gateway.post(hook, BODY).status == 200
    rows = raw_db.execute("SELECT query, content_type FROM webhook_events ORDER BY id").fetchall()
    assert rows == [
        ("envoi=e1.2.3&e=%C3%A9%00&bodySHA256=ab", "application/x-www-form-urlencoded; charset=UTF-8"),
        ("", "application/json"),
    ]


@pytest.mark.parametrize("body", [b"not json", b"", b'{"entry":', b"\xff\xfe\x00"])
def test_bad_json_with_a_right_signature_is_stored(gateway: Running, hook: str, raw_db, body: bytes):
    assert gateway.post(hook, body).status == 200
    assert stored(raw_db) == [body]


def test_200_comes_only_after_the_commit(gateway: Running, hook: str, raw_db, test_database_url: str):
    with ThreadPoolExecutor(1) as other, psycopg.connect(test_database_url) as lock:
        lock.execute("LOCK TABLE webhook_events IN EXCLUSIVE MODE")
        answer = other.submit(gateway.post, hook, BODY)
        until(lambda: waits_for_a_lock(raw_db), "the gateway waits for the lock")
        assert not answer.done()
        assert stored(raw_db) == []
        lock.commit()
        assert answer.result(10).status == 200
    assert stored(raw_db) == [BODY]


def waits_for_a_lock(db: psycopg.Connection) -> bool:
    query = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'envoi gateway' AND wait_event_type = 'Lock'"
    return db.execute(query).fetchone() is not None


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Hub-Signature-256": ""},
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Hub-Signature-256": "sha1=abc"},
        {"X-Hub-Signature-256": "é"},
        signed(BODY, "another secret"),
        signed(BODY + b" "),
    ],
)
def test_a_wrong_signature_is_401_and_stores_nothing(gateway: Running, hook: str, raw_db, headers):
    assert gateway.ask("POST", f"/hooks/meta/{hook}", BODY, headers).status == 401
    assert stored(raw_db) == []


def test_a_missing_signature_is_401(gateway: Running, hook: str):
    assert gateway.ask("POST", f"/hooks/meta/{hook}", BODY).status == 401


@pytest.mark.parametrize("path", ["/hooks/meta/unknown", "/hooks/other/{}", "/hooks/meta/{}/x", "/hooks/meta/", "/"])
def test_an_unknown_address_is_404(gateway: Running, hook: str, path: str):
    assert gateway.ask("POST", path.format(hook), BODY, signed(BODY)).status == 404


def test_other_methods_are_405(gateway: Running, hook: str):
    answer = gateway.ask("DELETE", f"/hooks/meta/{hook}")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, POST")


def test_3_megabytes_are_taken(gateway: Running, hook: str, raw_db):
    body = b" " * LARGEST
    assert gateway.post(hook, body).status == 200
    assert [len(one) for one in stored(raw_db)] == [LARGEST]


def test_more_than_3_megabytes_are_refused_before_they_are_sent(gateway: Running, hook: str, raw_db):
    head = f"POST /hooks/meta/{hook} HTTP/1.1\r\nHost: x\r\nContent-Length: {LARGEST + 1}\r\n\r\n"
    assert first_line(gateway, head.encode()) == b"HTTP/1.1 413 Payload Too Large"
    assert stored(raw_db) == []


def test_more_than_3_megabytes_in_chunks_are_refused(gateway: Running, hook: str, raw_db):
    head = f"POST /hooks/meta/{hook} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    chunks = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    # One byte too many and no more: what nobody reads would reset the connection before the answer is read.
    assert first_line(gateway, head + 3 * chunks + b"1\r\n \r\n") == b"HTTP/1.1 413 Payload Too Large"
    assert stored(raw_db) == []


def first_line(gateway: Running, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as line:
        line.sendall(request)
        return line.makefile("rb").readline().strip()


def test_the_handshake_echoes_the_challenge(gateway: Running, hook: str):
    right = f"/hooks/meta/{hook}?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=verify-1"
    answer = gateway.ask("GET", right)
    assert (answer.status, answer.text) == (200, "1158201444")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert gateway.ask("GET", right + "x").status == 403
    assert gateway.ask("GET", right.replace("subscribe", "other")).status == 403


def test_64_at_once_are_all_stored_in_few_commits(gateway: Running, hook: str, raw_db):
    bodies = [json.dumps({"number": number}).encode() for number in range(640)]
    before = commits(gateway)

    async def send_all() -> list[int]:
        async with Client() as client:
            room = asyncio.Semaphore(64)

            async def send(body: bytes) -> int:
                async with room:
                    url = f"http://127.0.0.1:{gateway.port}/hooks/meta/{hook}"
                    return (await client.post(url, signed(body), body)).status

            return await asyncio.gather(*map(send, bodies))

    assert asyncio.run(send_all()) == [200] * 640
    assert sorted(stored(raw_db)) == sorted(bodies)
    assert commits(gateway) - before < 640 / 4


def commits(gateway: Running) -> int:
    page = gateway.ask("GET", "/metrics").text
    return int(page.split("envoi_gateway_commit_seconds_count ")[1].split()[0])


RECEIPT = b'{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{"statuses":[]}}]}]}'
MESSAGE = RECEIPT.replace(b"statuses", b"messages")


@pytest.mark.parametrize(("body", "urgent", "channel"), [(RECEIPT, False, "webhooks"), (MESSAGE, True, "messages")])
def test_what_a_customer_wrote_is_marked_and_rings_apart_from_receipts(
    gateway: Running, hook: str, raw_db, test_database_url: str, body: bytes, urgent: bool, channel: str
):
    with psycopg.connect(test_database_url, autocommit=True) as listener:
        listener.execute("LISTEN envoi_webhooks")
        listener.execute("LISTEN envoi_messages")
        assert gateway.post(hook, body).status == 200
        heard = [notice.channel for notice in listener.notifies(timeout=5, stop_after=1)]
    assert heard == [f"envoi_{channel}"]
    assert raw_db.execute("SELECT urgent FROM webhook_events").fetchall() == [(urgent,)]


def test_both_secrets_are_good_while_one_replaces_the_other(gateway: Running, add_account):
    key = add_account(seal({"app_secret": "new", "app_secret_old": "secret-1"}))
    until(lambda: gateway.post(key, BODY, **signed(BODY, "new")).status == 200, "the account is known")
    assert gateway.post(key, BODY).status == 200
    assert gateway.post(key, BODY, **signed(BODY, "older")).status == 401


def test_an_account_without_a_secret_takes_nothing(gateway: Running, add_account):
    key = add_account(seal({"app_secret": ""}))
    until(lambda: gateway.post(key, BODY, **signed(BODY, "")).status == 401, "the account is known")
    assert gateway.ask("GET", f"/hooks/meta/{key}?hub.mode=subscribe&hub.verify_token=").status == 403


def test_sigterm_lets_a_waiting_webhook_have_its_200(hook: str, raw_db, test_database_url: str):
    with running(test_database_url) as gateway, ThreadPoolExecutor(1) as other:
        with psycopg.connect(test_database_url) as lock:
            lock.execute("LOCK TABLE webhook_events IN EXCLUSIVE MODE")
            answer = other.submit(gateway.post, hook, BODY)
            until(lambda: waits_for_a_lock(raw_db), "the gateway waits for the lock")
            gateway.process.terminate()
            until(lambda: not listens(gateway.port), "the gateway takes no new connections")
            lock.commit()
        assert answer.result(10).status == 200
    assert stored(raw_db) == [BODY]


def test_a_new_secret_counts_at_once_and_the_old_one_as_long_as_it_is_kept(
    gateway: Running, hook: str, raw_db: psycopg.Connection
):
    """Providers such as Twilio send a webhook once: a person who rotates a secret must not lose any."""

    def keep(**credentials: str) -> None:
        raw_db.execute(
            "UPDATE accounts SET credentials = %s WHERE hook_key = %s",
            [seal({"verify_token": "verify-1", **credentials}), hook],
        )

    def status(secret: str) -> int:
        return gateway.ask("POST", f"/hooks/meta/{hook}", BODY, signed(BODY, secret)).status

    assert status("secret-1") == 200
    try:
        keep(app_secret="rotated", app_secret_old="secret-1")
        until(lambda: status("rotated") == 200, "the new secret counts", seconds=2)
        assert status("secret-1") == 200
        keep(app_secret="rotated")
        until(lambda: status("secret-1") == 401, "the old secret is forgotten", seconds=8)
        assert status("rotated") == 200
        assert status("nonsense") == 401
    finally:
        keep(app_secret="secret-1")
        until(lambda: status("secret-1") == 200, "as it was", seconds=8)
