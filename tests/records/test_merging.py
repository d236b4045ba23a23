"""Two records of one person: what a merge keeps, what it moves, and that an undo gives back what was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envoi.channels.models import Channel
from envoi.contacts import actions
from envoi.contacts.models import ConsentEntry, Contact, Identity, Merge, Note
from envoi.core.errors import BadInput, NotAllowed, NotFound
from envoi.core.events import MessageReceived, Person, Receipt
from envoi.core.ids import MessageKey
from envoi.messaging import actions as messaging
from envoi.messaging import activity, ledger
from envoi.messaging.actions import ledger_db
from envoi.messaging.limit_tables import Pair
from envoi.messaging.models import ActivityCheckpoint, Message, Outbox
from envoi.orders.actions import NewOrder, add_orders
from envoi.orders.models import OrderTotals
from envoi.records import merging
from envoi.records.belongings import ALL
from envoi.team.models import AuditEntry, Staff

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
# Written by a merge and by its undo, and there to stay.
STORY = ("merged", "parted")


def person(number: int, **values: Any) -> int:
    contact_id = actions.contact_for_person(Person(phone=f"+3363998{number:04d}", name=f"Person {number}"))
    Contact.objects.filter(pk=contact_id).update(**values)
    return contact_id


def wrote(contact_id: int, channel: Channel, at: datetime, name: str) -> None:
    fact = MessageReceived("1099", Person(phone="+33639980001"), name, at, "text", "hello", {"text": {"body": "hello"}})
    messaging.receive([(contact_id, channel.pk, fact)])
    actions.note_inbound(contact_id, at=at)


def sent(contact_id: int, channel: Channel, *, campaign: int | None = None, states: tuple[str, ...] = ("sent",)) -> int:
    """A message of ours with these receipts."""
    Message.objects.create(
        contact_id=contact_id,
        channel=channel,
        direction="out",
        kind="template",
        category="marketing",
        state="accepted",
        campaign_id=campaign,
        created_at=NOON,
        accepted_at=NOON,
    )
    found = Message.objects.filter(contact_id=contact_id).order_by("-id").first()
    assert found is not None
    told(contact_id, found.id, *states)
    return found.id


def had_promotion(contact_id: int, channel: Channel, at: datetime, message_id: int) -> None:
    Pair.objects.update_or_create(
        contact_id=contact_id, channel=channel, defaults={"promoted_at": at, "promoted_by": message_id}
    )


def told(contact_id: int, message_id: int, *states: Any) -> int:
    receipts = [
        Receipt("1099", f"wamid.{message_id}", MessageKey(contact_id, message_id), state, NOON + timedelta(minutes=n))
        for n, state in enumerate(states)
    ]
    return ledger.settle(ledger_db(), receipts)


def rolled_up() -> None:
    """As if every receipt so far had been counted; a test's transaction never ends."""
    ActivityCheckpoint.objects.update_or_create(id=1, defaults={"done_to": datetime(2100, 1, 1, tzinfo=UTC)})
    activity.recompute(list(Contact.objects.values_list("pk", flat=True)))


def everything() -> dict[str, Any]:
    """The whole database, of people, without what waits a minute for tags that follow (contacts.changed)."""
    found = {}
    with connection.cursor() as cursor:
        for table in ("contacts", *(one.table for one in ALL if one.table != "changed_contacts")):
            where = f"WHERE what NOT IN {STORY}" if table == "contact_events" else ""
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t {where}")
            found[table] = sorted(row[0] for row in cursor.fetchall())
    return found


