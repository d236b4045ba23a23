"""Two records of one person, each with an open conversation at the same number: one conversation, and two again."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from envoi.channels.models import Account
from envoi.contacts.models import ConsentEntry, Contact
from envoi.core import clock
from envoi.inbox import actions, queries
from envoi.inbox.models import Conversation
from envoi.intake import engine
from envoi.intake.models import WebhookEvent
from envoi.messaging.models import Message
from envoi.orders.actions import NewOrder, add_orders, refund
from envoi.orders.queries import totals_of
from envoi.records import erasing, merging
from envoi.team.models import Staff

from .conftest import again, message

pytestmark = pytest.mark.django_db

Write = Callable[..., Conversation]
OTHER = "33639980002"


def test_the_longer_wait_and_everything_said_are_kept_and_the_undo_gives_both_back(
    write: Write, ana: Staff, owner: Staff
) -> None:
    gone = write("since this morning", ago=3600)
    kept = write("just now", phone=OTHER)
    actions.assign(kept.contact_id, kept.id, staff_id=ana.pk, by=ana)
    actions.add_note(gone.contact_id, gone.id, text="calls often", by=ana)
    actions.now_composing(gone.contact_id, gone.id, by=ana)

    merged = merging.merge(kept_id=kept.contact_id, gone_id=gone.contact_id, by=owner)

    one = Conversation.objects.get()
    assert (one.id, one.assignee, one.state, one.unread) == (kept.id, ana, "open", 1)
    assert one.waiting_since == gone.waiting_since
    lines = queries.thread(ana, one.contact_id, one.id)
    assert [line.message.text for line in lines if line.message] == ["since this morning", "just now"]
    assert [line.note.text for line in lines if line.note] == ["calls often"]
    assert write("and now", phone=OTHER).id == kept.id

    merging.undo(merged.pk, by=owner)

    assert Conversation.objects.count() == 2
    assert again(gone).waiting_since == gone.waiting_since
    assert again(kept).waiting_since == kept.waiting_since
    assert len([line for line in queries.thread(ana, gone.contact_id, gone.id) if line.note]) == 1


def test_a_closed_conversation_comes_along_beside_the_open_one(write: Write, ana: Staff, owner: Staff) -> None:
    gone = write("solved long ago", ago=3600)
    actions.close(gone.contact_id, gone.id, by=ana)
    kept = write("new", phone=OTHER)
    merging.merge(kept_id=kept.contact_id, gone_id=gone.contact_id, by=owner)
    found = Conversation.objects.order_by("id").values_list("contact_id", "state")
    assert sorted(found) == sorted([(kept.contact_id, "closed"), (kept.contact_id, "open")])


def test_an_erased_person_waits_for_nobody(write: Write, ana: Staff, owner: Staff) -> None:
    one = write("my secret")
    actions.add_note(one.contact_id, one.id, text="secret too", by=ana)
    erasing.erase(one.contact_id, by=owner)
    now = again(one)
    assert (now.state, now.waiting_since, now.last_text) == ("closed", None, "")
    assert not [line for line in queries.thread(ana, one.contact_id, one.id) if line.note]


def test_what_happened_between_a_merge_and_its_undo_stays_with_who_was_kept_and_all_goes_on(
    write: Write, account: Account, ana: Staff, owner: Staff
) -> None:
    gone, kept = write("first", ago=3600), write("hello", phone=OTHER)
    add_orders([NewOrder(gone.contact_id, "G1", clock.now(), Decimal(10), "EUR")])
    merged = merging.merge(kept_id=kept.contact_id, gone_id=gone.contact_id, by=owner)

    # The order of the other is given back, both numbers buy, one says STOP, the conversation is closed and opens again.
    refund(kept.contact_id, "G1", Decimal(4))
    add_orders([NewOrder(kept.contact_id, "K1", clock.now(), Decimal(20), "EUR")])
    WebhookEvent.objects.create(account_id=account.pk, provider="meta", body=message("STOP", number=9))
    while engine.step():
        pass
    actions.close(kept.contact_id, kept.id, by=ana)
    later = write("one more thing", phone=OTHER)
    assert Contact.objects.get().marketing == "withdrawn"
    merging.undo(merged.pk, by=owner)

    spend = {one: totals_of(one).spend for one in (gone.contact_id, kept.contact_id)}
    assert spend == {gone.contact_id: 6, kept.contact_id: 20}
    # Their STOP was said to the one record that there was, and is nowhere lost.
    assert Contact.objects.get(pk=kept.contact_id).marketing == "withdrawn"
    assert ConsentEntry.objects.filter(contact_id=kept.contact_id, state="withdrawn").exists()
    said = {one: set(Message.objects.filter(contact_id=one).values_list("text", flat=True)) for one in spend}
    assert said == {gone.contact_id: {"first"}, kept.contact_id: {"hello", "STOP", "one more thing"}}
    assert again(later).state == "open"
    # And what each of them writes next is theirs.
    assert write("me again").contact_id == gone.contact_id
    assert write("and me", phone=OTHER).contact_id == kept.contact_id
