"""What every test may ask for: a real PostgreSQL, staff, an account with a channel, raw connections."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone, translation
from hypothesis import HealthCheck
from hypothesis import settings as examples
from psycopg.conninfo import make_conninfo

from envoi.channels.models import Account, Channel
from envoi.core.sessions import KEYS_ONLY
from envoi.core.vault import seal
from envoi.messaging.models import LimitSettings, MarketingBar, Place
from envoi.team.models import Staff

# How long an example takes says how busy the machine is, not whether the code is right.
examples.register_profile("whatever else runs", deadline=None, suppress_health_check=[HealthCheck.too_slow])
examples.load_profile("whatever else runs")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """A new installation is quiet at night and knows where phones are; tests say so themselves, at any hour."""
    with django_db_blocker.unblock():
        LimitSettings.objects.all().delete()
        MarketingBar.objects.all().delete()
        Place.objects.all().delete()


@pytest.fixture(scope="session")
def test_database_url(django_db_setup: None) -> str:
    """Where the tests' own database is, for processes and connections beside Django's."""
    address = settings.DATABASES["default"]
    parts = {
        "host": address["HOST"],
        "port": address["PORT"],
        "user": address["USER"],
        "password": address["PASSWORD"],
    }
    return make_conninfo(dbname=address["NAME"], **{key: value for key, value in parts.items() if value})


@pytest.fixture(scope="module")
def as_intake(django_db_setup: None) -> Iterator[None]:
    """Django's connections as the command `envoi intake` has them: statements prepared, planned for keys alone."""
    own, options = connections["default"], settings.DATABASES["default"]["OPTIONS"]
    before = dict(options)
    own.close()
    options |= settings.PREPARED
    options["options"] = " ".join(f"-c {name}={value}" for name, value in KEYS_ONLY.items())
    del connections["default"]
    yield
    connections["default"].close()
    connections["default"] = own
    options.clear()
    options |= before


@pytest.fixture
def raw_db(transactional_db: None, test_database_url: str) -> Iterator[psycopg.Connection]:
    """A plain autocommit connection to the tests' database; needs committed data, hence transactional."""
    with psycopg.connect(test_database_url, autocommit=True, options="-c timezone=UTC") as connection:
        yield connection


@pytest.fixture
def owner(db: None) -> Staff:
    staff = Staff(email="owner@example.com", role=Staff.Role.OWNER, name="Owner")
    staff.set_password("correct horse battery")
    staff.save()
    return staff


@pytest.fixture
def account(db: None) -> Account:
    return Account.objects.create(
        provider="meta",
        name="Shop",
        provider_id="100200",
        credentials=seal({"token": "token-1", "app_secret": "secret-1", "verify_token": "verify-1"}),
        hook_key=secrets.token_urlsafe(24),
    )


@pytest.fixture
def channel(account: Account) -> Channel:
    return Channel.objects.create(
        account=account,
        name="Main number",
        address="+33639980000",
        provider_id="1099",
        throughput_per_second=80,
    )


@pytest.fixture(autouse=True)
def _own_language_and_clock() -> Iterator[None]:
    """A request leaves its language and its zone in the thread; the next test is nobody's reader."""
    yield
    translation.deactivate()
    timezone.deactivate()