def test_a_merge_moves_all_that_somebody_has(channel, owner):
    ana, other = person(1, language=""), person(2, language="fr", attributes={"size": "M", "city": "Lyon"})
    Contact.objects.filter(pk=ana).update(attributes={"city": "Paris"})
    actions.tag([ana, other], name="both")
    actions.tag([other], name="vip")
    wrote(other, channel, NOON, "wamid.IN1")
    message = sent(other, channel, states=("sent", "delivered", "read"))
    add_orders([NewOrder(other, "A1", NOON, Decimal(20), "EUR"), NewOrder(ana, "A2", NOON, Decimal(5), "EUR")])
    Note.objects.create(contact_id=other, text="likes blue", by=owner)

    merged = merging.merge(kept_id=ana, gone_id=other, by=owner)

    assert not Contact.objects.filter(pk=other).exists()
    assert merging.merged_into(other) == ana
    kept = Contact.objects.get(pk=ana)
    assert (kept.name, kept.language, kept.phone) == ("Person 1", "fr", "+33639980001")
    assert kept.attributes == {"city": "Paris", "size": "M"}
    assert kept.last_inbound_at == NOON
    assert set(Identity.objects.filter(contact_id=ana).values_list("value", flat=True)) == {
        "+33639980001",
        "+33639980002",
    }
    assert sorted(kept.tagged.values_list("tag__name", flat=True)) == ["both", "vip"]
    assert Message.objects.filter(contact_id=ana).count() == 2
    assert OrderTotals.objects.get(contact_id=ana).spend == 25
    assert Note.objects.get(contact_id=ana).text == "likes blue"
    assert AuditEntry.objects.get(verb="contacts.merge").detail == {"merge": merged.pk, "gone": other}
    # A receipt that still names the one who is gone finds its message.
    assert told(other, message, "failed") == 0
    assert told(other, message + 10**9, "failed") == 1


@pytest.mark.parametrize(
    ("kept", "gone", "left"),
    [((5, 20), (3, 90), (5, 20)), ((3, 90), (5, 20), (5, 20)), (None, (3, 90), (3, 90)), ((3, 90), None, (3, 90))],
)
def test_the_later_promotion_holds_with_the_message_that_it_was(channel, kept, gone, left):
    ana, other = person(1), person(2)
    for contact_id, promotion in ((ana, kept), (other, gone)):
        wrote(contact_id, channel, NOON, f"wamid.{contact_id}")
        if promotion:
            had_promotion(contact_id, channel, NOON + timedelta(hours=promotion[0]), promotion[1])
    merged = merging.merge(kept_id=ana, gone_id=other, by=None)
    [pair] = Pair.objects.all()
    assert (pair.contact_id, pair.promoted_at, pair.promoted_by) == (ana, NOON + timedelta(hours=left[0]), left[1])
    merging.undo(merged.pk, by=None)
    assert {(one.contact_id, one.promoted_by) for one in Pair.objects.all()} == {
        (ana, kept and kept[1]),
        (other, gone and gone[1]),
    }


def test_a_merge_from_before_a_column_went_can_be_undone():
    ana, other = person(1), person(2)
    merged = merging.merge(kept_id=ana, gone_id=other, by=None)
    for part, value in (("gone", 1), ("before", 2), ("after", 3)):
        merged.saved[part]["of_an_older_version"] = value
    merged.save()
    merging.undo(merged.pk, by=None)
    assert Contact.objects.filter(pk__in=(ana, other)).count() == 2


@pytest.mark.parametrize("which", ["kept", "gone"])
def test_a_withdrawal_of_either_wins_even_when_it_is_the_older_word(which, owner):
    ana, other = person(1), person(2)
    no, yes = (ana, other) if which == "kept" else (other, ana)
    actions.record_consent(no, purpose="marketing", state="withdrawn", source="keyword", at=NOON)
    actions.record_consent(yes, purpose="marketing", state="granted", source="form", at=NOON + timedelta(days=1))
    merged = merging.merge(kept_id=ana, gone_id=other, by=owner)
    assert Contact.objects.get(pk=ana).marketing == "withdrawn"
    newest = ConsentEntry.objects.filter(contact_id=ana).order_by("-at").first()
    assert newest is not None
    assert (newest.state, newest.source, newest.by) == ("withdrawn", "merge", owner)
    merging.undo(merged.pk, by=owner)
    assert (Contact.objects.get(pk=no).marketing, Contact.objects.get(pk=yes).marketing) == ("withdrawn", "granted")
    assert not ConsentEntry.objects.filter(source="merge").exists()


def test_without_a_withdrawal_the_newest_word_counts():
    ana, other = person(1), person(2)
    actions.record_consent(other, purpose="marketing", state="granted", source="form", at=NOON)
    merging.merge(kept_id=ana, gone_id=other, by=None)
    assert Contact.objects.get(pk=ana).marketing == "granted"


