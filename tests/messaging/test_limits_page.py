"""The page of limits: administrators set hours and bars in words, everybody else who may look reads them."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest
from django.test import Client

from envoi.messaging import limit_actions
from envoi.messaging.models import LimitSettings, MarketingBar, Place
from envoi.team.models import Staff

pytestmark = pytest.mark.django_db

PAGE = "/channels/limits/"
HOURS = {
    "quiet_from": "21:30",
    "quiet_to": "09:00",
    "active": "10:00-12:00, 20:00-21:00",
    "zone": "Europe/Paris",
    "gap_hours": "48",
}


@pytest.fixture
def client(owner: Staff) -> Client:
    client = Client()
    client.force_login(owner)
    return client


def read(client: Client) -> str:
    page = client.get(PAGE)
    assert page.status_code == 200
    return page.content.decode()


def test_an_administrator_sets_the_hours_and_the_gap(client: Client) -> None:
    assert client.post(PAGE, HOURS).status_code == 302
    kept = LimitSettings.objects.get()
    assert (kept.quiet_from, kept.quiet_to, kept.timezone) == (time(21, 30), time(9), "Europe/Paris")
    assert (kept.active_hours, kept.promotion_gap_hours) == (["10:00-12:00", "20:00-21:00"], 48)
    page = read(client)
    assert 'value="21:30"' in page
    assert 'value="10:00-12:00, 20:00-21:00"' in page


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("quiet_from", "late", "Write a time as 21:30."),
        ("active", "mornings", "Write hours as 10:00-12:00"),
        ("active", "25:00-26:00", "Write hours as 10:00-12:00"),
        ("active", "22:00-23:00", "no time of the day"),
        ("zone", "Paris", "is not a time zone"),
        ("gap_hours", "0", "greater than or equal to 1"),
        ("gap_hours", "soon", "Enter a whole number"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence_and_changes_nothing(
    client: Client, field: str, value: str, sentence: str
) -> None:
    page = client.post(PAGE, HOURS | {field: value})
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert not LimitSettings.objects.exists()


def test_a_country_is_barred_from_a_day_to_a_day_and_let_again(client: Client) -> None:
    Place.objects.create(key="US", west="", east="", region="US")
    limit_actions.set_hours(quiet_from=time(21), quiet_to=time(8), zone="Europe/Paris", by=None)
    asked = {"region": "us", "from_day": "2025-04-01", "until_day": "2099-01-01", "source": "Meta, 1 April 2025"}
    assert client.post(f"{PAGE}bars", asked).status_code == 302
    bar = MarketingBar.objects.get()
    assert bar.region == "US"
    assert bar.from_at == datetime(2025, 3, 31, 22, tzinfo=UTC)
    assert bar.until_at == datetime(2098, 12, 31, 23, tzinfo=UTC)
    assert "Meta, 1 April 2025" in read(client)
    assert client.post(f"{PAGE}bars/{bar.pk}/end").status_code == 302
    assert "Meta, 1 April 2025" not in read(client)
    assert client.post(f"{PAGE}bars/9999/end").status_code == 404


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"region": "Atlantis"}, "is not a country"),
        ({"region": ""}, "This field is required."),
        ({"from_day": "tomorrow"}, "Write a day as 2026-04-30."),
        ({"from_day": "2026-05-01", "until_day": "2026-04-01"}, "would end before it begins"),
    ],
)
def test_a_bar_that_makes_no_sense_is_refused_in_a_sentence(client: Client, change: dict, sentence: str) -> None:
    Place.objects.create(key="US", west="", east="", region="US")
    page = client.post(f"{PAGE}bars", {"region": "US"} | change)
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert not MarketingBar.objects.exists()


def test_who_may_only_look_sees_no_fields_and_changes_nothing(client: Client, owner: Staff) -> None:
    Place.objects.create(key="US", west="", east="", region="US")
    limit_actions.set_promotions(
        quiet_from=time(21), quiet_to=time(8), active=(), zone="Europe/Paris", gap_hours=24, by=owner
    )
    bar = limit_actions.bar_marketing("US", by=owner)
    owner.role = Staff.Role.ANALYST
    owner.save()
    page = read(client)
    assert "21:00 – 08:00" in page
    assert "Europe/Paris" in page
    assert "<strong>US</strong>" in page
    assert 'name="quiet_from"' not in page
    assert 'name="region"' not in page
    assert client.post(PAGE, HOURS).status_code == 403
    assert client.post(f"{PAGE}bars", {"region": "US"}).status_code == 403
    assert client.post(f"{PAGE}bars/{bar.pk}/end").status_code == 403
    owner.role = Staff.Role.AGENT
    owner.save()
    assert client.get(PAGE).status_code == 403


def test_an_installation_that_set_nothing_has_no_quiet_hours(client: Client) -> None:
    page = read(client)
    assert 'value="00:00"' in page
    assert "Nowhere." in page
