"""A planned campaign is told from a draft: in the list, in its heading, on the overview, in the API's list."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from envoi.campaigns import actions, forecasts, preflight, queries, schedule
from envoi.campaigns.models import Campaign
from envoi.contacts.models import Contact
from envoi.team.models import Staff
from tests.campaigns.drafts import promoted
from tests.campaigns.test_schedule import come, soon

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(crowd: Callable[..., Campaign]) -> Campaign:
    return crowd(3, canary="never")


@pytest.fixture
def page(client: Client, owner: Staff) -> Callable[[str], str]:
    client.force_login(owner)
    return lambda path: re.sub(r"\s+", " ", client.get(path).content.decode())


def in_two_days() -> datetime:
    day = (timezone.now() + timedelta(days=2)).date()
    return datetime(day.year, day.month, day.day, 9, 30, tzinfo=UTC)


def said(at: datetime) -> str:
    return f"{at.day} {at:%b %Y %H:%M}"


def test_the_list_says_planned_and_when_and_finds_it_by_that(
    campaign: Campaign, owner: Staff, page: Callable[[str], str]
) -> None:
    at = in_two_days()
    assert ">draft</span>" in page("/campaigns/")
    schedule.schedule(campaign.pk, at, by=owner)
    listed = page("/campaigns/")
    assert ">planned</span>" in listed
    assert f"{at.day} {at:%b}" in listed
    assert '<option value="planned" >Planned</option>' in listed
    assert "Winter" in page("/campaigns/?state=planned")
    assert "Winter" not in page("/campaigns/?state=draft")
    schedule.schedule(campaign.pk, None, by=owner)
    assert "Winter" not in page("/campaigns/?state=planned")
    assert "Winter" in page("/campaigns/?state=draft")


def test_its_page_confirms_the_plan_beside_the_button_that_sends_at_once(
    campaign: Campaign, owner: Staff, page: Callable[[str], str], client: Client
) -> None:
    at, address = in_two_days(), f"/campaigns/{campaign.pk}/"
    before = page(address)
    assert "Not planned: it leaves when somebody sends it." in before
    assert "It leaves by itself on" not in before
    assert "Don’t plan it" not in before
    client.post(f"{address}schedule", {"at": f"{at:%Y-%m-%dT%H:%M}", "zone": "UTC"})
    planned = page(address)
    assert ">planned</span> </h1>" in planned
    assert f"It leaves by itself on {said(at)}." in planned
    assert f"Planned: it leaves by itself on {said(at)}. Should something stand in its way" in planned
    assert f"It is planned and leaves by itself on {said(at)}" in page(f"{address}edit/")
    assert "Don’t plan it" in planned
    assert "Send to 3 people" in planned, "it can be sent at once all the same"
    client.post(f"{address}schedule", {"at": ""})
    assert "It leaves by itself on" not in page(address)


def test_the_overview_says_planned_and_leaves_it_out_of_what_is_to_be_done(
    campaign: Campaign, owner: Staff, page: Callable[[str], str]
) -> None:
    at = in_two_days()
    assert "“Winter” is ready to send." in page("/")
    schedule.schedule(campaign.pk, at, by=owner)
    shown = page("/")
    assert "is ready to send" not in shown
    assert ">planned</span>" in shown
    assert f"{at.day} {at:%b} 09:30" in shown or f"{at.day} {at:%b %Y}" in shown
    Campaign.objects.update(budget=0)
    come(campaign)
    assert schedule.launch_due() == 0
    shown = page("/")
    assert "“Winter” did not leave as planned: It would cost" in shown
    assert "is ready to send" not in shown


def test_the_end_is_counted_from_the_planned_moment(campaign: Campaign, owner: Staff) -> None:
    at = in_two_days()
    now = preflight.forecast(campaign)
    schedule.schedule(campaign.pk, at, by=owner)
    planned = queries.campaign_for(owner, campaign.pk)
    made = preflight.forecast(planned)
    assert made.finish_at - at == timedelta(seconds=now.seconds)
    assert made.seconds == now.seconds, "how long it takes is no other"
    assert preflight.basis_of(planned) != preflight.basis_of(campaign), "what was counted before is counted again"
    # Sent by hand, it is counted from now: it shall not be given up two days later than meant.
    forecasts.compute(planned)
    launched = actions.launch(campaign.pk, by=owner)
    assert launched.expires_at is not None
    assert launched.expires_at - launched.launched_at == now.lifetime


def test_who_may_be_written_to_before_it_begins_waits_for_nothing(campaign: Campaign, owner: Staff) -> None:
    promoted(list(Contact.objects.all()), campaign.channel, timezone.now())
    assert [(one.reason, one.people) for one in preflight.forecast(campaign).later] == [("promoted_recently", 3)]
    schedule.schedule(campaign.pk, in_two_days(), by=owner)
    made = preflight.forecast(queries.campaign_for(owner, campaign.pk))
    assert (made.will_get, made.later) == (3, [])


def test_after_a_launch_by_hand_nothing_of_the_plan_is_left(
    campaign: Campaign, owner: Staff, page: Callable[[str], str]
) -> None:
    schedule.schedule(campaign.pk, soon(), by=owner)
    Campaign.objects.update(schedule_problem="It was changed by somebody who may not launch it.")
    actions.launch(campaign.pk, by=owner)
    campaign.refresh_from_db()
    assert (campaign.scheduled_at, campaign.scheduled_by, campaign.schedule_problem) == (None, None, "")
    shown = page(f"/campaigns/{campaign.pk}/")
    assert ">running</span> </h1>" in shown
    assert "Leaves by itself" not in shown
    # One that was launched by an earlier version, which kept its plan.
    Campaign.objects.update(scheduled_at=soon(), scheduled_by=owner)
    assert "Leaves by itself" not in page(f"/campaigns/{campaign.pk}/")
    assert ">running</span>" in page("/campaigns/")


def test_a_discarded_one_keeps_no_plan(campaign: Campaign, owner: Staff) -> None:
    schedule.schedule(campaign.pk, soon(), by=owner)
    actions.cancel(campaign.pk, by=owner)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.scheduled_at, campaign.scheduled_by) == ("cancelled", None, None)
