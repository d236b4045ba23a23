"""What an address asks of the database stays in force beside what each process needs, PgBouncer between or not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from envoi.core import postgres
from envoi.core.sessions import KEYS_ONLY, UTC, insist
from envoi.gateway.database import Database

pytestmark = pytest.mark.django_db(transaction=True)

OPTIONS = "-c statement_timeout=12345 -c enable_seqscan=on -c timezone=Asia/Tokyo"

LOOK = f"""
import json
import envoi.config.start
from django.db import connection

found = {{}}
with connection.cursor() as cursor:
    for name in {["statement_timeout", "TimeZone", *KEYS_ONLY]}:
        cursor.execute(f"SHOW {{name}}")
        found[name.lower()] = cursor.fetchone()[0]
print(json.dumps(found | {{"startup": connection.connection.info.options}}))
"""


@pytest.fixture(params=["", OPTIONS], ids=["plain", "with options"])
def asked(request: pytest.FixtureRequest) -> str:
    """What the owner of the address has written into it."""
    return str(request.param)


@pytest.fixture
def url(asked: str, test_database_url: str) -> str:
    return make_conninfo(test_database_url, options=asked) if asked else test_database_url


def in_django(url: str, **environment: str) -> dict[str, Any]:
    """What a process with Django finds in force."""
    program = [sys.executable, "-c", LOOK]
    whole = {**os.environ, "DJANGO_SETTINGS_MODULE": "envoi.config.settings", "ENVOI_DATABASE_URL": url, **environment}
    found: dict[str, Any] = json.loads(subprocess.run(program, env=whole, check=True, capture_output=True).stdout)
    return found


def test_intake_plans_for_keys_alone_and_keeps_what_the_address_asks_for(url: str, asked: str):
    found = in_django(url, ENVOI_PREPARES="1")
    assert found.pop("statement_timeout") == ("12345ms" if asked else "0")
    # PgBouncer refuses or drops what it does not know at the start: only the owner of the address may say such things.
    assert found.pop("startup") == asked
    assert found == UTC | KEYS_ONLY


def test_pages_leave_plans_to_the_server(url: str, asked: str):
    found = in_django(url, ENVOI_PREPARES="")
    assert found["enable_seqscan"] == "on"
    assert found["startup"] == asked


def test_an_engines_connection_keeps_what_the_address_asks_for(url: str, asked: str):
    with postgres.connect(url) as db:
        insist(db, KEYS_ONLY)
        db.execute("SELECT 1")
        db.rollback()
        assert shown(db, "timezone", "enable_seqscan") == ["UTC", "off"]
        assert shown(db, "statement_timeout") == (["12345ms"] if asked else ["0"])
        assert db.info.options == asked


async def test_the_gateways_connection_keeps_what_the_address_asks_for(url: str, asked: str):
    database = Database(url, name="envoi gateway notices", careless=True)
    try:
        found = [(await database.execute(f"SHOW {name}"))[0][0] for name in ("timezone", "synchronous_commit")]
        kept = (await database.execute("SHOW statement_timeout"))[0][0]
    finally:
        await database.close()
    assert found == ["UTC", "off"]
    assert kept == ("12345ms" if asked else "0")


def shown(db: psycopg.Connection, *names: str) -> list[str]:
    return [str(db.execute(f"SHOW {name}").fetchone()[0]) for name in names]  # type: ignore[index]
