"""People of a company: one of each role."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from envoi.team.actions import add_staff
from envoi.team.models import Staff

PASSWORD = "correct horse battery"


@pytest.fixture
def hire(db: None) -> Callable[..., Staff]:
    """`hire("agent")`: somebody with this role; a name tells two of a role apart."""

    def make(role: str, name: str = "") -> Staff:
        name = name or role.capitalize()
        return add_staff(email=f"{name.lower()}@example.com", role=role, name=name, password=PASSWORD, by=None)

    return make


@pytest.fixture
def no_jobs(transactional_db: None) -> Iterator[None]:
    """Jobs are not of Django's making, so its flush would leave them to the tests that follow."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
