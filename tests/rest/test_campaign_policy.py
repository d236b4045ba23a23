"""What a program tells a campaign of itself is meant as it stands, or refused at the very word."""

from __future__ import annotations

from typing import Any

import pytest

from envoi.campaigns.models import Campaign
from tests.rest.conftest import Caller
from tests.rest.test_campaign_schedule import draft as draft

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_not_said_stays_as_it_is(api: Caller, draft: dict[str, Any]) -> None:
    made = api.post("/campaigns", draft | {"policy": {"canary": "always", "failed_percent": 3}})
    assert (made["policy"]["canary"], made["policy"]["failed_percent"]) == ("always", 3.0)
    assert (made["policy"]["canary_size"], made["policy"]["exclude_inactive"]) == (1000, True)
    changed = api.patch(f"/campaigns/{made['id']}", {"policy": {"exclude_inactive": False}})
    assert changed["policy"] == made["policy"] | {"exclude_inactive": False}
    back = api.patch(f"/campaigns/{made['id']}", {"policy": {"canary": "auto"}})
    assert back["policy"]["canary"] == "auto"
    assert Campaign.objects.get().policy == {"failed_percent": 3.0, "exclude_inactive": False}


@pytest.mark.parametrize(
    ("policy", "pointer"),
    [
        ({"canari": "always"}, "/policy/canari"),
        ({"canary": "sometimes"}, "/policy/canary"),
        ({"canary": None}, "/policy/canary"),
        ({"canary_size": "100"}, "/policy/canary_size"),
        ({"canary_size": 100.0}, "/policy/canary_size"),
        ({"canary_size": True}, "/policy/canary_size"),
        ({"canary_size": 3}, "/policy/canary_size"),
        ({"canary_minutes": 0}, "/policy/canary_minutes"),
        ({"failed_percent": "40"}, "/policy/failed_percent"),
        ({"failed_percent": True}, "/policy/failed_percent"),
        ({"opted_out_percent": 101}, "/policy/opted_out_percent"),
        ({"exclude_inactive": "no"}, "/policy/exclude_inactive"),
        ({"stop_at_yellow": 1}, "/policy/stop_at_yellow"),
        ({"uncertain": "guess"}, "/policy/uncertain"),
        ({"uncertain_hours": 721}, "/policy/uncertain_hours"),
        ({"canary_from": 10**12}, "/policy/canary_from"),
        ("always", "/policy"),
        ([], "/policy"),
    ],
)
def test_a_typo_or_another_kind_is_refused_where_it_stands(
    api: Caller, draft: dict[str, Any], policy: Any, pointer: str
) -> None:
    made = api.post("/campaigns", draft)
    for refused in (
        api.post("/campaigns", draft | {"policy": policy}, expect=422),
        api.patch(f"/campaigns/{made['id']}", {"policy": policy}, expect=422),
    ):
        (error,) = refused["errors"]
        assert error["pointer"] == pointer
        assert error["detail"]
    (kept,) = Campaign.objects.all()
    assert kept.policy == {}, "nothing of a refused call is kept"


def test_what_an_earlier_version_stored_is_read_all_the_same(api: Caller, draft: dict[str, Any]) -> None:
    made = api.post("/campaigns", draft)
    Campaign.objects.update(policy={"canari": 1, "canary_size": "many", "failed_percent": 9, "exclude_inactive": None})
    shown = api.get(f"/campaigns/{made['id']}")["policy"]
    assert shown == made["policy"] | {"failed_percent": 9.0}
    changed = api.patch(f"/campaigns/{made['id']}", {"policy": {"canary": "never"}})["policy"]
    assert changed == shown | {"canary": "never"}
