"""A planned campaign leaves with the rights that its planner has at that moment; when it can’t, they are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from envoi.campaigns import actions, schedule
from envoi.campaigns.models import Campaign
from envoi.core.errors import NotAllowed
from envoi.notifications.models import Notification
from envoi.team import keys
from envoi.team.models import ApiKey, AuditEntry, Staff, StaffRight
from tests.campaigns.test_schedule import come, soon

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketer(db: None) -> Staff:
    return Staff.objects.create(email="lea@example.com", name="Léa", role=Staff.Role.MARKETER)


def one_key(by: Staff | None, scope: str = "campaigns:write") -> ApiKey:
    return ApiKey.objects.create(name="Shop", digest=scope, scopes=[scope], made_by=by)


def planned(campaign: Campaign, *, by: Staff | None, key: ApiKey | None = None) -> None:
    schedule.schedule(campaign.pk, soon(), by=by, key=key)
    come(campaign)


def refused(campaign: Campaign) -> str:
    """Its time comes and it does not leave; returns what its page says."""
    assert schedule.launch_due() == 0
    campaign.refresh_from_db()
    assert (campaign.state, campaign.launched_at, campaign.lane) == ("draft", None, None)
    assert (campaign.scheduled_at, campaign.scheduled_by, campaign.scheduled_key) == (None, None, None)
    assert schedule.launch_due() == 0, "its plan is over"
    return campaign.schedule_problem


def told() -> dict[str, str]:
    """Who was told that it did not leave, with the reason."""
    found = Notification.objects.filter(kind="not_launched")
    return {one.staff.email: one.facts["reason"] for one in found.select_related("staff")}


def test_an_operators_key_launches_with_its_own_rights(crowd: Callable[..., Campaign]) -> None:
    campaign, key = crowd(3, canary="never"), one_key(None)
    planned(campaign, by=None, key=key)
    assert schedule.launch_due() == 1
    campaign.refresh_from_db()
    assert (campaign.state, campaign.launched_by) == ("running", None)
    assert AuditEntry.objects.get(verb="campaign.launch").key == key
    assert told() == {}


@pytest.mark.parametrize("of_a_person", [False, True])
def test_a_key_that_was_revoked_launches_nothing(
    crowd: Callable[..., Campaign], owner: Staff, marketer: Staff, of_a_person: bool
) -> None:
    Staff.objects.create(email="agent@example.com", role=Staff.Role.AGENT)
    by = marketer if of_a_person else None
    campaign, key = crowd(3, canary="never"), one_key(by)
    planned(campaign, by=by, key=key)
    keys.revoke(key.pk, by=owner)
    reason = refused(campaign)
    assert reason == "The API key “Shop”, which planned it, was revoked."
    assert told() == {owner.email: reason, marketer.email: reason}, "whoever may launch campaigns, and nobody else"


def test_a_key_is_bound_by_what_its_maker_may_now(
    crowd: Callable[..., Campaign], owner: Staff, marketer: Staff
) -> None:
    campaign = crowd(3, canary="never")
    key = one_key(marketer)
    planned(campaign, by=marketer, key=key)
    StaffRight.objects.create(staff=marketer, right="campaigns.launch", granted=False)
    reason = refused(campaign)
    assert reason == "The API key “Shop”, which planned it, may not launch campaigns."
    assert told() == {owner.email: reason, marketer.email: reason}


def test_somebody_switched_off_launches_nothing(crowd: Callable[..., Campaign], owner: Staff, marketer: Staff) -> None:
    campaign = crowd(3, canary="never")
    planned(campaign, by=marketer)
    Staff.objects.filter(pk=marketer.pk).update(is_active=False)
    reason = refused(campaign)
    assert reason == "Léa, who planned it, can no longer sign in."
    assert told() == {owner.email: reason}


@pytest.mark.parametrize("through_key", [False, True])
def test_somebody_who_is_gone_leaves_no_rights_behind(
    crowd: Callable[..., Campaign], owner: Staff, marketer: Staff, through_key: bool
) -> None:
    campaign = crowd(3, canary="never")
    key = one_key(marketer)
    planned(campaign, by=marketer, key=key if through_key else None)
    marketer.delete()
    reason = refused(campaign)
    assert reason == "Whoever planned it is no longer on the team."
    assert told() == {owner.email: reason}


def test_nobody_plans_nothing(crowd: Callable[..., Campaign]) -> None:
    campaign = crowd(3, canary="never")
    with pytest.raises(NotAllowed, match="Only a person or an API key"):
        schedule.schedule(campaign.pk, soon(), by=None)
    with pytest.raises(NotAllowed, match="Only a person or an API key"):
        schedule.schedule(campaign.pk, soon(), by=None, key=one_key(None, "contacts:write"))
    assert Campaign.objects.get(pk=campaign.pk).scheduled_at is None


def test_the_change_of_a_key_makes_it_the_keys_plan(crowd: Callable[..., Campaign], owner: Staff) -> None:
    campaign, key = crowd(3, canary="never"), one_key(None)
    planned(campaign, by=owner)
    same = {
        "name": campaign.name,
        "segment_id": campaign.segment_id,
        "channel_id": campaign.channel_id,
        "template_id": campaign.template_id,
        "variables": campaign.variables,
    }
    changed = actions.update(campaign.pk, **same, by=None, key=key)
    assert (changed.scheduled_by, changed.scheduled_key) == (None, key)
    analyst = Staff.objects.create(email="a@example.com", role=Staff.Role.ANALYST)
    StaffRight.objects.create(staff=analyst, right="campaigns.write", granted=True)
    schedule.schedule(campaign.pk, soon(), by=owner)
    assert actions.update(campaign.pk, **same, by=analyst).scheduled_at is None
    assert told() == {owner.email: "It was changed by somebody who may not launch it."}


def test_whoever_planned_it_reads_why_it_did_not_leave(
    crowd: Callable[..., Campaign], owner: Staff, marketer: Staff
) -> None:
    campaign = crowd(0)
    planned(campaign, by=marketer)
    reason = refused(campaign)
    assert told() == {marketer.email: reason}, "nobody else: they can mend it"
    client = Client()
    client.force_login(marketer)
    page = client.get("/notifications/").content.decode()
    assert f"“Winter” did not leave as planned: {reason}" in page
    led = client.get(f"/notifications/{Notification.objects.get().pk}/")
    assert led["Location"] == f"/campaigns/{campaign.pk}/"
    assert reason in client.get(led["Location"]).content.decode()


def test_one_that_is_late_is_told_too_and_its_page_says_so_to_all(crowd: Callable[..., Campaign], owner: Staff) -> None:
    campaign = crowd(3, canary="never")
    schedule.schedule(campaign.pk, soon(), by=owner)
    Campaign.objects.filter(pk=campaign.pk).update(scheduled_at=timezone.now() - timedelta(minutes=61))
    reason = refused(campaign)
    assert told() == {owner.email: reason}
    analyst = Staff.objects.create(email="a@example.com", role=Staff.Role.ANALYST)
    client = Client()
    client.force_login(analyst)
    assert reason in client.get(f"/campaigns/{campaign.pk}/").content.decode()
    actions.launch(campaign.pk, by=owner)
    campaign.refresh_from_db()
    assert campaign.schedule_problem == "", "it has left since"


def test_the_page_names_whose_plan_it_is(crowd: Callable[..., Campaign], owner: Staff) -> None:
    campaign = crowd(3)
    schedule.schedule(campaign.pk, soon(), by=None, key=one_key(None))
    client = Client()
    client.force_login(owner)
    assert "API key Shop" in client.get(f"/campaigns/{campaign.pk}/").content.decode()


def test_the_reason_is_said_in_a_language_of_those_who_are_told(crowd: Callable[..., Campaign], owner: Staff) -> None:
    Staff.objects.filter(pk=owner.pk).update(language="fr")
    campaign = crowd(0)
    planned(campaign, by=None, key=one_key(None))
    assert "Personne" in refused(campaign)
    assert told().keys() == {owner.email}
