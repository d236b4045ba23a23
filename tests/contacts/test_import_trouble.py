from __future__ import annotations

import os
import signal
import subprocess
import sys

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError

from envoi.contacts import actions
from envoi.contacts.importing import WRITING, StillRunning
from envoi.contacts.models import Contact, Identity
from envoi.core.events import Person
from envoi.web.downloads import Streamed

from .files import Aside, brought, contact, counts, run, stored, until, waiting

pytestmark = pytest.mark.django_db(transaction=True)

MANY = "phone,name,consent,customer number\n" + "".join(
    f"+3363998{number:04d},Name {number},yes,C{number}\n" for number in range(3000)
)


@pytest.fixture
def other(raw_db, test_database_url):
    """A second connection with a transaction open, rolled back at the end."""
    with psycopg.connect(test_database_url) as connection:
        yield connection


def everything_is_in(one) -> bool:
    one.refresh_from_db()
    return (one.state, counts(one), Contact.objects.count(), Identity.objects.count()) == (
        "finished",
        {"created": 3000},
        3000,
        6000,
    )


def test_a_worker_killed_in_the_middle_leaves_nothing_and_the_job_run_again_brings_all(
    raw_db, other, test_database_url
):
    one = stored(MANY)
    # Contacts and keys are written before consents: there it stops, and there it is killed.
    other.execute("LOCK TABLE consents IN ACCESS EXCLUSIVE MODE")
    worker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, django; django.setup(); from envoi.contacts import imports; imports.run(int(sys.argv[1]))",
            str(one.pk),
        ],
        env={
            **os.environ,
            "ENVOI_DATABASE_URL": _url(test_database_url),
            "DJANGO_SETTINGS_MODULE": "envoi.config.settings",
        },
    )
    (backend,) = until(lambda: waiting(raw_db))
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    other.rollback()
    until(lambda: not raw_db.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [backend]).fetchone())

    one.refresh_from_db()
    assert (one.state, Contact.objects.count(), Identity.objects.count()) == ("writing", 0, 0)
    run(one)
    assert everything_is_in(one)


def test_a_connection_lost_in_the_middle_leaves_nothing_and_the_job_run_again_brings_all(raw_db, other):
    one = stored(MANY)
    other.execute("LOCK TABLE consents IN ACCESS EXCLUSIVE MODE")
    work = Aside(lambda: run(one))
    (backend,) = until(lambda: waiting(raw_db))
    raw_db.execute("SELECT pg_terminate_backend(%s)", [backend])
    with pytest.raises((OperationalError, psycopg.OperationalError)):
        work.result()
    other.rollback()
    assert Contact.objects.count() == 0
    run(one)
    assert everything_is_in(one)


def test_a_cancelled_import_brings_nothing_in(raw_db):
    raw_db.execute("SELECT pg_advisory_lock(%s)", [WRITING])
    one = stored(MANY)
    work = Aside(lambda: run(one))
    until(lambda: waiting(raw_db))
    one.refresh_from_db()
    assert (one.state, one.rows_read) == ("writing", 3000)
    assert actions.cancel_import(one.pk, by=None).state == "writing"
    raw_db.execute("SELECT pg_advisory_unlock(%s)", [WRITING])
    work.result()
    one.refresh_from_db()
    assert (one.state, Contact.objects.count()) == ("cancelled", 0)
    with pytest.raises(actions.AlreadyOver):
        actions.cancel_import(one.pk, by=None)


def test_an_import_cancelled_at_its_last_step_brings_nothing_in(raw_db, other):
    one = stored("phone,customer number,name\n+33639980001,C1,Ana\n")
    known = brought("phone,customer number\n+33639980001,C1\n")
    # The name is to change: the last statement that waits for somebody.
    other.execute("SELECT 1 FROM contacts FOR UPDATE")
    work = Aside(lambda: run(one))
    until(lambda: waiting(raw_db))
    actions.cancel_import(one.pk, by=None)
    other.rollback()
    work.result()
    one.refresh_from_db()
    assert (known.state, one.state, contact("+33639980001").name) == ("finished", "cancelled", "")


