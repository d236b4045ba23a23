"""Rules that answer outside the company's opening hours."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from envoi.team import opening

from .conftest import Write, rule, said

pytestmark = [pytest.mark.usefixtures("as_intake"), pytest.mark.django_db]


def open_only_on(days: set[int]) -> None:
    opening.set_hours(None, zone="UTC", week=["00:00-24:00" if day in days else "" for day in range(7)], by=None)


def test_who_writes_while_nobody_is_there_is_told(write: Write):
    rule("Night", trigger={"on": "outside_hours"}, say="We are closed")
    # Yesterday and tomorrow too, so that midnight during the test changes nothing.
    near = {(timezone.now() + timedelta(days=days)).weekday() for days in (-1, 0, 1)}
    open_only_on(near)
    write("hello?")
    assert said() == []
    open_only_on(set(range(7)) - near)
    write("hello again?")
    assert said() == ["We are closed"]