def test_who_is_blocked_stays_blocked():
    ana, other = person(1), person(2, blocked_at=NOON, blocked_reason="asked us to")
    merging.merge(kept_id=ana, gone_id=other, by=None)
    kept = Contact.objects.get(pk=ana)
    assert (kept.blocked_at, kept.blocked_reason) == (NOON, "asked us to")


def test_both_messages_of_one_campaign_stay_in_its_figures(channel):
    ana, other = person(1), person(2)
    sent(ana, channel, campaign=7)
    sent(other, channel, campaign=7)
    before = everything()
    merged = merging.merge(kept_id=ana, gone_id=other, by=None)
    assert sorted(Message.objects.filter(contact_id=ana, campaign_id=7).values_list("twin", flat=True)) == [False, True]
    merging.undo(merged.pk, by=None)
    assert everything() == before


def waiting(contact_id: int, channel: Channel, *, campaign: int | None, state: str = "queued") -> int:
    lane = ledger.add_lane(ledger_db(), channel.pk, priority=2)
    message_id = ledger.enqueue(
        ledger_db(),
        contact_id=contact_id,
        channel_id=channel.pk,
        lane_id=lane,
        recipient="+33639980002",
        kind="text",
        category="marketing",
    )
    Message.objects.filter(contact_id=contact_id, id=message_id).update(campaign_id=campaign)
    Outbox.objects.filter(id=message_id).update(state=state)
    return message_id


def test_what_waits_for_the_same_campaign_is_cancelled_so_that_nobody_gets_it_twice(channel):
    ana, other = person(1), person(2)
    sent(ana, channel, campaign=7)
    double, single = waiting(other, channel, campaign=7), waiting(other, channel, campaign=8)
    assert merging.preview(None, kept_id=ana, gone_id=other).doubles == 1
    merging.merge(kept_id=ana, gone_id=other, by=None)
    assert Message.objects.get(contact_id=ana, id=double).state == "cancelled"
    assert list(Outbox.objects.values_list("id", "contact_id")) == [(single, ana)]


@pytest.mark.parametrize("state", ["sending", "uncertain"])
def test_nothing_is_merged_while_a_message_is_leaving_or_uncertain(channel, state):
    ana, other = person(1), person(2)
    waiting(other, channel, campaign=None, state=state)
    assert merging.preview(None, kept_id=ana, gone_id=other).problem
    with pytest.raises(merging.OnItsWay):
        merging.merge(kept_id=ana, gone_id=other, by=None)
    merging.merge(kept_id=other, gone_id=ana, by=None)


def test_what_came_after_a_merge_stays_with_who_was_kept(channel):
    ana, other = person(1), person(2)
    merged = merging.merge(kept_id=ana, gone_id=other, by=None)
    wrote(ana, channel, NOON, "wamid.LATER")
    Contact.objects.filter(pk=ana).update(name="New name")
    merging.undo(merged.pk, by=None)
    assert Message.objects.get().contact_id == ana
    assert dict(Contact.objects.values_list("pk", "name")) == {ana: "New name", other: "Person 2"}


def test_a_message_that_left_under_the_kept_name_is_found_after_an_undo(channel):
    ana, other = person(1), person(2)
    message = waiting(other, channel, campaign=None)
    merged = merging.merge(kept_id=ana, gone_id=other, by=None)
    merging.undo(merged.pk, by=None)
    assert told(ana, message, "delivered") == 0
    assert Message.objects.get(contact_id=other, id=message).state == "delivered"


def test_merges_are_undone_in_the_order_in_which_they_were_made_backwards():
    one, two, three = person(1), person(2), person(3)
    first = merging.merge(kept_id=two, gone_id=three, by=None)
    second = merging.merge(kept_id=one, gone_id=two, by=None)
    assert merging.merged_into(three) == one
    with pytest.raises(BadInput):
        merging.undo(first.pk, by=None)
    merging.undo(second.pk, by=None)
    merging.undo(first.pk, by=None)
    assert set(Contact.objects.values_list("pk", flat=True)) == {one, two, three}
    with pytest.raises(merging.AlreadyUndone):
        merging.undo(first.pk, by=None)