def test_an_import_that_still_waits_is_cancelled_at_once():
    one = stored(MANY)
    assert actions.cancel_import(one.pk, by=None).state == "cancelled"
    assert run(one).state == "cancelled"
    assert Contact.objects.count() == 0


def test_two_imports_of_the_same_people_at_once_make_each_person_once(raw_db):
    first, second = stored(MANY), stored(MANY.replace("Name 7,", "Other,"))
    raw_db.execute("SELECT pg_advisory_lock(%s)", [WRITING])
    work = [Aside(lambda: run(first)), Aside(lambda: run(second))]
    until(lambda: len(waiting(raw_db)) == 2)
    raw_db.execute("SELECT pg_advisory_unlock(%s)", [WRITING])
    for one in work:
        one.result()
    first.refresh_from_db()
    second.refresh_from_db()
    done = sorted([counts(first), counts(second)], key=str)
    assert done == [{"created": 3000}, {"updated": 1, "unchanged": 2999}]
    assert (Contact.objects.count(), Identity.objects.count()) == (3000, 6000)


def test_a_customer_who_writes_in_at_the_same_moment_is_the_same_contact(raw_db, other):
    before = actions.contact_for_person(Person(user_id="u1"))
    one = stored("phone,customer number,name\n+33639980001,C1,Ana\n+33639980002,C2,Ben\n")
    # Their first message has claimed the phone, and is not committed yet.
    other.execute("INSERT INTO identities (kind, value, contact_id) VALUES ('phone', '+33639980001', %s)", [before])
    work = Aside(lambda: run(one))
    until(lambda: waiting(raw_db))
    other.commit()
    work.result()
    one.refresh_from_db()
    assert counts(one) == {"created": 1, "updated": 1}
    assert set(Identity.objects.filter(contact_id=before).values_list("kind", "value")) == {
        ("user_id", "u1"),
        ("phone", "+33639980001"),
        ("customer", "C1"),
    }
    assert contact("+33639980001").pk == before
    assert contact("+33639980001").name == "Ana"


def test_an_import_is_in_the_hands_of_one_worker_at_a_time(raw_db):
    one = stored(MANY)
    raw_db.execute("SELECT pg_advisory_lock(%s)", [WRITING])
    work = Aside(lambda: run(one))
    until(lambda: waiting(raw_db))
    with pytest.raises(StillRunning):
        run(one)
    raw_db.execute("SELECT pg_advisory_unlock(%s)", [WRITING])
    work.result()
    assert everything_is_in(one)


def test_a_fault_of_our_own_ends_the_import_with_a_sentence(raw_db):
    one = stored(MANY)
    raw_db.execute("ALTER TABLE contact_tags RENAME TO hidden")
    try:
        with pytest.raises(Exception, match="contact_tags"):
            run(one)
    finally:
        raw_db.execute("ALTER TABLE hidden RENAME TO contact_tags")
    one.refresh_from_db()
    assert (one.state, Contact.objects.count()) == ("failed", 0)
    assert "Nothing was changed" in one.problem


def _url(conninfo: str) -> str:
    parts = psycopg.conninfo.conninfo_to_dict(conninfo)
    assert settings.DATABASES["default"]["NAME"] == parts["dbname"]
    return f"postgresql://{parts.get('user', '')}:@/{parts['dbname']}?host={parts['host']}"


def test_the_rejects_leave_as_they_are_and_piece_by_piece(client, owner):
    made = brought("phone,name\n12,<Ana>\n+33639980009,Li\n")
    client.force_login(owner)
    answer = client.get(f"/contacts/imports/{made.pk}/rejects")
    assert isinstance(answer, Streamed)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="rejects-{made.pk}.csv"'
    text = b"".join(answer).decode("utf-8-sig")
    assert text.startswith("line,reason,phone,name\r\n2,")
    assert text.endswith(",12,<Ana>\r\n")
