"""What is read in a conversation, in which order, and the lists around it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from envoi.channels.models import Channel
from envoi.contacts import actions as contacts
from envoi.contacts.models import Contact
from envoi.core.errors import BadInput, NotFound
from envoi.core.events import Person
from envoi.inbox import actions, queries
from envoi.inbox.models import Conversation
from envoi.messaging.models import Message
from envoi.orders.models import OrderTotals
from envoi.team.models import Staff

from .conftest import again

pytestmark = pytest.mark.django_db

Write = Callable[..., Conversation]


def said(conversation: Conversation, ana: Staff, **more: object) -> list[queries.Line]:
    return queries.thread(ana, conversation.contact_id, conversation.id, **more)  # type: ignore[arg-type]


def answer(conversation: Conversation, text: str, by: Staff) -> int:
    return actions.reply(conversation.contact_id, conversation.id, actions.What("text", {"body": text}, text), by=by)


def test_messages_notes_and_events_stand_in_one_order_with_their_authors(write: Write, ana: Staff) -> None:
    one = write("hello", ago=30)
    message_id = answer(one, "Good morning", ana)
    actions.add_note(one.contact_id, one.id, text="a regular", by=ana)
    actions.close(one.contact_id, one.id, by=ana)
    lines = said(one, ana)
    told = [(line.what, line.event.what if line.event else "") for line in lines]
    # What their message began stands above it.
    assert told[:2] == [("event", "opened"), ("message", "")]
    assert sorted(told[2:]) == sorted([("event", "assigned"), ("message", ""), ("note", ""), ("event", "closed")])
    ours = next(line for line in lines if line.message and line.message.direction == "out")
    assert (ours.id, ours.author, ours.bubble and ours.bubble.body) == (message_id, ana, "Good morning")
    assert ours.undo_until is not None
    assert queries.Line.cursor.fget(ours)  # type: ignore[attr-defined]


def test_pages_of_a_thread_join_without_a_gap_or_a_repeat(write: Write, ana: Staff) -> None:
    for number in range(12):
        one = write(f"message {number}", ago=120 - number * 10)
        if number % 3 == 0:
            actions.add_note(one.contact_id, one.id, text=f"note {number}", by=ana)
    whole = said(one, ana, limit=200)
    pages, before = [], None
    while page := said(one, ana, before=before, limit=4):
        pages = page + pages
        before = page[0].cursor
    assert [(line.what, line.id) for line in pages] == [(line.what, line.id) for line in whole]
    assert len(whole) == 12 + 4 + 1
    for cursor in ("x", "2026-01-01 1 1", "2026-01-01T00:00:00+00:00 9 1", "2026-01-01T00:00:00+00:00 1 -4"):
        with pytest.raises(BadInput):
            said(one, ana, before=cursor)


def test_reactions_changes_and_quotes_are_folded_into_what_they_are_about(write: Write, ana: Staff) -> None:
    one = write("is it waterproof?", id="wamid.first")
    about = {"message_id": "wamid.first"}
    write("", type="reaction", reaction=about | {"emoji": "👍"})
    write("", type="reaction", reaction=about | {"emoji": "❤️"})
    write("", type="revoke", revoke={"original_message_id": "wamid.first"})
    write("this one", context={"id": "wamid.first", "from": "33639980000"})
    write("and this", context={"id": "wamid.never-seen", "from": "33639980000"})
    first, second, third = (line for line in said(one, ana) if line.message)
    assert [(each.emoji, each.direction) for each in first.reactions] == [("❤️", "in")]
    assert first.revoked
    assert not first.edited
    assert second.quoted is not None
    assert second.quoted.text == "is it waterproof?"
    assert third.quoted is not None
    assert third.quoted.message_id == 0
    write("", type="reaction", reaction=about | {"emoji": ""})
    assert next(line for line in said(one, ana) if line.message).reactions == []


def test_campaigns_and_earlier_episodes_are_read_in_the_thread_and_open_nothing(
    write: Write, ana: Staff, channel: Channel
) -> None:
    one = write("first matter", ago=100)
    actions.close(one.contact_id, one.id, by=ana)
    Message.objects.create(
        contact_id=one.contact_id, channel=channel, direction="out", kind="template", category="marketing",
        state="delivered", campaign_id=5, text="Autumn sale",
    )  # fmt: skip
    assert Conversation.objects.count() == 1
    other = write("second matter")
    texts = [line.message.text for line in said(other, ana) if line.message]
    assert texts == ["first matter", "Autumn sale", "second matter"] or set(texts) == {
        "first matter",
        "Autumn sale",
        "second matter",
    }


def test_every_view_shows_its_conversations_and_counts_them(write: Write, ana: Staff, ben: Staff) -> None:
    phones = [f"3363998020{n}" for n in range(6)]
    mine, bens, nobodys, snoozed, closed, red = (write("hello", phone=phone, ago=60) for phone in phones)
    answer(mine, "yes", ana)
    actions.assign(bens.contact_id, bens.id, staff_id=ben.pk, by=ben)
    actions.snooze(snoozed.contact_id, snoozed.id, until=timezone.now() + timedelta(hours=1), by=ana)
    actions.close(closed.contact_id, closed.id, by=ana)
    Conversation.objects.filter(contact_id=red.contact_id, id=red.id).update(alarm=Conversation.Alarm.RED)
    expected = {
        "mine": {mine},
        "unassigned": {nobodys, red},
        "all": {mine, bens, nobodys, red},
        "waiting": {bens, nobodys, red},
        "red": {red},
        "snoozed": {snoozed},
        "closed": {closed},
    }
    for view, wanted in expected.items():
        found = queries.conversations(ana, view).items
        assert {one.id for one in found} == {one.id for one in wanted}, view
    assert queries.counts(ana) == {view: len(wanted) for view, wanted in expected.items()}
    with pytest.raises(BadInput):
        queries.conversations(ana, "everything")


def test_the_queue_puts_the_urgent_first_then_who_spends_more_then_who_waits_longest(write: Write, ana: Staff) -> None:
    spender = contacts.contact_for_person(Person(phone="+33639980301", name="Big spender"))
    now = timezone.now()
    OrderTotals.objects.create(contact_id=spender, orders=3, spend="1234.56", first_at=now, last_at=now)
    short = write("a", phone="33639980302", ago=10)
    long = write("b", phone="33639980303", ago=500)
    rich = write("c", phone="33639980301", ago=5)
    urgent = write("d", phone="33639980304", ago=1)
    actions.set_priority(urgent.contact_id, urgent.id, priority=2, by=ana)
    assert rich.worth == 1235
    wanted = [urgent.id, rich.id, long.id, short.id]
    assert [one.id for one in queries.conversations(ana, "waiting").items] == wanted
    seen, after = [], None
    while True:
        page = queries.conversations(ana, "waiting", after=after, limit=1)
        seen += [one.id for one in page.items]
        if page.next is None:
            break
        after = page.next
    assert seen == wanted
    first, second = queries.why_here(again(urgent))[:2]
    assert "the first" in first
    assert "urgent" in second
    first, second = queries.why_here(again(rich))[:2]
    assert "number 2" in first
    assert "spent more" in second


def test_lists_are_filtered_by_tag_team_number_and_name(
    write: Write, ana: Staff, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = write("hello", phone="33639980401")
    write("hello", phone="33639980402")
    Contact.objects.filter(pk=one.contact_id).update(name="Zoé Martin")
    contacts.tag([one.contact_id], name="vip", by=None)
    tag = Contact.objects.get(pk=one.contact_id).tagged.get().tag_id
    monkeypatch.setattr(queries, "FEW_TAGGED", 0)
    assert [each.id for each in queries.conversations(ana, "all", tag=tag).items] == [one.id]
    monkeypatch.undo()
    for filters in ({"tag": tag}, {"q": "martin"}, {"q": "39980401"}, {"contact": one.contact_id}):
        found = queries.conversations(ana, "all", **filters).items  # type: ignore[arg-type]
        assert [each.id for each in found] == [one.id], filters
    assert len(queries.conversations(ana, "all", channel=channel.pk).items) == 2
    assert queries.conversations(ana, "all", channel=channel.pk + 1).items == []
    assert queries.conversations(ana, "all", team=1).items == []


def test_a_conversation_says_how_long_its_window_is_open(write: Write, ana: Staff) -> None:
    one = queries.conversation_for(ana, *write("hello").pk)
    assert one.window_open_until > timezone.now() + timedelta(hours=23)  # type: ignore[attr-defined]
    with pytest.raises(NotFound):
        queries.conversation_for(ana, one.contact_id, one.id + 1)
    with pytest.raises(NotFound):
        queries.thread(ana, one.contact_id, one.id + 1)
    current = queries.current_conversation(ana, one.contact_id)
    assert current is not None
    assert current.id == one.id
