"""Promotions move from customers to pairs while an older dispatcher still sends: none of its reservations is lost."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.messaging.helpers import Db
from tests.rig import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

URL = "postgresql:///?{}"


@pytest.fixture
def empty(test_database_url: str) -> Iterator[str]:
    """A database beside the tests' own, without a table."""
    name = f"carried_{secrets.token_hex(4)}"
    with psycopg.connect(test_database_url, autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name}")
        yield make_conninfo(test_database_url, dbname=name)
        db.execute(f"DROP DATABASE {name} WITH (FORCE)")


def start(database: str, app: str, name: str) -> subprocess.Popen[bytes]:
    parts = "&".join(f"{key}={value}" for key, value in conninfo_to_dict(database).items())
    words = [sys.executable, "-m", "django", "migrate", app, name, "--settings=envoi.config.settings", "-v0"]
    return subprocess.Popen(words, env={**os.environ, "ENVOI_DATABASE_URL": URL.format(parts)})


def migrate(database: str, app: str, name: str) -> None:
    """To this state of this app, as an installation does."""
    assert start(database, app, name).wait(120) == 0


def numbers(db: Db) -> tuple[int, int]:
    """Two numbers of one account, as tables were before."""
    account = db.execute(
        "INSERT INTO accounts (provider, name, provider_id, credentials, base_url, hook_key)"
        " VALUES ('meta', 'Shop', '100200', '', '', 'key') RETURNING id"
    ).fetchone()
    assert account
    rows = db.execute(
        "INSERT INTO channels (account_id, name, address, provider_id, state, state_reason, quality, tier,"
        " throughput_per_second)"
        " SELECT %s, 'Number ' || n, '+3363998000' || n, '109' || n, 'active', '', '', '', 80"
        "   FROM generate_series(1, 2) n RETURNING id",
        [account[0]],
    ).fetchall()
    return rows[0][0], rows[1][0]


def customers(db: Db, count: int) -> list[int]:
    rows = db.execute(
        "INSERT INTO contacts (phone, name, language, country, timezone, marketing, service)"
        " SELECT '+336399' || lpad((80000 + n)::text, 5, '0'), '', 'fr', 'FR', '', 'granted', 'unknown'"
        "   FROM generate_series(1, %s) n RETURNING id",
        [count],
    ).fetchall()
    return [row[0] for row in rows]


def reserve(db: Db, contact: int, channel: int, *, ago: str) -> int:
    """What the older dispatcher did for a promotion."""
    row = db.execute(
        "INSERT INTO messages (contact_id, channel_id, direction, kind, category, state)"
        " VALUES (%s, %s, 'out', 'template', 'marketing', 'queued') RETURNING id",
        [contact, channel],
    ).fetchone()
    assert row
    db.execute(
        "UPDATE contacts SET promoted_at = now() - %s::interval, promoted_by = %s WHERE id = %s",
        [ago, row[0], contact],
    )
    return int(row[0])


def pairs(db: Db) -> dict[tuple[int, int], int]:
    found = db.execute("SELECT contact_id, channel_id, promoted_by FROM pairs WHERE promoted_by IS NOT NULL")
    return {(row[0], row[1]): row[2] for row in found}


def at(db: Db, query: str, contact: int) -> datetime:
    row = db.execute(query, [contact]).fetchone()
    assert row
    moment: datetime = row[0]
    return moment


def test_what_is_reserved_between_both_steps_is_carried_too_and_what_is_old_is_not(empty: str) -> None:
    migrate(empty, "messaging", "0009_kept_changes")
    migrate(empty, "contacts", "0010_kept_changes")
    with psycopg.connect(empty, autocommit=True) as db:
        one, other = numbers(db)
        before, long_ago, known, meanwhile, again, given_back, nobody = customers(db, 7)
        first = reserve(db, before, one, ago="2 hours")
        reserve(db, long_ago, one, ago="40 days")
        # Their pair is there already.
        db.execute(
            "INSERT INTO pairs (contact_id, channel_id, window_open_until) VALUES (%s, %s, now())", [known, other]
        )
        second = reserve(db, known, other, ago="23 hours")
        earlier = reserve(db, again, one, ago="30 hours")
        reserve(db, given_back, one, ago="1 hour")

        migrate(empty, "messaging", "0011_carried_promotions")
        assert (before, one) in pairs(db)
        assert (meanwhile, one) not in pairs(db)

        third = reserve(db, meanwhile, one, ago="1 minute")
        fourth = reserve(db, again, other, ago="1 minute")
        reserved_at = at(db, "SELECT promoted_at FROM contacts WHERE id = %s", meanwhile)
        db.execute("UPDATE contacts SET promoted_at = NULL, promoted_by = NULL WHERE id = %s", [given_back])
        # The older dispatcher once more, in a transaction that the second step must wait for.
        with psycopg.connect(empty) as dispatcher:
            late = reserve(dispatcher, nobody, one, ago="0 hours")
            step = start(empty, "contacts", "0011_promotions_of_pairs")
            waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'contacts'::regclass"
            wait_until(lambda: db.execute(waits).fetchone() == (1,), saying="the second step does not wait")
            dispatcher.commit()
        assert step.wait(60) == 0

        assert pairs(db) == {
            (before, one): first,
            (known, other): second,
            (meanwhile, one): third,
            (again, one): earlier,
            (again, other): fourth,
            (nobody, one): late,
        }
        assert at(db, "SELECT promoted_at FROM pairs WHERE contact_id = %s", meanwhile) == reserved_at
        left = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'contacts'::regclass AND attname = 'promoted_by'"
        assert db.execute(left).fetchone() == (0,)
