"""One gateway process and one account for all tests of this folder; no Django, as in the gateway itself."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from envoi.core.vault import seal

from .rig import SECRET, Running, running, until

AddAccount = Callable[[bytes], str]


@pytest.fixture(scope="package")
def gateway(test_database_url: str) -> Iterator[Running]:
    with running(test_database_url) as process:
        yield process


@pytest.fixture(scope="package")
def add_account(test_database_url: str) -> Iterator[AddAccount]:
    """Adds an account with these sealed credentials and returns its hook key; all go when the folder is through."""
    with psycopg.connect(test_database_url, autocommit=True) as db:

        def add(credentials: bytes) -> str:
            key = secrets.token_urlsafe(24)
            db.execute(
                """
                INSERT INTO accounts (provider, name, provider_id, credentials, base_url, hook_key)
                VALUES ('meta', 'Shop', %(key)s, %(credentials)s, '', %(key)s)
                """,
                {"key": key, "credentials": credentials},
            )
            return key

        yield add
        db.execute("DELETE FROM accounts")
        db.execute("DELETE FROM webhook_events")


@pytest.fixture(scope="package")
def hook(gateway: Running, add_account: AddAccount) -> str:
    """The key of an account, once the gateway knows it (within a second of its creation)."""
    key = add_account(seal({"app_secret": SECRET, "verify_token": "verify-1"}))
    until(lambda: gateway.ask("GET", f"/hooks/meta/{key}").status == 403, "the gateway knows the account")
    return key


@pytest.fixture
def raw_db(test_database_url: str) -> Iterator[psycopg.Connection]:
    """The gateway's database, empty of webhooks."""
    with psycopg.connect(test_database_url, autocommit=True) as connection:
        connection.execute("DELETE FROM webhook_events")
        yield connection


@pytest.fixture
def operator(test_database_url: str) -> Iterator[psycopg.Connection]:
    """Somebody at the server, beside the tests' own database."""
    with psycopg.connect(make_conninfo(test_database_url, dbname="postgres"), autocommit=True) as connection:
        yield connection
