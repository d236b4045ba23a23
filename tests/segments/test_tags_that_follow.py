"""A tag follows a segment: put on and taken off as facts change, and a person's own tags are never touched."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import connection

from envoi.channels.models import Channel
from envoi.contacts import actions as people
from envoi.contacts import changes, profile
from envoi.contacts.changes import TagInUse, delete_tag
from envoi.contacts.models import Attribute, ChangedContact, Contact, ContactTag
from envoi.contacts.undoing import run as contacts_back
from envoi.core import clock
from envoi.core.events import IdentityChanged, Person, Receipt
from envoi.core.ids import MessageKey
from envoi.messaging import activity, ledger
from envoi.messaging.actions import ledger_db
from envoi.messaging.models import Message
from envoi.orders.actions import NewOrder, add_orders, remove_orders
from envoi.orders.undoing import run as orders_back
from envoi.records import merging
from envoi.segments import actions, tagging
from envoi.segments.errors import NameTaken
from envoi.segments.models import AutoTag, AutoTagCheckpoint
from envoi.segments.rules import BadRule
from envoi.team.models import Staff

from ..contacts.files import brought

pytestmark = pytest.mark.django_db

BUYER: dict[str, Any] = {"field": "orders.last_days", "is": "within", "value": 30}


def somebody(number: int) -> int:
    return people.contact_for_person(Person(phone=f"+3363998{number:04d}"))


def buys(contact_id: int, *, days_ago: float = 1, number: str = "1") -> None:
    add_orders([NewOrder(contact_id, number, clock.now() - timedelta(days=days_ago), Decimal(10), "EUR")])


def tagged(name: str) -> dict[int, bool]:
    """Who has the tag, and whether by rule."""
    return dict(ContactTag.objects.filter(tag__name=name).values_list("contact_id", "by_rule"))


def follows(rule: dict[str, Any], tag: str) -> AutoTag:
    segment = actions.save_segment(name=f"Of {tag}", rule=rule, by=None)
    return tagging.start(segment.pk, tag=tag, by=None)


def test_a_tag_is_put_on_and_taken_off_as_people_come_and_go() -> None:
    old, new, never = somebody(1), somebody(2), somebody(3)
    buys(old, days_ago=29.9)
    buys(new)
    one = follows(BUYER, "buyer")
    tagging.keep_everybody()
    assert tagged("buyer") == {old: True, new: True}
    # Time passes: the old order leaves the thirty days.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE orders SET at = at - interval '2 days' WHERE contact_id = %s", [old])
        cursor.execute("UPDATE order_totals SET last_at = last_at - interval '2 days' WHERE contact_id = %s", [old])
    buys(never)
    tagging.keep_everybody()
    assert tagged("buyer") == {new: True, never: True}
    one.refresh_from_db()
    assert one.checked_at is not None


def test_what_a_person_put_is_never_taken_off() -> None:
    by_hand, by_rule, both = somebody(1), somebody(2), somebody(3)
    people.tag([by_hand], name="buyer")
    buys(by_rule)
    buys(both)
    follows(BUYER, "buyer")
    tagging.keep_everybody()
    assert tagged("buyer") == {by_hand: False, by_rule: True, both: True}
    # Somebody puts it by hand on who has it by rule: from now on it is theirs.
    assert people.tag([both], name="buyer") == 0
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM orders; DELETE FROM order_totals")
    tagging.keep_everybody()
    assert tagged("buyer") == {by_hand: False, both: False}


@pytest.mark.django_db(transaction=True)
def test_each_minute_only_those_are_looked_at_to_whom_something_happened(raw_db: psycopg.Connection[Any]) -> None:
    before, after = somebody(1), somebody(2)
    buys(before)
    follows(BUYER, "buyer")
    raw_db.execute("UPDATE contacts SET created_at = now() - interval '1 day', updated_at = now() - interval '1 day'")
    raw_db.execute("UPDATE orders SET created_at = now() - interval '1 day'")
    AutoTagCheckpoint.objects.update_or_create(id=1, defaults={"done_to": clock.now() - timedelta(hours=1)})
    buys(after)
    assert tagging.keep_touched() == 1
    assert tagged("buyer") == {after: True}
    assert tagging.keep_touched() in (0, 1)

    # What is written by a transaction that began earlier and ends later is not lost between two looks.
    third = somebody(3)
    tagging.keep_touched()
    with psycopg.connect(raw_db.info.dsn, password=raw_db.info.password) as slow:
        slow.execute(
            "INSERT INTO order_totals (contact_id, orders, spend, unconverted, first_at, last_at) "
            "VALUES (%s, 1, 10, 0, now(), now())",
            [third],
        )
        slow.execute(
            "INSERT INTO orders (contact_id, external_id, at, amount, currency, quantity) "
            "VALUES (%s, 'x', now(), 10, 'EUR', 1)",
            [third],
        )
        tagging.keep_touched()
        assert third not in tagged("buyer")
    tagging.keep_touched()
    assert tagged("buyer")[third] is True


def test_a_tag_that_would_hold_itself_up_is_refused() -> None:
    with pytest.raises(BadRule, match="hold itself up"):
        follows({"any": [{"field": "tag", "is": "has", "value": "mine"}]}, "mine")
    follows(BUYER, "buyer")
    good = {"all": [{"field": "tag", "is": "has", "value": ["x", "buyer"]}]}
    follows(good, "good")
    segment = actions.save_segment(name="Round", rule={"field": "tag", "is": "has", "value": "good"}, by=None)
    with pytest.raises(NameTaken, match="follows the segment “Of buyer”"):
        tagging.start(segment.pk, tag="buyer", by=None)
    assert [one.tag.name for one in tagging.in_order()] == ["buyer", "good"]


def test_a_tag_of_tagged_people_is_right_after_one_look() -> None:
    one = somebody(1)
    follows({"field": "tag", "is": "has", "value": "buyer"}, "fan")
    follows(BUYER, "buyer")
    buys(one)
    tagging.keep_everybody()
    assert tagged("fan") == {one: True}


@pytest.mark.parametrize(("keep", "left"), [(True, {False}), (False, set())])
def test_a_tag_that_stops_following_stays_or_goes_as_one_says(keep: bool, left: set[bool]) -> None:
    buys(somebody(1))
    one = follows(BUYER, "buyer")
    tagging.keep_everybody()
    tagging.stop(one.pk, keep=keep, by=None)
    assert set(tagged("buyer").values()) == left


def test_a_rule_that_can_not_be_meant_any_more_changes_nothing_and_says_so() -> None:
    buys(somebody(1))
    inner = actions.save_segment(name="Inner", rule=BUYER, by=None)
    one = follows({"field": "segment", "is": "in", "value": inner.pk}, "buyer")
    tagging.keep_everybody()
    inner.delete()
    tagging.keep_everybody()
    one.refresh_from_db()
    assert "deleted" in one.problem
    assert len(tagged("buyer")) == Contact.objects.count() == 1


def test_a_tag_that_follows_a_segment_is_not_deleted() -> None:
    buys(somebody(1))
    one = follows(BUYER, "buyer")
    tagging.keep_everybody()
    with pytest.raises(TagInUse, match="follows a segment"):
        delete_tag(one.tag_id, by=None)
    assert len(tagged("buyer")) == 1
    tagging.stop(one.pk, keep=True, by=None)
    delete_tag(one.tag_id, by=None)
    assert tagged("buyer") == {}


@pytest.mark.django_db(transaction=True)
def test_what_is_changed_by_hand_reaches_its_tag_within_a_minute(raw_db: psycopg.Connection[Any], owner: Staff) -> None:
    moves, agrees, returns, apart = (somebody(number) for number in range(4))
    buys(returns)
    Attribute.objects.create(key="city", label="City", kind="text")
    follows({"field": "attribute:city", "is": "is", "value": "Lyon"}, "lyon")
    follows({"field": "marketing", "is": "is", "value": "granted"}, "agreed")
    follows(BUYER, "buyer")
    tagging.keep_everybody()
    raw_db.execute("UPDATE contacts SET created_at = now() - interval '1 day', updated_at = now() - interval '1 day'")
    raw_db.execute("UPDATE orders SET created_at = now() - interval '1 day'")
    tagging.keep_touched()
    tagging.keep_touched()

    changes.change(moves, attributes={"city": "Lyon"}, by=owner)
    profile.write_consent(agrees, purpose="marketing", state="granted", proof="at the till", by=owner)
    remove_orders(returns, ["1"])
    assert tagging.keep_touched() == 3
    assert (tagged("lyon"), tagged("agreed"), tagged("buyer")) == ({moves: True}, {agrees: True}, {})
    assert apart not in tagged("lyon")
    # Nothing is kept of it once it was seen.
    tagging.keep_touched()
    assert ChangedContact.objects.count() == 0


def settled(raw_db: psycopg.Connection[Any]) -> None:
    """Everybody's tags are right, and nothing has happened to anybody for a day."""
    tagging.keep_everybody()
    for table, column in (("contacts", "created_at"), ("contacts", "updated_at"), ("orders", "created_at")):
        raw_db.execute(f"UPDATE {table} SET {column} = now() - interval '1 day'")
    raw_db.execute("UPDATE imports SET finished_at = now() - interval '1 day'")
    raw_db.execute("UPDATE message_events SET at = now() - interval '1 day'")
    raw_db.execute("DELETE FROM changed_contacts")
    AutoTagCheckpoint.objects.update_or_create(id=1, defaults={"done_to": clock.now()})


