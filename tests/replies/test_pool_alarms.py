"""Codes that run out: whoever may change rules is told, once when few are left and once when none is."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.test import Client

from envoi.contacts.models import Contact
from envoi.notifications.models import Notification
from envoi.notifications.wording import sentence
from envoi.replies import actions, codes, pool_alarms, tasks
from envoi.replies.models import PromoPool, ReplyRule
from envoi.team.actions import add_staff
from envoi.team.models import Change, Staff

from .conftest import rule

MESSAGES = itertools.count(1)
pytestmark = [pytest.mark.usefixtures("as_intake"), pytest.mark.django_db]


@pytest.fixture
def pool(owner: Staff) -> PromoPool:
    """Three codes, which a rule gives out; one more than the pool's owner wants to hear of."""
    made = codes.save_pool(name="Spring", again="new", low_at=2, empty=[{"language": "", "text": "None left"}], by=None)
    codes.add_codes(made.pk, "A1\nB2\nC3", by=None)
    rule("Who asks for promo", "promo", actions=[gives(made)])
    return made


def gives(pool: PromoPool) -> dict[str, Any]:
    return {"do": "promo", "pool": pool.pk, "texts": [{"language": "", "text": "{{code}}"}]}


def take(pool: PromoPool, times: int = 1) -> None:
    contact = Contact.objects.get_or_create(phone="+33639980001")[0]
    for _ in range(times):
        assert codes.take(pool.pk, contact.pk, next(MESSAGES))


def sentences(staff: Staff) -> list[str]:
    found = Notification.objects.filter(staff=staff, kind="codes_low").order_by("id")
    return [sentence(one.kind, one.facts) for one in found]


def test_each_threshold_is_told_once_with_the_pool_and_the_rule(pool: PromoPool, owner: Staff):
    tasks.look_at_pools()
    assert sentences(owner) == []
    take(pool)
    tasks.look_at_pools()
    tasks.look_at_pools()
    low = "2 codes are left in “Spring”, which the rule “Who asks for promo” gives out."
    assert sentences(owner) == [low]
    take(pool, 2)
    tasks.look_at_pools()
    tasks.look_at_pools()
    gone = "No code is left in “Spring”, which the rule “Who asks for promo” gives out."
    assert sentences(owner) == [low, gone]
    assert Notification.objects.filter(link=f"/replies/codes/{pool.pk}/").count() == 2


def test_after_codes_were_added_it_is_told_again_but_a_few_more_are_no_news(pool: PromoPool, owner: Staff):
    take(pool, 3)
    assert pool_alarms.look() == 1
    codes.add_codes(pool.pk, "D4", by=None)
    assert pool_alarms.look() == 0
    codes.add_codes(pool.pk, "E5\nF6\nG7", by=None)
    assert pool_alarms.look() == 0
    take(pool, 2)
    assert pool_alarms.look() == 1
    assert len(sentences(owner)) == 2


def test_who_may_not_change_rules_and_who_is_switched_off_hears_nothing(pool: PromoPool, owner: Staff):
    marketer = add_staff(email="mia@example.com", role="marketer", name="Mia", password="a long sentence", by=None)
    agent = add_staff(email="ana@example.com", role="agent", name="Ana", password="a long sentence", by=None)
    gone = add_staff(email="gus@example.com", role="marketer", name="Gus", password="a long sentence", by=None)
    Staff.objects.filter(pk=gone.pk).update(is_active=False)
    take(pool, 3)
    pool_alarms.look()
    assert [len(sentences(one)) for one in (owner, marketer, agent, gone)] == [1, 1, 0, 0]


def test_a_pool_that_no_rule_in_force_gives_out_is_nobodys_business(pool: PromoPool, owner: Staff):
    actions.set_enabled(ReplyRule.objects.get().pk, False, by=None)
    take(pool, 3)
    assert pool_alarms.look() == 0
    actions.set_enabled(ReplyRule.objects.get().pk, True, by=None)
    assert pool_alarms.look() == 1


def test_what_was_told_is_no_change_of_the_pool_in_the_log(pool: PromoPool):
    before = Change.objects.filter(place="promo_pools").count()
    take(pool, 3)
    pool_alarms.look()
    assert Change.objects.filter(place="promo_pools").count() == before


def test_the_rules_page_says_how_many_are_left(pool: PromoPool, client: Client, owner: Staff):
    client.force_login(owner)
    address = f"/replies/{ReplyRule.objects.get().pk}/"
    assert "left in “Spring”" not in client.get(address).content.decode()
    take(pool)
    assert "2 codes are left in “Spring”." in client.get(address).content.decode()
    take(pool, 2)
    page = client.get(address).content.decode()
    assert "No code is left in “Spring”: who asks now is told so." in page
    assert f'href="/replies/codes/{pool.pk}/"' in page
