"""What people set about the limits is checked, and asked from then on."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from envoi.core.errors import BadInput, NotAllowed, NotFound
from envoi.messaging import limit_actions
from envoi.messaging.models import LimitSettings, MarketingBar, Place
from envoi.team.models import AuditEntry, Staff

pytestmark = pytest.mark.django_db


def test_hours_are_kept_and_noted(owner: Staff) -> None:
    limit_actions.set_hours(
        quiet_from=time(20, 30), quiet_to=time(9), active=[(time(10), time(12))], zone="Europe/Paris", by=owner
    )
    kept = LimitSettings.objects.get()
    assert (kept.quiet_from, kept.quiet_to, kept.active_hours, kept.timezone) == (
        time(20, 30),
        time(9),
        ["10:00-12:00"],
        "Europe/Paris",
    )
    assert AuditEntry.objects.filter(verb="limits.hours").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"zone": "Paris"}, "not a time zone"),
        ({"active": [(time(22), time(23))]}, "no time of the day"),
        ({"active": [(time(10), time(10))]}, "end at another time"),
        ({"quiet_to": time(8, 0, 30)}, "hours and minutes only"),
    ],
)
def test_hours_that_make_no_sense_are_refused(owner: Staff, change: dict, sentence: str) -> None:
    asked = {"quiet_from": time(21), "quiet_to": time(8), "zone": "UTC"} | change
    with pytest.raises(BadInput, match=sentence):
        limit_actions.set_hours(**asked, by=owner)
    assert not LimitSettings.objects.exists()


def test_the_gap_between_promotions_has_an_hour_at_least(owner: Staff) -> None:
    with pytest.raises(BadInput):
        limit_actions.set_promotion_gap(0, by=owner)
    assert limit_actions.set_promotion_gap(48, by=owner).promotion_gap_hours == 48


def test_a_bar_has_dates_and_a_country_that_exists(owner: Staff) -> None:
    Place.objects.create(key="US", west="", east="", region="US")
    now = datetime.now(UTC)
    with pytest.raises(BadInput, match="not a country"):
        limit_actions.bar_marketing("Atlantis", by=owner)
    with pytest.raises(BadInput, match="before it begins"):
        limit_actions.bar_marketing("us", from_at=now, until_at=now - timedelta(days=1), by=owner)
    bar = limit_actions.bar_marketing("us", from_at=now, by=owner)
    limit_actions.end_bar(bar.pk, at=now + timedelta(days=1), by=owner)
    assert MarketingBar.objects.get().until_at == now + timedelta(days=1)
    limit_actions.end_bar(bar.pk, at=now - timedelta(days=1), by=owner)
    assert not MarketingBar.objects.exists()
    with pytest.raises(NotFound):
        limit_actions.end_bar(bar.pk, by=owner)


def test_only_who_sets_channels_sets_limits(owner: Staff) -> None:
    owner.role = Staff.Role.MARKETER
    with pytest.raises(NotAllowed):
        limit_actions.set_hours(quiet_from=time(0), quiet_to=time(0), zone="UTC", by=owner)


def test_places_are_written_anew_from_the_libraries_tables() -> None:
    Place.objects.create(key="old", west="", east="", region="")
    assert limit_actions.fill_places() > 5_000
    assert Place.objects.get(key="+1416").region == "CA"
    assert not Place.objects.filter(key="old").exists()
