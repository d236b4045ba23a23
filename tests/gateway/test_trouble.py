"""The gateway while its database is away, and while too much waits: 503 with Retry-After, never 500."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql

from .rig import Running, running, until
from .test_webhooks import BODY, LARGEST, stored, waits_for_a_lock

# The tests here use no Django; the mark has pytest-django make the database.
pytestmark = pytest.mark.django_db


def test_without_a_database_everything_is_503_but_life(tmp_path):
    with running(f"postgresql://nobody@/nothing?host={tmp_path}") as gateway:
        answer = gateway.post("any", BODY)
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) >= 1
        assert gateway.ask("GET", "/health/ready").status == 503
        assert gateway.ask("GET", "/health/live").status == 200


def test_a_lost_database_is_503_and_comes_back_by_itself(gateway: Running, hook: str, raw_db, operator):
    assert gateway.post(hook, BODY).status == 200
    assert gateway.ask("GET", "/health/ready").status == 200
    with closed(operator, raw_db.info.dbname):
        answer = gateway.post(hook, b"lost")
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) >= 1
        assert gateway.ask("GET", "/health/ready").status == 503
    until(lambda: gateway.post(hook, b"back").status == 200, "the gateway is back")
    until(lambda: gateway.ask("GET", "/health/ready").status == 200, "the gateway is ready")
    assert stored(raw_db) == [BODY, b"back"]


def test_a_connection_that_ended_while_nobody_wrote_costs_no_webhook(gateway: Running, hook: str, raw_db, operator):
    assert gateway.post(hook, BODY).status == 200
    ours = "FROM pg_stat_activity WHERE application_name = 'envoi gateway'"
    ended = operator.execute(f"SELECT pg_terminate_backend(pid) {ours}").fetchall()
    assert ended
    until(lambda: operator.execute(f"SELECT 1 {ours}").fetchone() is None, "the connection has ended")
    assert gateway.post(hook, b"next").status == 200
    assert stored(raw_db) == [BODY, b"next"]


@contextmanager
def closed(operator: psycopg.Connection, database: str):
    """The gateway's connections end, and nobody can open another one."""
    name = sql.Identifier(database)
    operator.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
    try:
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'envoi gateway%'"
        )
        yield
    finally:
        operator.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))


def test_a_restarted_connection_in_the_middle_of_a_commit_is_503_or_stored(
    gateway: Running, hook: str, raw_db, operator
):
    with ThreadPoolExecutor(1) as other, psycopg.connect(raw_db.info.dsn) as lock:
        lock.execute("LOCK TABLE webhook_events IN EXCLUSIVE MODE")
        answer = other.submit(gateway.post, hook, BODY)
        until(lambda: waits_for_a_lock(raw_db), "the gateway waits for the lock")
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'envoi gateway'"
        )
        assert answer.result(10).status == 503
        lock.commit()
    assert stored(raw_db) == []
    until(lambda: gateway.post(hook, BODY).status == 200, "the gateway is back")


def test_more_than_memory_should_hold_is_503(gateway: Running, hook: str, raw_db):
    body = b" " * LARGEST
    with ThreadPoolExecutor(24) as others, psycopg.connect(raw_db.info.dsn) as lock:
        lock.execute("LOCK TABLE webhook_events IN EXCLUSIVE MODE")
        answers = [others.submit(gateway.post, hook, body) for _ in range(24)]
        # 64 MB hold 21 of them: three are told to come back while the others still wait.
        until(lambda: sum(answer.done() for answer in answers) == 3, "three answers")
        refused = [answer.result() for answer in answers if answer.done()]
        assert [(one.status, one.headers["Retry-After"]) for one in refused] == [(503, "1")] * 3
        lock.commit()
        assert sorted(answer.result().status for answer in answers) == [200] * 21 + [503] * 3
    assert len(stored(raw_db)) == 21


def test_an_account_whose_secrets_cannot_be_read_is_503_not_401(gateway: Running, add_account):
    key = add_account(b"sealed with another key")
    until(lambda: gateway.post(key, BODY).status == 503, "the account is known")


def test_the_counters_tell_what_was_answered(gateway: Running, hook: str):
    gateway.post(hook, BODY)
    gateway.ask("POST", "/hooks/guessed/x", BODY)
    page = gateway.ask("GET", "/metrics").text
    assert 'envoi_gateway_webhooks_total{provider="meta",status="200"}' in page
    assert 'envoi_gateway_webhooks_total{provider="unknown",status="404"}' in page
    assert "guessed" not in page
