"""/replies: rules as a program writes them."""

from __future__ import annotations

import pytest

from tests.rest.conftest import Caller

pytestmark = pytest.mark.django_db(transaction=True)

PROMO = {
    "name": "Promo",
    "trigger": {"on": "keyword", "how": "fuzzy", "words": ["réduction", "优惠"]},
    "actions": [{"do": "text", "texts": [{"language": "", "text": "Hello {{first_name|friend}}"}]}],
}


def test_a_rule_is_made_changed_moved_and_deleted(api: Caller) -> None:
    made = api.post("/replies", PROMO)
    assert (made["position"], made["enabled"], made["stops"], made["fired"]) == (1, True, True, 0)
    assert made["trigger"] == PROMO["trigger"]
    other = api.post("/replies", PROMO | {"name": "Other", "conditions": {"has_tags": ["vip"], "hours": "closed"}})
    assert other["conditions"] == {"has_tags": ["vip"], "hours": "closed"}
    changed = api.patch(f"/replies/{other['id']}", {"enabled": False, "position": 1})
    assert (changed["enabled"], changed["position"], changed["conditions"]) == (False, 1, other["conditions"])
    assert [one["position"] for one in api.everything("/replies", limit=1)] == [2, 1]
    api.delete(f"/replies/{made['id']}")
    api.get(f"/replies/{made['id']}", expect=404)


@pytest.mark.parametrize(
    "wrong",
    [
        {"trigger": {"on": "keyword", "words": []}},
        {"actions": []},
        {"actions": [{"do": "text", "texts": 5}]},
        {"actions": [{"do": "text", "texts": [5]}]},
        {"actions": [{"do": "menu", "texts": [{"text": "x", "options": "y"}]}]},
        {"actions": [{"do": "template", "template": 1.5, "values": []}]},
        {"actions": [{"do": "promo", "pool": "1e3"}]},
        {"actions": [{"do": "webhook", "url": "https://[::1"}]},
        {"actions": [{}]},
        {"channels": [99]},
        {"surprise": 1},
        {"starts_at": "2026-01-01T00:00:00"},
    ],
)
def test_what_cannot_be_meant_is_refused(api: Caller, wrong: dict) -> None:  # type: ignore[type-arg]
    api.post("/replies", PROMO | wrong, expect=422)
    assert api.get("/replies")["items"] == []


def test_a_name_is_given_once(api: Caller) -> None:
    api.post("/replies", PROMO)
    api.post("/replies", PROMO, expect=409)
