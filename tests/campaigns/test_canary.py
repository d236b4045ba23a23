"""The trial: a slice first, the rest when the slice took it well."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection

from envoi.campaigns import actions, breaker, canary
from envoi.campaigns.models import BreakerEvent, Campaign
from envoi.core.errors import BadInput
from envoi.messaging.models import Message
from envoi.team.models import Staff

from .conftest import became, plan

pytestmark = pytest.mark.django_db

Crowd = Callable[..., Campaign]
TRIAL = {"canary": "always", "canary_size": 100, "canary_from": 100, "canary_minutes": 30}


@pytest.fixture
def trial(crowd: Crowd, owner: Staff) -> Campaign:
    campaign = crowd(1_000, **TRIAL)
    actions.launch(campaign.pk, by=owner)
    plan(campaign)
    campaign.refresh_from_db()
    return campaign


def written(campaign: Campaign) -> int:
    return Message.objects.filter(campaign_id=campaign.pk).count()


def later(campaign: Campaign, minutes: int) -> None:
    """Let the trial have been sent so long ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE campaigns SET canary_sent_at = now() - %s * interval '1 minute', judged_at = NULL WHERE id = %s",
            [minutes, campaign.pk],
        )


def look(campaign: Campaign) -> Campaign:
    breaker.look(campaign.pk)
    canary.look(campaign.pk)
    actions.watch(campaign.pk)
    campaign.refresh_from_db()
    return campaign


def test_only_a_slice_of_about_the_asked_size_is_planned_first(trial: Campaign) -> None:
    assert trial.canary_state == "watching"
    assert trial.canary_total == 1_000
    assert 60 <= written(trial) <= 145


def test_the_campaign_waits_for_its_trial_and_then_writes_to_everybody_once(trial: Campaign) -> None:
    first = written(trial)
    became(trial, "delivered", first)
    assert look(trial).canary_sent_at is not None
    assert trial.state == "running"
    plan(trial)
    assert written(trial) == first, "nothing more before the time is over"

    later(trial, 31)
    assert look(trial).canary_state == "passed"
    plan(trial)
    trial.refresh_from_db()
    assert written(trial) == 1_000
    assert trial.planned_at is not None
    became(trial, "delivered", 1_000)
    assert look(trial).state == "finished"


def test_a_trial_that_annoys_people_stops_the_campaign_with_the_reason(trial: Campaign, owner: Staff) -> None:
    first = written(trial)
    became(trial, "delivered", first)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO consents (contact_id, purpose, state, source, text, proof, at)
            SELECT contact_id, 'marketing', 'withdrawn', 'keyword', 'STOP', '', clock_timestamp() + interval '1 second'
              FROM messages WHERE campaign_id = %s LIMIT 9
            """,
            [trial.pk],
        )
    later(trial, 5)
    look(trial)
    assert (trial.state, trial.canary_state) == ("paused", "stopped")
    event = BreakerEvent.objects.get()
    assert (event.scope, event.sign, event.events, event.of) == ("campaign", "opted_out", 9, first)
    assert "asked to stop" in event.sentence
    assert written(trial) == first

    actions.resume(trial.pk, by=owner)
    plan(trial)
    assert written(trial) == 1_000, "a person has seen it and goes on with the rest"
    event.refresh_from_db()
    assert event.resumed_by == owner


def test_a_trial_that_does_not_arrive_waits_twice_its_time_and_then_stops(trial: Campaign) -> None:
    first = written(trial)
    became(trial, "delivered", first - 30)
    became(trial, "sent", 30)
    look(trial)
    later(trial, 31)
    assert look(trial).canary_state == "watching"
    later(trial, 61)
    assert look(trial).state == "paused"
    assert BreakerEvent.objects.get().sign == "trial_delivered"


def test_small_campaigns_and_those_that_say_never_go_out_whole(crowd: Crowd, owner: Staff) -> None:
    small = crowd(300)
    actions.launch(small.pk, by=owner)
    plan(small)
    assert written(small) == 300
    never = crowd(0, canary="never", canary_size=100, canary_from=100)
    actions.launch(never.pk, by=owner)
    plan(never)
    assert written(never) == 300


def test_an_ended_lifetime_ends_the_campaign_in_mid_trial(trial: Campaign) -> None:
    became(trial, "delivered", 1_000)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE campaigns SET expires_at = now() - interval '1 second'")
    assert look(trial).state == "finished"


@pytest.mark.parametrize(
    "policy",
    [
        {"canary": "sometimes"},
        {"canary_size": 1},
        {"canary_size": 6_000},
        {"canary_minutes": 0},
        {"opted_out_percent": 101},
        {"uncertain": "burn"},
        {"uncertain_hours": 0},
    ],
)
def test_a_policy_that_can_not_be_is_refused_in_words(crowd: Crowd, policy: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        crowd(10, **policy)
