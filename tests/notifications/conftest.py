"""Staff to be told, and what their jobs have still to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from envoi.team.models import Staff

Jobs = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def ana(db: None) -> Staff:
    staff = Staff(email="ana@example.com", name="Ana", role=Staff.Role.AGENT)
    staff.set_password("correct horse battery")
    staff.save()
    return staff


@pytest.fixture
def queued(db: None) -> Jobs:
    """The arguments of the jobs of one name that wait, in order."""

    def jobs(name: str) -> list[dict[str, Any]]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT args::text FROM procrastinate_jobs WHERE task_name = %s AND status = 'todo' ORDER BY id", [name]
            )
            return [json.loads(row[0]) for row in cursor.fetchall()]

    return jobs