ORDERS = "phone,order,date,amount,currency,refunded amount\n"


@pytest.mark.django_db(transaction=True)
def test_what_a_file_changes_and_its_undo_reach_the_tags_within_a_minute(raw_db: psycopg.Connection[Any]) -> None:
    ana = somebody(1)
    buys(ana, number="A1")
    day = (clock.now() - timedelta(days=1)).date().isoformat()
    follows(BUYER, "buyer")
    settled(raw_db)
    given_back = brought(f"{ORDERS}+33639980001,A1,{day},10,EUR,10\n", kind="orders")
    tagging.keep_touched()
    assert tagged("buyer") == {}
    settled(raw_db)
    people.undo_import(given_back.pk, by=None, queue=False)
    orders_back(given_back.pk)
    tagging.keep_touched()
    assert tagged("buyer") == {ana: True}

    Attribute.objects.create(key="city", label="City", kind="text")
    follows({"field": "attribute:city", "is": "is", "value": "Lyon"}, "lyon")
    one = brought("phone,city\n+33639980001,Lyon\n", tags=["spring"])
    settled(raw_db)
    assert tagged("lyon") == {ana: True}
    people.undo_import(one.pk, by=None, queue=False)
    contacts_back(one.pk)
    tagging.keep_touched()
    assert tagged("lyon") == {}


