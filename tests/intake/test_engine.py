"""The engine's promises: in order, nothing half-applied, no webhook held up by another, kills repeat safely."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psutil
import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from envoi.contacts.models import ConsentEntry, Contact
from envoi.intake import engine
from envoi.intake import store as table
from envoi.intake.bell import Bell
from envoi.intake.models import WebhookEvent
from envoi.messaging.models import Message

from ..gateway.rig import until
from .conftest import everything, states
from .meta import message, said, value, webhook

# An id that no index entry can hold, not even compressed.
TOO_LONG = "wamid." + random.Random(1).randbytes(6_000).hex()
POISON = said("x", wamid=TOO_LONG)


@pytest.mark.django_db
def test_a_poisonous_webhook_holds_up_no_other(store):
    store(said("one", number=1), POISON, said("two", number=2))
    assert engine.step() == 3
    assert sorted(Message.objects.values_list("text", flat=True)) == ["one", "two"]
    state, problem = states()[1]
    assert state == "new"
    assert "index row requires" in problem
    poisoned = WebhookEvent.objects.get(state="new")
    assert poisoned.attempts == 1
    assert poisoned.due_at > timezone.now()
    assert engine.step() == 0


@pytest.mark.django_db
def test_after_its_last_try_it_is_broken_with_the_reason_and_its_good_part_applied(store):
    good = message("good", number=1)
    bad = message("bad", number=2, wamid=TOO_LONG)
    store(webhook("messages", value(**good), value(**bad)))
    for _ in table.PAUSES:
        assert engine.step() == 1
        assert not Message.objects.exists()
        WebhookEvent.objects.update(due_at=timezone.now())
    assert engine.step() == 1
    state, problem = states()[0]
    assert state == "broken"
    assert "MessageReceived: ProgramLimitExceeded" in problem
    assert Message.objects.get().text == "good"
    assert engine.step() == 0

    assert table.replay([WebhookEvent.objects.get().pk]) == 1
    assert states() == [("new", "")]


@pytest.mark.django_db
def test_a_provider_that_this_version_does_not_know_breaks_only_itself(store):
    store(b"{}", provider="telepathy")
    store(said("hola"))
    engine.step()
    assert [state for state, _ in states()] == ["new", "done"]


@pytest.mark.django_db
def test_the_parser_gets_the_delivery_as_it_came(account, monkeypatch):
    monkeypatch.setenv("ENVOI_BASE_URL", "https://shop.example/")
    WebhookEvent.objects.create(
        account_id=account.id, provider="meta", body=b"{}", query="a=1&b=%C3%A9", content_type="text/x"
    )
    delivery = table.claim(at_most=1)[0].delivery
    assert delivery.url == f"https://shop.example/hooks/meta/{account.hook_key}?a=1&b=%C3%A9"
    assert (delivery.query, delivery.headers, delivery.body) == (
        {"a": "1", "b": "é"},
        {"content-type": "text/x"},
        b"{}",
    )


@pytest.mark.django_db
def test_webhooks_are_taken_in_the_order_in_which_they_came(store):
    ids = store(*(said("x", number=number) for number in range(5)))
    assert [stored.id for stored in table.claim(at_most=3)] == ids[:3]


@pytest.mark.django_db
def test_a_batch_never_holds_more_bytes_than_memory_should(store, monkeypatch):
    monkeypatch.setattr(table, "MOST_BYTES_AT_ONCE", 1_000)
    store(b" " * 900, b" " * 900, b" " * 5_000)
    assert [engine.step() for _ in range(4)] == [1, 1, 1, 0]


@pytest.mark.django_db
def test_what_is_tried_here_runs_on_prepared_statements_planned_for_keys_alone(store):
    for number in range(3):
        store(said("x", number=number))
        assert engine.step() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), current_setting('enable_seqscan') FROM pg_prepared_statements")
        prepared, seqscan = cursor.fetchone()
    assert (prepared > 10, seqscan) == (True, "off")


@pytest.mark.django_db(transaction=True)
def test_two_processes_never_take_the_same_webhook(store, raw_db):
    store(*(said("x", number=number) for number in range(3)))
    with raw_db.transaction():
        raw_db.execute("SELECT 1 FROM webhook_events WHERE id = (SELECT min(id) FROM webhook_events) FOR UPDATE")
        assert engine.step() == 2
    assert engine.step() == 1


PROGRAM = "import sys; import envoi.config.start; from envoi.intake.main import run; sys.exit(run())"


@contextmanager
def intake(url: str) -> Iterator[subprocess.Popen[bytes]]:
    """A real intake process."""
    environment = {
        **os.environ,
        "ENVOI_DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "envoi.config.settings",
        "ENVOI_PREPARES": "1",
    }
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


# Each lock stops the process at another point of its transaction.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "lock", ["LOCK TABLE contacts", "LOCK TABLE consents", "LOCK TABLE webhook_events IN SHARE ROW EXCLUSIVE MODE"]
)
def test_a_kill_in_mid_transaction_leaves_nothing_and_repeats_safely(store, raw_db, test_database_url, lock: str):
    store(*(said("STOP", number=number, phone=f"3363998{number:04}") for number in range(30)))
    before = everything()
    with psycopg.connect(test_database_url) as holder:
        holder.execute(lock)
        with intake(test_database_url) as process:
            until(lambda: waits(raw_db), "intake waits for the lock")
            # What is not urgent is its child's; a kill by the kernel, or by chaos, takes one of them or both.
            for each in [*psutil.Process(process.pid).children(), psutil.Process(process.pid)]:
                each.kill()
            process.wait()
        holder.rollback()
    until(lambda: not works(raw_db), "the server has noticed")
    assert everything() == before
    assert engine.step() == 30
    assert {state for state, _ in states()} == {"done"}
    assert [Message.objects.count(), Contact.objects.count(), ConsentEntry.objects.count()] == [30] * 3


def works(db: psycopg.Connection) -> bool:
    """Whether anybody else is in a transaction."""
    query = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start"
    )
    return db.execute(f"{query} IS NOT NULL").fetchone() is not None


def waits(db: psycopg.Connection) -> bool:
    query = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return db.execute(query).fetchone() is not None


@pytest.mark.django_db(transaction=True)
def test_a_running_intake_takes_what_comes_survives_a_lost_connection_and_ends_at_sigterm(
    store, raw_db, test_database_url
):
    with intake(test_database_url) as process:
        store(said("one", number=1))
        until(lambda: all_done(raw_db), "the first webhook is done")
        raw_db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'envoi intake bell'"
        )
        store(said("two", number=2))
        until(lambda: all_done(raw_db), "the second webhook is done")
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
    assert Message.objects.count() == 2


def all_done(db: psycopg.Connection) -> bool:
    return db.execute("SELECT bool_and(state = 'done') FROM webhook_events").fetchone() == (True,)


@pytest.mark.django_db(transaction=True)
def test_the_bell_rings_at_once(raw_db, test_database_url):
    stop = threading.Event()
    with Bell(test_database_url, seconds=30) as bell:
        bell.wait(stop)
        raw_db.execute("SELECT pg_notify('envoi_webhooks', '')")
        bell.wait(stop)


def test_without_a_database_the_bell_only_waits(tmp_path):
    with Bell(f"postgresql:///x?host={tmp_path}", seconds=0.01) as bell:
        bell.wait(threading.Event())


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_meet_in_a_circle_blame_no_webhook(store, raw_db, test_database_url):
    Contact.objects.create(phone="+33639980001")
    raw_db.execute("INSERT INTO identities (kind, value, contact_id) SELECT 'phone', phone, id FROM contacts")
    store(said("hola"))
    with psycopg.connect(test_database_url) as other, ThreadPoolExecutor(1) as thread:
        # The other holds the contact, then wants the webhook, which the step holds while it wants the contact.
        other.execute("SET deadlock_timeout = '10s'")
        other.execute("SELECT 1 FROM contacts FOR UPDATE")
        met = thread.submit(stepping)
        until(lambda: waits(raw_db), "the step waits for the contact")
        other.execute("SELECT 1 FROM webhook_events FOR UPDATE")
        other.rollback()
        assert "deadlock detected" in met.result(10)
    assert states() == [("new", "")]
    assert engine.step() == 1
    assert states() == [("done", "")]


def stepping() -> str:
    """A step in a thread; what it raised, in words."""
    try:
        engine.step()
    except engine.Passing as error:
        return str(error)
    finally:
        connection.close()
    return ""


def test_a_statement_prepared_before_a_migration_is_no_webhooks_fault(raw_db, test_database_url):
    read = "SELECT * FROM kept"
    with psycopg.connect(test_database_url, autocommit=True) as migrating:
        migrating.execute("CREATE TABLE kept (a int)")
        try:
            raw_db.execute(read, prepare=True)
            migrating.execute("ALTER TABLE kept ADD b int")
            with pytest.raises(psycopg.errors.FeatureNotSupported) as met:
                raw_db.execute(read, prepare=True)
        finally:
            migrating.execute("DROP TABLE kept")
    connection.ensure_connection()
    with pytest.raises(engine.Passing):
        engine._raise_if_passing(met.value)
    assert not connection.is_usable(), "what else it has prepared goes with it"
    connection.close()
    connection.ensure_connection()
    # What is not supported at all would be met again on every connection.
    with pytest.raises(psycopg.errors.FeatureNotSupported) as met:
        raw_db.execute("CREATE TABLE other.database.kept (a int)")
    engine._raise_if_passing(met.value)
