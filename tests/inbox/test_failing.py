"""An answer that did not arrive: its customer waits again, whoever says so and however often."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.test import Client
from django.utils import timezone

from envoi.channels.models import Account, Channel
from envoi.core.events import Failure
from envoi.core.ids import token_of
from envoi.dispatch import record, store
from envoi.dispatch.deliver import Outcomes
from envoi.inbox import actions, alarms
from envoi.inbox.models import Conversation, ConversationEvent, MessageAuthor
from envoi.intake import engine
from envoi.intake.models import WebhookEvent
from envoi.messaging import ledger
from envoi.messaging.models import Message
from envoi.team.models import Staff

from ..intake import meta
from .conftest import again

pytestmark = pytest.mark.django_db

Write = Callable[..., Conversation]
Say = Callable[..., None]
HELLO = actions.What("text", {"body": "Good morning"}, "Good morning")


@pytest.fixture
def receipt(account: Account) -> Say:
    """The provider says what became of a message, by our own token or by its id alone."""

    def said(contact_id: int, message_id: int, state: str = "failed", *, named: bool = True) -> None:
        wamid = f"wamid.out.{message_id}"
        Message.objects.filter(id=message_id).update(provider_id=wamid)
        Message.objects.filter(id=message_id, state="queued").update(state="accepted")
        token = token_of(contact_id, message_id) if named else ""
        more = {"errors": [{"code": 131026, "title": "Message undeliverable"}]} if state == "failed" else {}
        at = int(timezone.now().timestamp())
        body = meta.webhook(
            "messages", meta.value(statuses=[meta.status(state, token=token, wamid=wamid, at=at, **more)])
        )
        WebhookEvent.objects.create(account_id=account.pk, provider="meta", body=body)
        while engine.step():
            pass

    return said


def answer(one: Conversation, by: Staff) -> int:
    return actions.reply(one.contact_id, one.id, HELLO, by=by)


def told(one: Conversation) -> list[bool]:
    found = ConversationEvent.objects.filter(contact_id=one.contact_id, conversation_id=one.id, what="not_delivered")
    return [bool(event.detail["waits"]) for event in found.order_by("id")]


@pytest.mark.parametrize("named", [True, False])
def test_a_customer_whose_answer_failed_waits_since_they_wrote(
    write: Write, receipt: Say, ana: Staff, named: bool
) -> None:
    one = write("where is my parcel?", ago=600)
    message_id = answer(one, ana)
    assert again(one).waiting_since is None
    receipt(one.contact_id, message_id, named=named)
    now = again(one)
    assert now.waiting_since == one.waiting_since
    assert (now.first_answer_at, now.first_answer_by, now.assignee) == (None, None, ana)
    assert now.look_at is not None
    assert now.look_at <= timezone.now()
    assert told(one) == [True]


def test_the_clock_then_raises_what_is_late(write: Write, receipt: Say, ana: Staff) -> None:
    one = write("hello?", ago=3 * 3600)
    receipt(one.contact_id, answer(one, ana))
    alarms.look()
    assert again(one).alarm == Conversation.Alarm.RED


def test_a_receipt_that_comes_twice_is_one_event(write: Write, receipt: Say, ana: Staff) -> None:
    one = write("hello")
    message_id = answer(one, ana)
    receipt(one.contact_id, message_id)
    answer(one, ana)
    receipt(one.contact_id, message_id)
    assert told(one) == [True]
    assert again(one).waiting_since is None


def test_nobody_waits_where_a_later_answer_stands(write: Write, receipt: Say, ana: Staff) -> None:
    one = write("hello")
    first = answer(one, ana)
    answer(one, ana)
    receipt(one.contact_id, first)
    assert again(one).waiting_since is None
    assert told(one) == [False]


def test_two_answers_that_both_failed_leave_the_wait_of_the_first(write: Write, receipt: Say, ana: Staff) -> None:
    one = write("hello", ago=600)
    first, second = answer(one, ana), answer(one, ana)
    receipt(one.contact_id, first)
    receipt(one.contact_id, second)
    assert again(one).waiting_since == one.waiting_since


def test_what_they_wrote_since_does_not_shorten_the_wait(write: Write, receipt: Say, ana: Staff) -> None:
    one = write("hello", ago=600)
    message_id = answer(one, ana)
    write("and?")
    receipt(one.contact_id, message_id)
    assert again(one).waiting_since == one.waiting_since


def test_an_answered_and_closed_conversation_is_open_again(write: Write, receipt: Say, ana: Staff) -> None:
    one = write("hello", ago=5)
    message_id = answer(one, ana)
    actions.close(one.contact_id, one.id, by=ana)
    receipt(one.contact_id, message_id)
    now = again(one)
    assert (now.state, now.closed_at, now.waiting_since) == ("open", None, one.waiting_since)


def test_where_the_next_conversation_has_begun_it_is_only_noted(write: Write, receipt: Say, ana: Staff) -> None:
    one = write("hello")
    message_id = answer(one, ana)
    actions.close(one.contact_id, one.id, by=ana)
    other = write("one more thing")
    receipt(one.contact_id, message_id)
    assert again(one).state == "closed"
    assert again(other).waiting_since is not None
    assert told(one) == [False]


def test_who_never_wrote_waits_for_nothing(channel: Channel, write: Write, receipt: Say, ana: Staff) -> None:
    one = write("hello")
    answer(one, ana)
    actions.close(one.contact_id, one.id, by=ana)
    mine = Conversation.objects.get(contact_id=one.contact_id, id=actions.open_with(one.contact_id, channel.pk, by=ana))
    receipt(one.contact_id, answer(mine, ana))
    assert again(mine).waiting_since is None
    assert told(mine) == [False]


def test_a_rules_answer_that_failed_is_none_either(write: Write, receipt: Say) -> None:
    one = write("opening hours?")
    Message.objects.create(
        contact_id=one.contact_id, channel_id=one.channel_id, direction="out", kind="text", category="service",
        state="queued", text="9 to 5",
    )  # fmt: skip
    message_id = Message.objects.filter(direction="out").values_list("id", flat=True)[0]
    actions.answered_by_rule(one.contact_id, one.id, message_id, rule_id=3, settles=True)
    assert again(one).waiting_since is None
    receipt(one.contact_id, message_id)
    assert again(one).waiting_since == one.waiting_since


@pytest.mark.parametrize("state", ["delivered", "read"])
def test_an_answer_that_arrived_stays_an_answer(write: Write, receipt: Say, ana: Staff, state: str) -> None:
    one = write("hello")
    receipt(one.contact_id, answer(one, ana), state)
    assert again(one).waiting_since is None
    assert told(one) == []


@pytest.mark.django_db(transaction=True)
def test_what_the_provider_refuses_at_once_is_no_answer(
    write: Write, ana: Staff, channel: Channel, raw_db: psycopg.Connection
) -> None:
    one = write("hello")
    message_id = answer(one, ana)
    raw_db.execute("UPDATE outbox SET due_at = now()")
    with raw_db.transaction():
        (claimed,) = ledger.claim(raw_db, channel.pk, room=10, lease=timedelta(seconds=60))
    refused = ledger.Refused(claimed, Failure(code="131026", title="Message undeliverable"), datetime.now(UTC))
    route = store.routes(raw_db, allow_base_url=True)[channel.pk]
    with raw_db.transaction():
        assert record.record(raw_db, route, Outcomes(failed=[refused]))
    assert Message.objects.get(id=message_id).state == "failed"
    assert again(one).waiting_since == one.waiting_since
    assert MessageAuthor.objects.count() == 1


def test_who_was_answered_by_what_somebody_gave_up_waits_again(
    transactional_db: None, write: Write, ana: Staff, owner: Staff, channel: Channel, raw_db: psycopg.Connection
) -> None:
    one = write("hello")
    message_id = answer(one, ana)
    assert again(one).waiting_since is None
    raw_db.execute("UPDATE outbox SET due_at = now()")
    with raw_db.transaction():
        (claimed,) = ledger.claim(raw_db, channel.pk, room=10, lease=timedelta(seconds=60))
    with raw_db.transaction():
        ledger.record_unclear(raw_db, channel.pk, [ledger.Unclear(claimed, "the answer was lost")])
    client = Client()
    client.force_login(owner)
    given = {"message": f"{one.contact_id}.{message_id}", "choice": "give_up"}
    client.post("/uncertain/settle", given)
    assert Message.objects.get(id=message_id).state == "failed"
    assert again(one).waiting_since == one.waiting_since
    assert told(one) == [True]