def test_only_two_records_that_there_are_can_be_merged():
    ana = person(1)
    with pytest.raises(BadInput):
        merging.merge(kept_id=ana, gone_id=ana, by=None)
    with pytest.raises(NotFound):
        merging.merge(kept_id=ana, gone_id=ana + 1, by=None)
    agent = Staff.objects.create(email="agent@example.com", role="agent")
    with pytest.raises(NotAllowed):
        merging.merge(kept_id=ana, gone_id=person(2), by=agent)
    assert Merge.objects.count() == 0


def test_every_table_that_names_a_contact_says_what_becomes_of_it():
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                WHERE a.attname = 'contact_id' AND NOT a.attisdropped AND c.relkind IN ('r', 'p')
                  AND c.relnamespace = 'public'::regnamespace"""
        )
        tables = {name for (name,) in cursor.fetchall()}
    assert {one.table for one in ALL} == tables


# Random people: what they have, in small numbers, so that the two have much in common.
texts = st.sampled_from(["", "a", "b"])
states = st.sampled_from(["granted", "withdrawn", "pending"])
moments = st.integers(0, 5).map(lambda hours: NOON + timedelta(hours=hours))
people = st.fixed_dictionaries(
    {
        "values": st.fixed_dictionaries(
            {
                "name": texts,
                "language": texts,
                "username": texts,
                "attributes": st.dictionaries(st.sampled_from("xyz"), st.integers(0, 2), max_size=3),
                "blocked_at": st.none() | moments,
                "held_times": st.integers(0, 3),
            }
        ),
        "keyed": st.booleans(),
        "tags": st.sets(st.sampled_from(["vip", "new", "old"])),
        "consents": st.lists(st.tuples(st.sampled_from(["marketing", "service"]), states, moments), max_size=3),
        "orders": st.dictionaries(st.sampled_from(["1", "2", "3"]), st.integers(1, 90), max_size=3),
        "wrote": st.lists(moments, max_size=2),
        "sent": st.lists(
            st.tuples(
                st.sampled_from([None, 7, 8]),
                st.sampled_from([("sent",), ("sent", "delivered", "read"), ("failed",)]),
            ),
            max_size=3,
            unique_by=lambda one: one[0] or object(),
        ),
        "notes": st.lists(texts, max_size=2),
        "promoted": st.none() | st.tuples(moments, st.integers(1, 9)),
    }
)


def make(number: int, about: dict[str, Any], channel: Channel) -> int:
    contact_id = person(number)
    for name in about["tags"]:
        actions.tag([contact_id], name=name)
    for purpose, state, at in about["consents"]:
        actions.record_consent(contact_id, purpose=purpose, state=state, source="form", at=at)
    for external_id, amount in about["orders"].items():
        add_orders([NewOrder(contact_id, external_id, NOON, Decimal(amount), "EUR")])
    for count, at in enumerate(about["wrote"]):
        wrote(contact_id, channel, at, f"wamid.{number}.{count}")
    for campaign, receipts in about["sent"]:
        sent(contact_id, channel, campaign=campaign, states=receipts)
    for text in about["notes"]:
        Note.objects.create(contact_id=contact_id, text=text)
    if about["promoted"]:
        had_promotion(contact_id, channel, *about["promoted"])
    Contact.objects.filter(pk=contact_id).update(**about["values"])
    if not about["keyed"]:
        Contact.objects.filter(pk=contact_id).update(phone=None)
    return contact_id


@pytest.fixture
def emptied() -> Callable[[], None]:
    def empty() -> None:
        with connection.cursor() as cursor:
            for table in (*(one.table for one in ALL), "merges", "contacts"):
                cursor.execute(f"DELETE FROM {table}")

    return empty


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=people, two=people)
def test_to_merge_and_to_undo_is_to_have_done_nothing(channel, emptied, one, two):
    emptied()
    ana, other = make(1, one, channel), make(2, two, channel)
    rolled_up()
    before = everything()
    merged = merging.merge(kept_id=ana, gone_id=other, by=None)
    assert Contact.objects.count() == 1
    merging.undo(merged.pk, by=None)
    after = everything()
    assert {table: rows for table, rows in after.items() if rows != before[table]} == {}
