"""A draft that leaves by itself: at its time, once, as the person who said so, or not at all and with the reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from envoi.campaigns import actions, schedule
from envoi.campaigns.errors import AlreadyLaunched, BadTime
from envoi.campaigns.models import Campaign
from envoi.campaigns.tasks import look_after
from envoi.core.errors import NotAllowed
from envoi.team.models import AuditEntry, Staff, StaffRight

pytestmark = pytest.mark.django_db


def come(campaign: Campaign) -> None:
    """Let its time have come."""
    Campaign.objects.filter(pk=campaign.pk).update(scheduled_at=timezone.now() - timedelta(seconds=1))


def soon() -> datetime:
    return timezone.now() + timedelta(hours=1)


def test_it_leaves_when_its_time_has_come_and_not_before(crowd, owner):
    campaign = crowd(3, canary="never")
    schedule.schedule(campaign.pk, soon(), by=owner)
    assert schedule.launch_due() == 0
    come(campaign)
    # The worker's own job of each minute.
    look_after(0)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.launched_by, campaign.schedule_problem) == ("running", owner, "")
    assert schedule.launch_due() == 0, "once"
    with pytest.raises(AlreadyLaunched):
        schedule.schedule(campaign.pk, soon(), by=owner)
    assert AuditEntry.objects.filter(verb="campaign.schedule").count() == 1


def test_what_can_not_leave_stays_a_draft_and_says_why_on_its_page(crowd, owner, client: Client):
    campaign = crowd(0)
    schedule.schedule(campaign.pk, soon(), by=owner)
    come(campaign)
    assert schedule.launch_due() == 0
    campaign.refresh_from_db()
    assert (campaign.state, campaign.scheduled_at, campaign.lane) == ("draft", None, None)
    assert "Nobody" in campaign.schedule_problem
    client.force_login(owner)
    page = client.get(f"/campaigns/{campaign.pk}/").content.decode()
    assert "It was to leave and could not" in page
    # One that can't leave holds up no other.
    other = crowd(3, canary="never")
    for one in (campaign, other):
        schedule.schedule(one.pk, soon(), by=owner)
        come(one)
    Campaign.objects.filter(pk=campaign.pk).update(budget=0)
    assert schedule.launch_due() == 1


def test_whoever_changes_a_planned_draft_answers_for_it(crowd, owner):
    campaign = crowd(3, canary="never")
    same = {
        "name": campaign.name,
        "segment_id": campaign.segment_id,
        "channel_id": campaign.channel_id,
        "template_id": campaign.template_id,
        "variables": campaign.variables,
    }
    other = Staff.objects.create(email="other@example.com", role=Staff.Role.ADMINISTRATOR)
    schedule.schedule(campaign.pk, soon(), by=owner)
    assert actions.update(campaign.pk, **same, by=other).scheduled_by == other
    StaffRight.objects.create(staff=other, right="campaigns.launch", granted=False)
    changed = actions.update(campaign.pk, **same, by=Staff.objects.get(pk=other.pk))
    assert (changed.scheduled_at, changed.scheduled_by) == (None, None)
    assert "changed by somebody" in changed.schedule_problem


def test_what_would_leave_an_hour_late_stays(crowd, owner):
    campaign = crowd(3, canary="never")
    schedule.schedule(campaign.pk, soon(), by=owner)
    Campaign.objects.filter(pk=campaign.pk).update(scheduled_at=timezone.now() - timedelta(minutes=61))
    assert schedule.launch_due() == 0
    campaign.refresh_from_db()
    assert campaign.state == "draft"
    assert "its time came" in campaign.schedule_problem


def test_it_leaves_with_the_rights_of_who_planned_it(crowd, owner):
    marketer = Staff.objects.create(email="marketer@example.com", role=Staff.Role.MARKETER)
    campaign = crowd(3, canary="never")
    schedule.schedule(campaign.pk, soon(), by=marketer)
    marketer.role = Staff.Role.ANALYST
    marketer.save()
    come(campaign)
    assert schedule.launch_due() == 0
    campaign.refresh_from_db()
    assert campaign.state == "draft"
    assert campaign.schedule_problem
    with pytest.raises(NotAllowed):
        schedule.schedule(campaign.pk, soon(), by=marketer)


@pytest.mark.parametrize(("ahead", "sentence"), [(timedelta(0), "has passed"), (timedelta(days=400), "a year ahead")])
def test_a_moment_that_can_not_be_meant_is_refused(crowd, owner, ahead, sentence):
    campaign = crowd(3)
    with pytest.raises(BadTime, match=sentence) as problem:
        schedule.schedule(campaign.pk, timezone.now() + ahead, by=owner)
    assert problem.value.problems.keys() == {"schedule"}


def test_the_page_plans_it_and_takes_it_back(crowd, owner, client: Client):
    campaign = crowd(3)
    client.force_login(owner)
    address = f"/campaigns/{campaign.pk}/schedule"
    day = (timezone.now() + timedelta(days=2)).date()
    assert client.post(address, {"at": f"{day}T09:30", "zone": "UTC"}).status_code in (204, 302)
    campaign.refresh_from_db()
    assert campaign.scheduled_at == datetime(day.year, day.month, day.day, 9, 30, tzinfo=UTC)
    assert f'value="{day}T09:30"' in client.get(f"/campaigns/{campaign.pk}/").content.decode()
    assert client.post(address, {"at": "tomorrow", "zone": "UTC"}).status_code == 422
    client.post(address, {"at": ""})
    campaign.refresh_from_db()
    assert (campaign.scheduled_at, campaign.scheduled_by) == (None, None)
    actions.cancel(campaign.pk, by=owner)
    assert client.post(address, {"at": f"{day}T09:30", "zone": "UTC"}).status_code == 409


def test_the_page_says_by_which_clock_and_is_read_by_it(crowd, owner, client: Client):
    campaign = crowd(3)
    client.force_login(owner)
    client.cookies["envoi_zone"] = "Asia/Tokyo"
    page = client.get(f"/campaigns/{campaign.pk}/").content.decode()
    assert 'By the clock of <span class="zone">Asia/Tokyo</span>.' in page
    assert '<input type="hidden" name="zone" value="Asia/Tokyo">' in page
    # The browser has travelled since.
    client.cookies["envoi_zone"] = "America/New_York"
    day = (timezone.now() + timedelta(days=2)).date()
    address = f"/campaigns/{campaign.pk}/schedule"
    client.post(address, {"at": f"{day}T09:30", "zone": "Asia/Tokyo"})
    campaign.refresh_from_db()
    assert campaign.scheduled_at == datetime(day.year, day.month, day.day, 0, 30, tzinfo=UTC)
    shown = client.get(f"/campaigns/{campaign.pk}/").content.decode()
    assert 'value="America/New_York"' in shown
    assert f'value="{day - timedelta(days=1)}T' in shown, "there it is the evening before"


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus", "../../etc/passwd"])
def test_a_time_of_no_known_clock_plans_nothing(crowd, owner, client: Client, zone):
    campaign = crowd(3)
    client.force_login(owner)
    day = (timezone.now() + timedelta(days=2)).date()
    sent = {"at": f"{day}T09:30"} | ({"zone": zone} if zone is not None else {})
    answer = client.post(f"/campaigns/{campaign.pk}/schedule", sent)
    assert answer.status_code == 422
    assert "did not say in which time zone" in answer.content.decode()
    campaign.refresh_from_db()
    assert campaign.scheduled_at is None
