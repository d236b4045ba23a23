"""When somebody's access ends, whoever gets their work hears of it once, and they hear that it has ended."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from envoi.channels.models import Channel
from envoi.contacts.models import Contact
from envoi.inbox.models import Conversation
from envoi.notifications.models import Notification
from envoi.notifications.wording import sentence
from envoi.staffing import leaving, tasks
from envoi.team.models import Staff

from .conftest import PASSWORD

Hire = Callable[..., Staff]
pytestmark = pytest.mark.django_db


def give(staff: Staff, channel: Channel, count: int) -> None:
    """So many conversations with a customer each."""
    people = [Contact.objects.create(phone=f"+3363998{number:04}") for number in range(count)]
    Conversation.objects.bulk_create(Conversation(contact=one, channel=channel, assignee=staff) for one in people)


def told(staff: Staff) -> list[str]:
    return [sentence(one.kind, one.facts) for one in Notification.objects.filter(staff=staff)]


def test_the_heir_of_many_conversations_is_told_once_how_many(hire: Hire, owner: Staff, channel: Channel) -> None:
    ana, ben = hire("agent", "Ana"), hire("agent", "Ben")
    give(ana, channel, leaving.CONVERSATIONS + 3)
    leaving.leave(ana.pk, to_staff=ben.pk, by=owner)
    tasks.hand_over(ana.pk, to_staff=ben.pk, to_team=None, contacts_to=None, by=owner.pk)
    assert Conversation.objects.filter(assignee=ben).count() == leaving.CONVERSATIONS + 3
    assert told(ben) == [f"Owner handed {leaving.CONVERSATIONS + 3} conversations of Ana over to you."]
    assert Notification.objects.get(staff=ben).link == "/inbox/?view=mine"


def test_one_conversation_is_told_as_one_and_none_not_at_all(hire: Hire, owner: Staff, channel: Channel) -> None:
    ana, ben, cleo = hire("agent", "Ana"), hire("agent", "Ben"), hire("agent", "Cleo")
    give(ana, channel, 1)
    leaving.leave(cleo.pk, to_staff=ben.pk, by=owner)
    assert told(ben) == []
    leaving.leave(ana.pk, to_staff=ben.pk, by=None)
    assert told(ben) == ["1 conversation of Ana is yours now."]


def test_who_takes_them_over_themselves_is_not_told(hire: Hire, owner: Staff, channel: Channel) -> None:
    ana = hire("agent", "Ana")
    give(ana, channel, 2)
    leaving.leave(ana.pk, to_staff=owner.pk, by=owner)
    assert told(owner) == []


def test_who_was_switched_off_reads_why_they_cant_come_in(hire: Hire, owner: Staff, client: Client) -> None:
    ana = hire("agent", "Ana")
    leaving.leave(ana.pk, by=owner)
    answer = client.post("/account/login/", {"login": ana.email, "password": PASSWORD}, follow=True)
    page = answer.content.decode()
    assert "somebody has switched off your access" in page
    assert "Inactive" not in page
    # Only who knows the password learns that.
    answer = client.post("/account/login/", {"login": ana.email, "password": "something else"}, follow=True)
    assert "switched off your access" not in answer.content.decode()