@pytest.mark.django_db(transaction=True)
def test_a_merge_its_undo_and_a_new_number_reach_the_tags_within_a_minute(
    raw_db: psycopg.Connection[Any], owner: Staff
) -> None:
    ana, ben = somebody(1), somebody(2)
    buys(ben)
    follows(BUYER, "buyer")
    follows({"field": "marketing", "is": "is", "value": "withdrawn"}, "gone")
    settled(raw_db)
    merged = merging.merge(kept_id=ana, gone_id=ben, by=owner)
    tagging.keep_touched()
    assert tagged("buyer") == {ana: True}
    settled(raw_db)
    merging.undo(merged.pk, by=owner)
    tagging.keep_touched()
    assert tagged("buyer") == {ben: True}

    people.record_consent(ben, purpose="marketing", state="withdrawn", source="keyword")
    settled(raw_db)
    people.move_identity(
        IdentityChanged("1099", Person(phone="+33639980002"), Person(phone="+33639980001"), clock.now())
    )
    tagging.keep_touched()
    assert set(tagged("gone")) == {ana, ben}


@pytest.mark.django_db(transaction=True)
def test_a_read_that_is_counted_after_the_look_reaches_its_tag_with_the_next_one(
    raw_db: psycopg.Connection[Any], channel: Channel
) -> None:
    ana = somebody(1)
    follows({"field": "interacted_days", "is": "within", "value": 7}, "interacted")
    raw_db.execute("INSERT INTO activity_checkpoint (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET done_to = now()")
    settled(raw_db)
    Message.objects.create(
        contact_id=ana, channel=channel, direction="out", kind="template", category="marketing", state="accepted",
        created_at=clock.now() - timedelta(days=1), accepted_at=clock.now() - timedelta(days=1),
    )  # fmt: skip
    key = MessageKey(ana, Message.objects.get().id)
    ledger.settle(ledger_db(), [Receipt("1099", "wamid.1", key, "read", clock.now())])
    tagging.keep_touched()
    assert tagged("interacted") == {}
    assert activity.roll_up() == 1
    tagging.keep_touched()
    assert tagged("interacted") == {ana: True}
