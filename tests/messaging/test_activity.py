"""What is known of a customer's habits: counted once, as it happens, and the same when it is worked out anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from envoi.channels.models import Channel
from envoi.contacts import actions
from envoi.contacts.models import Contact
from envoi.core.events import MessageReceived, Person, Receipt
from envoi.core.ids import MessageKey
from envoi.messaging import actions as messaging
from envoi.messaging import activity, ledger
from envoi.messaging.actions import ledger_db
from envoi.messaging.models import Activity, ActivityCheckpoint, ActivityHour, ActivityMonth, Message
from envoi.messaging.queries import habits_of

# A Monday, 12:00 in London and 13:00 in Paris.
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ana(transactional_db: None) -> int:
    ActivityCheckpoint.objects.get_or_create(id=1)
    contact_id = actions.contact_for_person(Person(phone="+33639980001", name="Ana"))
    return contact_id


def wrote(contact_id: int, channel: Channel, at: datetime, name: str, kind: str = "text") -> None:
    fact = MessageReceived("1099", Person(phone="+33639980001"), name, at, kind, "hello")
    messaging.receive([(contact_id, channel.pk, fact)])


def sent(contact_id: int, channel: Channel, at: datetime = NOON, category: str = "marketing") -> int:
    row: dict[str, Any] = {"contact_id": contact_id, "channel": channel, "direction": "out", "kind": "template"}
    Message.objects.create(**row, category=category, state="accepted", created_at=at, accepted_at=at)
    found = Message.objects.filter(contact_id=contact_id, direction="out").order_by("-id").first()
    assert found is not None
    return found.id


def told(contact_id: int, message_id: int, *states: Any, at: datetime = NOON) -> None:
    for state in states:
        receipt = Receipt("1099", f"wamid.{message_id}", MessageKey(contact_id, message_id), state, at)
        ledger.settle(ledger_db(), [receipt])


def tables() -> dict[str, list[str]]:
    found = {}
    with connection.cursor() as cursor:
        for table in ("activity", "activity_hours", "activity_months"):
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t ORDER BY 1")
            found[table] = [row[0] for row in cursor.fetchall()]
    return found


def test_receipts_are_counted_once_however_often_they_come(ana, channel):
    message = sent(ana, channel)
    told(ana, message, "sent", "delivered", "read", "read", "delivered")
    assert activity.roll_up() == 3
    assert activity.roll_up() == 0
    told(ana, message, "read")
    assert activity.roll_up() == 0
    one = Activity.objects.get(contact_id=ana)
    assert (one.sent, one.delivered, one.read, one.promotions, one.failed) == (1, 1, 1, 1, 0)
    assert (one.last_read_at, one.last_seen_at) == (NOON, NOON)


def test_an_answer_has_its_delay_and_what_follows_it_is_none(ana, channel):
    sent(ana, channel)
    wrote(ana, channel, NOON + timedelta(seconds=100), "wamid.1")
    wrote(ana, channel, NOON + timedelta(seconds=200), "wamid.2")
    wrote(ana, channel, NOON + timedelta(seconds=200), "wamid.2")
    one = Activity.objects.get(contact_id=ana)
    assert (one.received, one.replies, one.reply_seconds, one.delays) == (2, 1, 100, [0, 1, 0, 0, 0])
    habits = habits_of(ana)
    assert habits is not None
    assert habits.reply_seconds == 100


def test_words_long_after_a_message_answer_nothing(ana, channel):
    sent(ana, channel, at=NOON - timedelta(days=4))
    wrote(ana, channel, NOON, "wamid.1")
    assert Activity.objects.get(contact_id=ana).replies == 0


def test_what_the_provider_says_on_their_behalf_is_no_message_of_theirs(ana, channel):
    wrote(ana, channel, NOON, "wamid.1", kind="system")
    assert Activity.objects.count() == 0


def test_hours_are_those_where_the_customer_is(ana, channel):
    Contact.objects.filter(pk=ana).update(timezone="Asia/Shanghai")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO places (key, west, east, region) VALUES ('Asia/Shanghai', 'Asia/Shanghai', '', '')")
    wrote(ana, channel, NOON, "wamid.1")
    message = sent(ana, channel)
    told(ana, message, "read", at=NOON + timedelta(hours=5))
    activity.roll_up()
    # 20:00 on Monday, and 1:00 on Tuesday.
    assert dict(ActivityHour.objects.filter(contact_id=ana).values_list("hour", "times")) == {20: 1, 25: 1}


def test_a_period_is_the_sum_of_its_months(ana, channel):
    wrote(ana, channel, NOON - timedelta(days=40), "wamid.1")
    wrote(ana, channel, NOON, "wamid.2")
    wrote(ana, channel, NOON, "wamid.3")
    assert list(ActivityMonth.objects.order_by("month").values_list("month__month", "received")) == [(1, 1), (3, 2)]


def test_what_still_happens_is_left_for_the_next_time(ana, channel, raw_db):
    message = sent(ana, channel)
    raw_db.execute("BEGIN")
    raw_db.execute("INSERT INTO message_events (contact_id, message_id, what) VALUES (%s, %s, 'sent')", [ana, message])
    told(ana, message, "delivered")
    assert activity.roll_up() == 0
    raw_db.execute("COMMIT")
    assert activity.roll_up() == 2


def test_worked_out_anew_it_is_the_same(ana, channel):
    other = actions.contact_for_person(Person(phone="+33639980002"))
    for contact_id in (ana, other):
        for day in range(3):
            at = NOON + timedelta(days=day, hours=day)
            message = sent(contact_id, channel, at=at, category=("marketing", "utility")[day % 2])
            told(contact_id, message, *("sent", "delivered", "read")[: day + 1], at=at + timedelta(minutes=1))
            wrote(contact_id, channel, at + timedelta(minutes=day * 20), f"wamid.{contact_id}.{day}")
        activity.roll_up()
    before = tables()
    activity.recompute([ana, other])
    assert tables() == before
    assert sum(map(len, before.values())) > 4
    # What the roll-up has still to count is not counted twice.
    told(ana, sent(ana, channel), "sent")
    activity.recompute([ana])
    activity.roll_up()
    assert Activity.objects.get(contact_id=ana).sent == 4
