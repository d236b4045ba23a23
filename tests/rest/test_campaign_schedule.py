"""A program plans when a campaign leaves, and reads why it can't."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any

import pytest
from django.utils import timezone

from envoi.campaigns import schedule
from envoi.campaigns.models import Campaign
from envoi.channels.models import Account, Channel
from envoi.message_templates.models import Template
from envoi.team import keys
from envoi.team.models import ApiKey, Staff
from tests.rest.conftest import Caller
from tests.rest.test_resources import ANA, PARCEL

pytestmark = pytest.mark.django_db(transaction=True)


WRITTEN_OUT = "Write a day and a time with its zone, such as 2026-12-24T09:00:00Z."


@pytest.fixture
def draft(api: Caller, account: Account, channel: Channel) -> dict[str, Any]:
    api.post("/contacts", ANA)
    template = Template.objects.create(
        account=account,
        name="parcel",
        language="en",
        category="utility",
        state="approved",
        components=PARCEL["components"],
    )
    return {
        "name": "Parcels",
        "segment": api.post("/segments", {"name": "All", "rule": {"all": []}})["id"],
        "channel": channel.pk,
        "template": template.pk,
        "variables": {"number": {"text": "A17"}},
    }


def in_hours(hours: float) -> str:
    return (timezone.now() + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


def test_it_is_planned_changed_and_taken_back(api: Caller, draft: dict[str, Any]) -> None:
    at = in_hours(5)
    made = api.post("/campaigns", draft | {"schedule": at})
    assert made["schedule"][:19] == at[:19]
    address = f"/campaigns/{made['id']}"
    assert api.patch(address, {"name": "Others"})["schedule"] == made["schedule"], "it stays with other changes"
    later = in_hours(9)
    assert api.patch(address, {"schedule": later})["schedule"][:19] == later[:19]
    assert [one["id"] for one in api.get("/campaigns", state="planned")["items"]] == [made["id"]]
    assert [one["id"] for one in api.get("/campaigns", state="draft")["items"]] == [made["id"]], "it is one, too"
    assert api.patch(address, {"schedule": None})["schedule"] is None
    assert api.get("/campaigns", state="planned")["items"] == []


@pytest.mark.parametrize(
    ("schedule", "sentence"),
    [
        (in_hours(-1), "This time has passed: choose one that is yet to come, or launch it now."),
        (in_hours(24 * 400), "A campaign is planned for a year ahead at most."),
        ("2026-12-24T09:00:00", ""),
        ("Christmas", ""),
        (4102444800, WRITTEN_OUT),
        (4102444800000, WRITTEN_OUT),
        ("4102444800", WRITTEN_OUT),
        ("2026-12-24", WRITTEN_OUT),
        (True, WRITTEN_OUT),
        ("2026-13-24T09:00:00Z", ""),
    ],
    ids=["over", "too far", "no zone", "no time", "number", "thousandths", "digits", "day", "true", "no month"],
)
def test_what_can_not_be_meant_has_a_sentence_at_its_field(
    api: Caller, draft: dict[str, Any], schedule: Any, sentence: str
) -> None:
    problem = api.post("/campaigns", draft | {"schedule": schedule}, expect=422)
    (error,) = problem["errors"]
    assert error["pointer"] == "/schedule"
    assert error["detail"]
    if sentence:
        assert error["detail"] == sentence
    assert Campaign.objects.count() == 0, "nothing is left of a refused call"


@pytest.mark.parametrize("of_the_operator", [True, False])
def test_what_a_key_planned_does_not_leave_once_the_key_is_revoked(
    calling: Callable[..., Caller],
    api: Caller,
    draft: dict[str, Any],
    owner: Staff,
    of_the_operator: bool,
) -> None:
    program = calling("campaigns:write", by=None if of_the_operator else owner)
    made = [program.post("/campaigns", draft | {"schedule": in_hours(5)})["id"] for _each in range(2)]
    key = ApiKey.objects.latest("pk")
    assert set(Campaign.objects.values_list("scheduled_key", flat=True)) == {key.pk}
    first, second = made
    Campaign.objects.filter(pk=first).update(scheduled_at=timezone.now())
    assert schedule.launch_due() == 1, "in use, it launches"
    keys.revoke(key.pk, by=owner)
    Campaign.objects.filter(pk=second).update(scheduled_at=timezone.now())
    assert schedule.launch_due() == 0
    kept = api.get(f"/campaigns/{second}")
    assert (kept["state"], kept["schedule"]) == ("draft", None)
    assert kept["schedule_problem"] == "The API key “Tests”, which planned it, was revoked."


def test_every_way_of_writing_a_zone_is_read(api: Caller, draft: dict[str, Any]) -> None:
    at = (timezone.now() + timedelta(days=2)).astimezone(UTC).replace(hour=9, minute=30, second=0, microsecond=0)
    for written in (f"{at:%Y-%m-%dT%H:%M}Z", f"{at:%Y-%m-%d %H:%M:%S.000}+00:00", f"{at:%Y-%m-%dT}11:30:00+02:00"):
        made = api.post("/campaigns", draft | {"schedule": written})
        assert made["schedule"] == f"{at:%Y-%m-%dT%H:%M:%S}Z"
