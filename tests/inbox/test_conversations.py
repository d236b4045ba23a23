"""A conversation's life: opened by a customer, waited in, answered, taken back, closed, and the next one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from django.utils import timezone

from envoi.channels.models import Channel
from envoi.contacts import keywords
from envoi.contacts.models import Contact
from envoi.core.errors import BadInput, NotAllowed, NotFound
from envoi.inbox import actions, queries, steering
from envoi.inbox.models import Conversation, ConversationEvent, MessageAuthor
from envoi.messaging.ledger import claim
from envoi.messaging.models import Message, Outbox, Pair
from envoi.messaging.sending import WindowClosed
from envoi.notifications.models import Notification
from envoi.team.models import AuditEntry, Staff

from .conftest import again

pytestmark = pytest.mark.django_db

Write = Callable[..., Conversation]
HELLO = actions.What("text", {"body": "Good morning"}, "Good morning")


def events(conversation: Conversation) -> list[str]:
    found = ConversationEvent.objects.filter(contact_id=conversation.contact_id, conversation_id=conversation.id)
    return list(found.order_by("id").values_list("what", flat=True))


def answer(conversation: Conversation, by: Staff | None, **more: object) -> int:
    return actions.reply(conversation.contact_id, conversation.id, HELLO, by=by, **more)  # type: ignore[arg-type]


def test_a_first_message_opens_a_conversation_that_waits(write: Write) -> None:
    one = write("where is my parcel?")
    assert (one.state, one.unread, one.last_text, one.last_direction) == ("open", 1, "where is my parcel?", "in")
    assert one.waiting_since == one.first_inbound_at == one.inbound_at
    assert one.look_at is not None
    assert one.assignee is None
    assert events(one) == ["opened"]


def test_the_same_webhook_ten_times_is_one_message_of_one_conversation(write: Write) -> None:
    one = write("hello", twice=True)
    write("more")
    assert Conversation.objects.count() == 1
    assert again(one).unread == 2
    assert events(one) == ["opened"]


def test_two_messages_in_one_batch_open_one_conversation_and_the_wait_is_since_the_first(write: Write) -> None:
    write("first", ago=600)
    one = write("second", ago=5)
    assert Conversation.objects.count() == 1
    assert one.waiting_since is not None
    assert timezone.now() - one.waiting_since > timedelta(seconds=590)
    assert one.last_text == "second"


@pytest.mark.parametrize(
    "more",
    [
        {"type": "reaction", "reaction": {"message_id": "wamid.x", "emoji": "👍"}},
        {"type": "system", "system": {"type": "other", "body": "changed"}},
    ],
)
def test_a_reaction_opens_nothing_and_begins_no_wait(write: Write, ana: Staff, more: dict[str, object]) -> None:
    one = write("hello")
    answer(one, ana)
    write("", **more)
    assert again(one).waiting_since is None
    assert again(one).unread == 0
    actions.close(one.contact_id, one.id, by=ana)
    write("", **more)
    assert Conversation.objects.count() == 1


def test_a_stop_is_heeded_and_asks_nobody(write: Write, ana: Staff) -> None:
    one = write("hello")
    answer(one, ana)
    write("STOP")
    assert again(one).waiting_since is None
    assert Contact.objects.get().marketing == "withdrawn"
    actions.close(one.contact_id, one.id, by=ana)
    write("stop")
    assert Conversation.objects.count() == 1


def test_a_yes_is_an_answer_to_somebody(write: Write) -> None:
    assert write("Oui").waiting_since is not None


def test_an_ok_to_an_agents_question_is_an_answer_that_waits(write: Write, ana: Staff) -> None:
    one = write("can you change my address?")
    answer(one, ana)
    write("ok")
    assert again(one).waiting_since is not None


def test_a_yes_that_confirms_a_start_asks_nobody(write: Write, ana: Staff) -> None:
    keywords.set_double_opt_in(True, question="Really? YES", by=None)
    one = write("hello")
    answer(one, ana)
    write("START")
    assert Contact.objects.get().marketing == "pending"
    write("YES")
    assert Contact.objects.get().marketing == "granted"
    assert again(one).waiting_since is None
    # The same word, when it confirms nothing any more.
    write("YES")
    assert again(one).waiting_since is not None


def test_a_start_of_who_receives_promotions_already_is_an_answer_to_somebody(write: Write, ana: Staff) -> None:
    one = write("hello")
    answer(one, ana)
    write("empezar")
    assert Contact.objects.get().marketing == "granted"
    assert again(one).waiting_since is None
    write("empezar")
    assert again(one).waiting_since is not None


def test_an_answer_ends_the_wait_and_makes_the_conversation_the_writers(write: Write, ana: Staff) -> None:
    one = write("hello")
    message_id = answer(one, ana, canned_id=7, changed=True)
    now = again(one)
    assert (now.waiting_since, now.look_at, now.unread, now.assignee) == (None, None, 0, ana)
    assert (now.last_text, now.last_direction, now.first_answer_by) == ("Good morning", "out", ana)
    author = MessageAuthor.objects.get()
    assert (author.message_id, author.staff, author.canned_id, author.changed) == (message_id, ana, 7, True)
    assert not AuditEntry.objects.filter(verb="message.send").exists()


def test_a_conversation_of_somebody_stays_theirs_whoever_answers(write: Write, ana: Staff, ben: Staff) -> None:
    one = write("hello")
    answer(one, ana)
    write("and?")
    answer(one, ben)
    assert again(one).assignee == ana
    assert again(one).first_answer_by == ana


def test_nothing_leaves_for_five_seconds_and_until_then_it_can_be_taken_back(
    write: Write, ana: Staff, ben: Staff, channel: Channel
) -> None:
    one = write("hello")
    message_id = answer(one, ana)
    due = Outbox.objects.get(id=message_id).due_at
    assert timedelta(seconds=4) < due - timezone.now() <= timedelta(seconds=5)
    assert not actions.take_back(one.contact_id, message_id, by=ben)
    assert actions.take_back(one.contact_id, message_id, by=ana)
    assert not actions.take_back(one.contact_id, message_id, by=ana)
    assert not Outbox.objects.exists()
    assert Message.objects.get(id=message_id).state == "cancelled"
    before = Conversation.objects.filter(contact_id=one.contact_id).get()
    for name in ("assignee_id", "unread", "last_text", "waiting_since", "first_answer_at", "look_at"):
        assert getattr(before, name) == getattr(one, name), name


def test_what_a_customer_writes_in_these_seconds_stays_when_the_answer_is_taken_back(write: Write, ana: Staff) -> None:
    one = write("hello", ago=60)
    message_id = answer(one, ana)
    write("are you there?")
    assert actions.take_back(one.contact_id, message_id, by=ana)
    now = again(one)
    assert (now.waiting_since, now.last_text, now.unread) == (one.waiting_since, "are you there?", 2)


@pytest.mark.django_db(transaction=True)
def test_what_is_leaving_can_no_longer_be_taken_back(
    write: Write, ana: Staff, channel: Channel, raw_db: psycopg.Connection
) -> None:
    one = write("hello")
    message_id = answer(one, ana)
    with raw_db.transaction():
        assert claim(raw_db, channel.pk, room=10, lease=timedelta(seconds=60)) == []
    raw_db.execute("UPDATE outbox SET due_at = now()")
    with raw_db.transaction():
        assert len(claim(raw_db, channel.pk, room=10, lease=timedelta(seconds=60))) == 1
    assert not actions.take_back(one.contact_id, message_id, by=ana)
    assert again(one).assignee == ana


def test_a_reply_a_second_after_the_window_closed_says_so_and_changes_nothing(write: Write, ana: Staff) -> None:
    one = write("hello")
    Pair.objects.update(window_open_until=timezone.now() - timedelta(seconds=1))
    with pytest.raises(WindowClosed, match="only a template may go"):
        answer(one, ana)
    assert again(one).waiting_since == one.waiting_since


def test_a_reply_in_the_windows_last_seconds_leaves_at_once(write: Write, ana: Staff) -> None:
    one = write("hello")
    Pair.objects.update(window_open_until=timezone.now() + timedelta(seconds=9))
    message_id = answer(one, ana)
    assert Outbox.objects.get(id=message_id).due_at <= timezone.now()


def test_a_message_opens_what_was_snoozed(write: Write, ana: Staff) -> None:
    one = write("hello")
    actions.snooze(one.contact_id, one.id, until=timezone.now() + timedelta(hours=1), by=ana)
    # The targets rest while it is snoozed; a red alert can't be put to sleep.
    assert one.waiting_since is not None
    assert again(one).look_at == one.waiting_since + timedelta(hours=2)
    write("hello?")
    now = again(one)
    assert (now.state, now.snoozed_until, now.unread) == ("open", None, 2)
    assert now.look_at is not None
    assert events(one) == ["opened", "snoozed", "reopened"]


def test_what_was_snoozed_comes_back_at_its_time(write: Write, ana: Staff) -> None:
    one = write("hello")
    with pytest.raises(BadInput):
        actions.snooze(one.contact_id, one.id, until=timezone.now(), by=ana)
    actions.snooze(one.contact_id, one.id, until=timezone.now() + timedelta(hours=1), by=ana)
    assert steering.wake_due() == 0
    Conversation.objects.update(snoozed_until=timezone.now())
    assert steering.wake_due() == 1
    assert again(one).state == "open"
    assert again(one).look_at is not None


def test_a_closed_conversation_is_followed_by_the_next(write: Write, ana: Staff) -> None:
    one = write("hello")
    actions.close(one.contact_id, one.id, by=ana, why="solved")
    actions.close(one.contact_id, one.id, by=ana)
    now = again(one)
    assert (now.state, now.waiting_since, now.unread, now.closed_by) == ("closed", None, 0, ana)
    other = write("one more thing")
    assert other.id != one.id
    with pytest.raises(actions.AlreadyOpen):
        actions.reopen(one.contact_id, one.id, by=ana)
    with pytest.raises(actions.IsClosed):
        actions.snooze(one.contact_id, one.id, until=timezone.now() + timedelta(hours=1), by=ana)
    assert events(one) == ["opened", "closed"]


def test_an_answer_in_a_closed_conversation_opens_it_or_goes_to_the_open_one(write: Write, ana: Staff) -> None:
    one = write("hello")
    actions.close(one.contact_id, one.id, by=ana)
    answer(one, ana)
    assert again(one).state == "open"
    actions.close(one.contact_id, one.id, by=ana)
    other = write("again")
    answer(one, ana)
    assert again(one).state == "closed"
    assert again(other).waiting_since is None


def test_a_rules_answer_settles_the_wait_or_leaves_it(write: Write) -> None:
    one = write("opening hours?")
    for settles in (False, True):
        message = Message.objects.create(
            contact_id=one.contact_id, channel_id=one.channel_id, direction="out", kind="text", category="service",
            state="queued", text="9 to 5",
        )  # fmt: skip
        message_id = Message.objects.filter(direction="out").order_by("-id").values_list("id", flat=True)[0]
        actions.answered_by_rule(one.contact_id, one.id, message_id, rule_id=3, settles=settles)
        assert (again(one).waiting_since is None) is settles
        assert message.text == again(one).last_text
    assert again(one).first_answer_at is None


def test_who_takes_a_conversation_over_and_who_gives_it_away(
    write: Write, ana: Staff, ben: Staff, owner: Staff
) -> None:
    one = write("hello")
    key = (one.contact_id, one.id)
    actions.assign(*key, staff_id=ana.pk, by=ana)
    with pytest.raises(NotAllowed):
        actions.assign(*key, staff_id=ben.pk, by=ana)
    actions.assign(*key, staff_id=ben.pk, by=ben)
    actions.assign(*key, staff_id=ana.pk, by=owner, why="knows parcels")
    actions.assign(*key, staff_id=ana.pk, by=owner)
    told = Notification.objects.get(kind="assigned")
    assert (told.staff, told.facts["why"]) == (ana, "knows parcels")
    actions.assign(*key, staff_id=None, by=ana)
    assert again(one).assignee is None
    Staff.objects.filter(pk=ben.pk).update(is_active=False)
    with pytest.raises(BadInput, match="can no longer sign in"):
        actions.assign(*key, staff_id=ben.pk, by=owner)


def test_an_analyst_reads_and_writes_nothing(write: Write) -> None:
    one = write("hello")
    analyst = Staff.objects.create(email="eve@example.com", role=Staff.Role.ANALYST)
    key = (one.contact_id, one.id)
    assert queries.conversation_for(analyst, *key).id == one.id
    for attempt in (
        lambda: answer(one, analyst),
        lambda: actions.close(*key, by=analyst),
        lambda: actions.add_note(*key, text="x", by=analyst),
        lambda: actions.assign(*key, staff_id=analyst.pk, by=analyst),
        lambda: actions.open_with(one.contact_id, one.channel_id, by=analyst),
        lambda: actions.save_draft(*key, text="x", by=analyst),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_a_note_tells_whoever_is_named_in_it(write: Write, ana: Staff, ben: Staff) -> None:
    one = write("hello")
    actions.add_note(one.contact_id, one.id, text="@ben okri and @BEN, can you? (@ana) cc @nobody", by=ana)
    told = Notification.objects.get()
    assert (told.staff, told.kind, told.facts["by"]) == (ben, "mentioned", "Ana Silva")
    with pytest.raises(BadInput):
        actions.add_note(one.contact_id, one.id, text=" \n", by=ana)


def test_an_agent_begins_a_conversation_once(write: Write, ana: Staff, ben: Staff, channel: Channel) -> None:
    contact = Contact.objects.create(phone="+33639980077", name="Zoé")
    first = actions.open_with(contact.pk, channel.pk, by=ana)
    assert actions.open_with(contact.pk, channel.pk, by=ben) == first
    one = Conversation.objects.get()
    assert (one.assignee, one.waiting_since, one.state) == (ana, None, "open")
    with pytest.raises(NotFound):
        actions.open_with(contact.pk + 1, channel.pk, by=ana)


def test_drafts_are_each_ones_own_and_go_with_the_answer(write: Write, ana: Staff, ben: Staff) -> None:
    one = write("hello")
    key = (one.contact_id, one.id)
    actions.save_draft(*key, text="Dear", by=ana)
    actions.save_draft(*key, text="Dear cust", by=ana)
    assert queries.draft_of(ana, *key) == "Dear cust"
    assert queries.draft_of(ben, *key) == ""
    answer(one, ana)
    assert queries.draft_of(ana, *key) == ""


def test_who_composes_is_seen_by_the_others(write: Write, ana: Staff, ben: Staff) -> None:
    one = write("hello")
    key = (one.contact_id, one.id)
    actions.now_composing(*key, by=ana)
    actions.now_composing(*key, by=ana)
    assert queries.composing_now(ben, *key) == [ana]
    assert queries.composing_now(ana, *key) == []


def test_the_message_of_a_conversation_of_mine_is_told_once_until_i_look(write: Write, ana: Staff) -> None:
    one = write("hello")
    actions.assign(one.contact_id, one.id, staff_id=ana.pk, by=ana)
    actions.mark_read(one.contact_id, one.id, by=ana)
    write("a")
    write("b")
    assert Notification.objects.filter(kind="new_message", staff=ana).count() == 1
