"""The circuit breaker: what it stops, with which reason, and how it goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection

from envoi.campaigns import actions, breaker, recovery
from envoi.campaigns.errors import Broken
from envoi.campaigns.models import BreakerEvent, Campaign
from envoi.channels.models import Channel
from envoi.core.errors import NotAllowed, NotFound
from envoi.message_templates.models import Template
from envoi.messaging.models import Lane
from envoi.team.models import AuditEntry, Staff

from .conftest import became, plan

pytestmark = pytest.mark.django_db

Crowd = Callable[..., Campaign]


@pytest.fixture
def running(crowd: Crowd, owner: Staff) -> Campaign:
    campaign = crowd(400, canary="never")
    actions.launch(campaign.pk, by=owner)
    plan(campaign)
    campaign.refresh_from_db()
    return campaign


@pytest.fixture
def other(running: Campaign, crowd: Crowd, owner: Staff) -> Campaign:
    """A second campaign of the same template and channel."""
    campaign = crowd(0, canary="never")
    actions.launch(campaign.pk, by=owner)
    campaign.refresh_from_db()
    return campaign


def look(campaign: Campaign) -> BreakerEvent | None:
    Campaign.objects.update(judged_at=None)
    event = breaker.look(campaign.pk)
    campaign.refresh_from_db()
    return event


def lane_of(campaign: Campaign) -> str:
    return Lane.objects.get(pk=campaign.lane_id).state


def test_a_healthy_campaign_goes_on(running: Campaign) -> None:
    became(running, "delivered", 200)
    became(running, "failed", 20, code="131026")
    assert look(running) is None
    assert running.state == "running"


def test_too_many_failures_pause_it_with_figures_and_line(running: Campaign, other: Campaign) -> None:
    became(running, "delivered", 60)
    became(running, "failed", 60, code="131026")
    event = look(running)
    assert event is not None
    assert (event.scope, event.sign, event.events, event.of, event.threshold) == ("campaign", "failed", 60, 120, 0.4)
    assert event.sentence == "60 of 120 messages failed (50.0%); the limit is 40.0%."
    assert (running.state, lane_of(running)) == ("paused", "held")
    other.refresh_from_db()
    assert other.state == "running", "only the campaign itself"
    assert look(running) is None, "a paused campaign is not stopped again"
    assert AuditEntry.objects.filter(verb="campaign.break", subject=f"campaign/{running.pk}").count() == 1


def test_people_who_had_enough_promotions_are_no_failure(running: Campaign) -> None:
    became(running, "failed", 100, code="131049")
    became(running, "delivered", 50)
    assert look(running) is None


def test_a_restricted_number_stops_every_campaign_of_it_at_once(running: Campaign, other: Campaign) -> None:
    became(running, "failed", 1, code="131048")
    event = look(running)
    assert event is not None
    assert (event.scope, event.sign, event.resumes) == ("channel", "restricted", "person")
    other.refresh_from_db()
    assert [running.state, other.state] == ["paused", "paused"]


def test_a_paused_template_stops_its_campaigns_and_they_go_on_when_it_is_back(
    running: Campaign, other: Campaign, owner: Staff
) -> None:
    Template.objects.update(state="paused")
    event = look(running)
    assert event is not None
    assert (event.scope, event.sign, event.resumes) == ("template", "template_stopped", "itself")
    with pytest.raises(Broken):
        actions.resume(running.pk, by=owner)
    with pytest.raises(Broken, match="still there"):
        recovery.resume(event.pk, by=owner)
    assert recovery.recover() == 0

    Template.objects.update(state="approved")
    assert recovery.recover() == 0, "gone just now is not gone for good"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE breaker_events SET gone_at = now() - interval '11 minutes'")
    assert recovery.recover() == 1
    for campaign in (running, other):
        campaign.refresh_from_db()
        assert (campaign.state, lane_of(campaign)) == ("running", "open")
    event.refresh_from_db()
    assert event.resumed_itself


def test_low_quality_stops_and_medium_only_when_asked_for(running: Campaign) -> None:
    Template.objects.update(quality="yellow")
    assert look(running) is None
    assert any("medium" in words for words in breaker.warnings_of(Campaign.objects.get(pk=running.pk)))
    Campaign.objects.update(policy={"stop_at_yellow": True})
    event = look(running)
    assert event is not None
    assert event.sign == "template_quality"


def test_a_number_of_low_quality_lets_no_campaign_start(running: Campaign, crowd: Crowd, owner: Staff) -> None:
    Channel.objects.update(quality="red")
    event = look(running)
    assert event is not None
    assert event.sign == "channel_quality"
    draft = crowd(0, canary="never")
    with pytest.raises(Broken, match="quality is low"):
        actions.launch(draft.pk, by=owner)


def test_after_a_person_resumed_the_figures_count_anew(running: Campaign, owner: Staff) -> None:
    Campaign.objects.update(launched_at="2020-01-01T00:00:00Z")
    became(running, "failed", 100, code="131026", minutes_ago=5)
    event = look(running)
    assert event is not None
    recovery.resume(event.pk, by=owner)
    running.refresh_from_db()
    assert running.state == "running"
    assert look(running) is None
    with pytest.raises(Broken, match="already"):
        recovery.resume(event.pk, by=owner)


def test_old_failures_are_outside_the_window(running: Campaign) -> None:
    Campaign.objects.update(launched_at="2020-01-01T00:00:00Z")
    became(running, "failed", 100, code="131026", minutes_ago=90)
    became(running, "delivered", 60)
    assert look(running) is None


def test_resuming_needs_the_right_and_an_event(running: Campaign) -> None:
    agent = Staff.objects.create(email="agent@example.com", role=Staff.Role.AGENT)
    became(running, "failed", 100, code="131026")
    event = look(running)
    assert event is not None
    with pytest.raises(NotAllowed):
        recovery.resume(event.pk, by=agent)
    with pytest.raises(NotFound):
        recovery.resume(event.pk + 1, by=None)
