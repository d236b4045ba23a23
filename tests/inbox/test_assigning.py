"""Who gets a conversation: in turn, by load, language, skill, whom they know; never beyond what somebody can take."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from envoi.channels.models import Account, Channel
from envoi.contacts.models import Contact, ContactTag, Tag
from envoi.core import clock
from envoi.inbox import actions, service, sharing
from envoi.inbox.assigning import choose
from envoi.inbox.models import Conversation, ConversationEvent
from envoi.inbox.why import why_here
from envoi.inbox.words import Arrived
from envoi.intake import engine
from envoi.intake.models import WebhookEvent
from envoi.messaging.models import Message
from envoi.notifications.models import Notification
from envoi.team import presence
from envoi.team.models import Staff, Team, TeamMember

from .conftest import again, message

pytestmark = pytest.mark.django_db
Write = Callable[..., Conversation]


def come(*people: Staff, **more: Any) -> None:
    """These open a page; `more` changes what is known of them."""
    for one in people:
        for name, value in more.items():
            setattr(one, name, value)
        one.seen_at = clock.now()
        one.save()


def share(how: str = "in_turn", team: Team | None = None, **more: bool) -> None:
    values = {"share": how, "last_agent": False, "language": False, "skills": False, "strict": False} | more
    service.set_assignment(team.pk if team else None, values=values, by=None)


def phone(n: int) -> str:
    return f"33639981{n:03}"


def test_unless_somebody_sets_it_new_conversations_wait_for_whoever_takes_them(write: Write, ana: Staff) -> None:
    come(ana)
    assert write().assignee_id is None


def test_in_turn_everybody_gets_as_many(write: Write, ana: Staff, ben: Staff) -> None:
    come(ana, ben)
    share()
    got = [write(phone=phone(n)).assignee_id for n in range(6)]
    assert Counter(got) == {ana.pk: 3, ben.pk: 3}
    assert got[0] != got[1]
    assert Notification.objects.filter(staff=ana, kind="assigned").count() == 3


def test_by_load_whoever_has_fewest_is_next(write: Write, ana: Staff, ben: Staff) -> None:
    come(ana, ben)
    for n in range(3):
        one = write(phone=phone(n))
        actions.assign(one.contact_id, one.id, staff_id=ana.pk, by=None)
    share("least")
    assert [write(phone=phone(n)).assignee_id for n in range(10, 13)] == [ben.pk] * 3


@pytest.mark.parametrize(
    ("name", "value"), [("present", "away"), ("present", "offline"), ("is_active", False), ("role", "analyst")]
)
def test_who_is_away_or_may_not_answer_gets_none(write: Write, ana: Staff, name: str, value: Any) -> None:
    come(ana, **{name: value})
    share()
    assert write().assignee_id is None


def test_who_closed_their_last_page_two_minutes_ago_gets_none(write: Write, ana: Staff) -> None:
    share()
    Staff.objects.filter(pk=ana.pk).update(seen_at=clock.now() - timedelta(seconds=125))
    assert write().assignee_id is None


def test_nobody_gets_more_than_their_capacity_and_room_made_is_room_used(write: Write, ana: Staff) -> None:
    come(ana, capacity=2)
    share()
    ones = [write(phone=phone(n)) for n in range(4)]
    assert [one.assignee_id for one in ones] == [ana.pk, ana.pk, None, None]
    assert sharing.share_out() == 0
    actions.close(ones[0].contact_id, ones[0].id, by=ana)
    assert sharing.share_out() == 1
    assert again(ones[2]).assignee_id == ana.pk
    assert again(ones[3]).assignee_id is None
    [event] = ConversationEvent.objects.filter(conversation_id=ones[2].id, what="assigned")
    assert (event.by, event.detail["to"], event.detail["why"]) == (None, ana.pk, "chosen")


def test_one_batch_of_intake_counts_what_it_has_just_given(
    ana: Staff, ben: Staff, account: Account, channel: Channel
) -> None:
    come(ana, ben, capacity=2)
    share()
    for n in range(8):
        body = message("hello", phone=phone(n), number=n)
        WebhookEvent.objects.create(account_id=account.pk, provider="meta", body=body)
    while engine.step():
        pass
    got = Counter(Conversation.objects.values_list("assignee_id", flat=True))
    assert got == {ana.pk: 2, ben.pk: 2, None: 4}


def test_when_somebody_comes_in_the_head_of_the_queue_is_theirs(write: Write, ana: Staff) -> None:
    share()
    ones = [write(phone=phone(n)) for n in range(3)]
    Conversation.objects.filter(id=ones[1].id).update(worth=420)
    Conversation.objects.filter(id=ones[2].id).update(priority=2)
    come(ana, capacity=2)
    assert sharing.share_out() == 2
    assert [again(one).assignee_id for one in ones] == [None, ana.pk, ana.pk]


def test_a_customer_comes_back_to_whom_they_know(write: Write, ana: Staff, ben: Staff) -> None:
    come(ana, ben)
    share("in_turn", last_agent=True)
    one = write()
    knows = Staff.objects.get(pk=one.assignee_id)
    actions.reply(one.contact_id, one.id, actions.What("text", {"body": "Hi"}, text="Hi"), by=knows)
    actions.close(one.contact_id, one.id, by=knows)
    write(phone=phone(1))
    write(phone=phone(2))
    assert write("again").assignee_id == knows.pk
    actions.close(one.contact_id, again(write("and")).id, by=knows)
    presence.choose(knows, "away")
    other = write("once more").assignee_id
    assert other is not None
    assert other != knows.pk


def test_who_speaks_the_customers_language_is_first_and_else_it_is_somebody(
    write: Write, ana: Staff, ben: Staff
) -> None:
    come(ana, speaks=["en"])
    come(ben, speaks=["zh", "fr-FR"])
    share("in_turn", language=True)
    one = write()
    Contact.objects.filter(pk=one.contact_id).update(language="fr_CA")
    assert try_again(one) == ben.pk
    assert try_again(one) == ben.pk
    presence.choose(ben, "offline")
    assert try_again(one) == ana.pk
    share("in_turn", language=True, strict=True)
    assert try_again(one) is None


def test_a_tag_asks_for_a_skill(write: Write, ana: Staff, ben: Staff) -> None:
    come(ana, skills=["Sales"])
    come(ben, skills=["returns", "sales"])
    share("in_turn", skills=True)
    tag = Tag.objects.create(name="Complaint")
    service.add_skill_rule(skill="Returns", tag="Complaint", by=None)
    one = write()
    ContactTag.objects.create(contact_id=one.contact_id, tag=tag)
    assert [try_again(one) for _ in range(3)] == [ben.pk] * 3


def test_a_team_shares_its_own_among_its_own(write: Write, ana: Staff, ben: Staff) -> None:
    team = Team.objects.create(name="Returns")
    TeamMember.objects.create(team=team, staff=ben)
    come(ana, ben)
    share("in_turn", team)
    one = write()
    assert one.assignee_id is None
    actions.assign(one.contact_id, one.id, team_id=team.pk, by=None)
    assert sharing.share_out() == 1
    assert again(one).assignee_id == ben.pk


def test_a_conversation_that_nobody_waits_in_is_not_given_away(write: Write, ana: Staff) -> None:
    share()
    one = write()
    actions.answered_by_rule(one.contact_id, one.id, _any_message(one), rule_id=1, settles=True)
    come(ana)
    assert sharing.share_out() == 0


@pytest.mark.django_db(transaction=True)
def test_several_intakes_and_workers_at_once_never_give_twice_or_beyond_capacity(
    ana: Staff, ben: Staff, channel: Channel
) -> None:
    come(ana, capacity=7)
    come(ben, capacity=5)
    share("least")
    people = [Contact.objects.create(phone=f"+{phone(n)}", name=f"Customer {n}") for n in range(40)]
    gate = threading.Barrier(6)
    failures: list[BaseException] = []

    def intake(mine: list[Contact]) -> None:
        gate.wait()
        try:
            for n, one in enumerate(mine):
                arrived = Arrived(one.pk, channel.pk, one.pk * 1000 + n, clock.now(), "hello", "text")
                with transaction.atomic():
                    actions.receive([arrived])
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    def worker() -> None:
        gate.wait()
        try:
            for _ in range(10):
                sharing.share_out()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=intake, args=(people[n::4],)) for n in range(4)]
    threads += [threading.Thread(target=worker) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    # Whom a moment's crowd passed over gets theirs now, and nobody more than they can take.
    sharing.share_out()
    got = Counter(Conversation.objects.values_list("assignee_id", flat=True))
    assert got == {ana.pk: 7, ben.pk: 5, None: 28}
    events = ConversationEvent.objects.filter(what="assigned").values_list("conversation_id", flat=True)
    assert sorted(events) == sorted(Conversation.objects.filter(assignee__isnull=False).values_list("id", flat=True))


def try_again(one: Conversation) -> int | None:
    """Choose once more for the same conversation."""
    Conversation.objects.filter(contact_id=one.contact_id, id=one.id).update(assignee=None)
    return choose(again(one))


def _any_message(one: Conversation) -> int:
    return Message.objects.filter(contact_id=one.contact_id).values_list("id", flat=True)[0]


def test_the_place_in_the_queue_is_explained(write: Write) -> None:
    first, second, third = (write(phone=phone(n)) for n in range(3))
    Conversation.objects.filter(id=second.id).update(worth=420)
    Conversation.objects.filter(id=third.id).update(priority=2)
    assert why_here(again(third))[:2] == [
        "It is the first in the queue.",
        "It is urgent, so it stands before all that are not.",
    ]
    assert why_here(again(second))[:2] == [
        "It is number 2 in the queue.",
        "They have spent 420.00: among equals, who has spent more is first.",
    ]
    assert why_here(again(first)) == ["It is number 3 in the queue.", "They have waited for 0 minutes."]
    actions.close(third.contact_id, third.id, by=None)
    assert why_here(again(second))[0] == "It is the first in the queue."
