"""Addresses of prices that nobody would paste, and dates as a browser takes them in every language."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.utils import translation

from envoi.rates.forms import DAY
from envoi.team.models import Staff

pytestmark = pytest.mark.django_db


def test_a_market_that_can_be_no_name_is_not_found(client: Client, owner: Staff) -> None:
    client.force_login(owner)
    assert client.get("/prices/USD/..%00/").status_code == 404
    assert client.get(f"/prices/USD/{'x' * 61}/").status_code == 404


@pytest.mark.parametrize("language", ["en", "fr", "zh-hans"])
def test_a_day_reaches_the_browser_as_it_wants_it(language: str) -> None:
    with translation.override(language):
        assert 'value="2026-11-22"' in DAY.render("day", date(2026, 11, 22))


def test_who_may_not_change_prices_does_not_see_the_page_that_brings_them(client: Client) -> None:
    agent = Staff.objects.create(email="agent@example.com", role=Staff.Role.AGENT, name="Agent")
    client.force_login(agent)
    assert client.get("/prices/bring/").status_code == 403
