from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from envoi.contacts import actions, queries
from envoi.core import clock

from .files import Aside, brought, contact, counts, run, stored, until, waiting

pytestmark = pytest.mark.django_db(transaction=True)

ANA = "+33639980001"
GRANTED = {"state": "granted", "source": "checkout form", "text": "Yes, write to me"}
YESTERDAY = clock.now() - timedelta(days=1)


def say(state: str, at: datetime | None = None) -> None:
    actions.record_consent(contact(ANA).pk, purpose="marketing", state=state, source="keyword", text="STOP", at=at)


def test_an_import_never_grants_what_nobody_said():
    brought(f"phone\n{ANA}\n")
    assert contact(ANA).marketing == "unknown"
    assert queries.consents_of(contact(ANA).pk) == []


def test_a_vouched_file_grants_with_its_source_text_and_proof():
    one = brought(f"phone\n{ANA}\n", consent=GRANTED)
    (entry,) = queries.consents_of(contact(ANA).pk)
    assert (entry.purpose, entry.state, entry.source, entry.text) == (
        "marketing",
        "granted",
        "checkout form",
        "Yes, write to me",
    )
    assert entry.proof == f"import {one.pk}: people.csv"
    assert contact(ANA).marketing == "granted"


def test_where_the_file_has_a_column_only_the_column_speaks():
    text = f"phone,consent\n{ANA},yes\n+33639980002,no\n+33639980003,\n"
    brought(text, consent=GRANTED)
    assert [contact(f"+3363998000{last}").marketing for last in (1, 2, 3)] == ["granted", "withdrawn", "unknown"]


def test_a_withdrawal_survives_every_later_import_of_the_file():
    text = f"phone,consent\n{ANA},yes\n"
    brought(text)
    say("withdrawn")
    for options in ({}, {"consent": GRANTED}, {"update": "fill"}, {"update": "skip"}):
        assert counts(brought(text, **options)) == {"unchanged": 1}
        assert counts(brought(f"phone\n{ANA}\n", **options)) == {"unchanged": 1}
    assert contact(ANA).marketing == "withdrawn"
    assert len(queries.consents_of(contact(ANA).pk)) == 2


def test_a_withdrawal_survives_a_grant_with_an_older_date_which_is_kept_in_the_ledger():
    brought(f"phone\n{ANA}\n")
    say("withdrawn", YESTERDAY)
    dated = f"phone,consent,consent date\n{ANA},yes,2020-05-01\n"
    assert counts(brought(dated)) == {"updated": 1}
    assert counts(brought(dated)) == {"unchanged": 1}
    assert contact(ANA).marketing == "withdrawn"
    assert [entry.state for entry in queries.consents_of(contact(ANA).pk)] == ["withdrawn", "granted"]


def test_a_grant_with_a_newer_date_than_the_withdrawal_counts():
    brought(f"phone\n{ANA}\n")
    say("withdrawn", datetime(2020, 5, 1, tzinfo=UTC))
    brought(f"phone,consent,consent date\n{ANA},yes,2024-05-01\n")
    assert contact(ANA).marketing == "granted"


def test_of_the_same_moment_the_withdrawal_counts():
    brought(f"phone\n{ANA}\n")
    say("withdrawn", datetime(2024, 5, 1, tzinfo=UTC))
    brought(f"phone,consent,consent date\n{ANA},yes,2024-05-01\n")
    assert contact(ANA).marketing == "withdrawn"


def test_a_withdrawal_in_a_file_counts_even_when_known_people_are_to_stay_as_they_are():
    brought(f"phone,name\n{ANA},Ana\n", consent=GRANTED)
    one = brought(f"phone,name,consent\n{ANA},Other,no\n", update="skip")
    assert counts(one) == {"updated": 1}
    assert (contact(ANA).marketing, contact(ANA).name) == ("withdrawn", "Ana")


def test_who_says_stop_while_the_file_is_being_written_has_said_it(raw_db, test_database_url):
    brought(f"phone\n{ANA}\n")
    one = stored(f"phone\n{ANA}\n", consent=GRANTED)
    raw_db.execute("BEGIN")
    raw_db.execute("SELECT 1 FROM contacts FOR UPDATE")
    work = Aside(lambda: run(one))
    # The import has seen “unknown”, and waits to write “granted”.
    until(lambda: raw_db.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone())
    raw_db.execute("UPDATE contacts SET marketing = 'withdrawn'")
    raw_db.execute(
        """INSERT INTO consents (contact_id, purpose, state, source, text, proof)
           SELECT id, 'marketing', 'withdrawn', 'keyword', 'STOP', '' FROM contacts"""
    )
    raw_db.execute("COMMIT")
    work.result()
    assert contact(ANA).marketing == "withdrawn"
    assert [entry.state for entry in queries.consents_of(contact(ANA).pk)] == ["withdrawn"]
    one.refresh_from_db()
    assert counts(one) == {"unchanged": 1}


def test_entries_in_any_order_leave_the_newest_on_the_contact():
    brought(f"phone\n{ANA}\n")
    now = clock.now()
    say("granted", now - timedelta(hours=1))
    say("withdrawn", now - timedelta(hours=2))
    assert contact(ANA).marketing == "granted"
    say("withdrawn", now)
    assert contact(ANA).marketing == "withdrawn"


def test_two_entries_at_once_leave_the_newest_on_the_contact(raw_db):
    brought(f"phone\n{ANA}\n")
    now = clock.now()
    raw_db.execute("BEGIN")
    raw_db.execute("SELECT 1 FROM contacts FOR UPDATE")
    work = [Aside(lambda: say("withdrawn", now)), Aside(lambda: say("granted", now - timedelta(hours=1)))]
    until(lambda: len(waiting(raw_db)) == 2)
    raw_db.execute("COMMIT")
    for one in work:
        one.result()
    assert contact(ANA).marketing == "withdrawn"


def test_a_stop_that_reaches_us_after_the_import_still_counts():
    brought(f"phone\n{ANA}\n", consent=GRANTED)
    say("withdrawn", at=YESTERDAY)
    assert contact(ANA).marketing == "withdrawn"
