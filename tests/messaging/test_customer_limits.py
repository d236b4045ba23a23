"""What the limits of a pair and of a customer promise on a real database, and the trace that their waiting leaves."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, time, timedelta

import psycopg
import pytest

from envoi.channels.models import Account, Channel
from envoi.messaging import ledger
from envoi.messaging.ledger import PutBack, Sent
from envoi.messaging.models import LimitSettings, MarketingBar, Place
from tests.messaging.helpers import CAP, ask, claim, free_form, lane, owe, people, promoted, receipt, state, window

pytestmark = pytest.mark.django_db(transaction=True)


# -- the pair


def test_the_46th_message_to_one_person_waits_for_its_six_seconds(raw_db, channel: Channel) -> None:
    [person] = people(raw_db, 1)
    window(raw_db, channel, person, "5 hours")
    replies = lane(raw_db, channel, priority=0)
    for _ in range(46):
        free_form(raw_db, channel, replies, person)
    with raw_db.transaction():
        allowed, refused = ledger.reserve_customers(raw_db, claim(raw_db, channel))
    assert (len(allowed), [one.reason for one in refused]) == (45, ["too_fast"])
    assert refused[0].until is not None
    assert timedelta(seconds=4) < refused[0].until - datetime.now(UTC) <= timedelta(seconds=6)


def test_two_dispatchers_never_borrow_more_than_the_burst(raw_db, channel: Channel, test_database_url: str) -> None:
    [person] = people(raw_db, 1)
    window(raw_db, channel, person, "5 hours")
    replies = lane(raw_db, channel, priority=0)
    for _ in range(80):
        free_form(raw_db, channel, replies, person)
    sent: list[int] = []

    def send() -> None:
        with psycopg.connect(test_database_url, autocommit=True) as db:
            for _ in range(12):
                sent.extend(ask(db, channel, room=5)[0])

    began = datetime.now(UTC)
    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    paid_back = int((datetime.now(UTC) - began) / timedelta(seconds=6)) + 1
    assert 45 <= len(sent) <= 45 + paid_back


def test_too_many_to_one_person_rests_that_pair_alone_and_longer_each_time(raw_db, channel: Channel) -> None:
    one, other = people(raw_db, 2)
    lane_id = lane(raw_db, channel, priority=1)
    first, *_ = owe(raw_db, channel, lane_id, [one, one, other], category="utility")
    taken = claim(raw_db, channel)
    crowded = next(message for message in taken if message.id == first)
    ledger.release(raw_db, channel.pk, [message for message in taken if message.id != first])
    back = PutBack(crowded, "customer_waits", datetime.now(UTC), {"code": "131056"})
    ledger.put_back(raw_db, channel.pk, [back])
    raw_db.execute("UPDATE pairs SET blocked_until = blocked_until + interval '1 hour'")
    allowed, refused = ask(raw_db, channel)
    assert allowed == [other]
    assert refused == [("pair_resting", True)]

    times = []
    for _ in range(3):
        ledger.put_back(raw_db, channel.pk, [])
        raw_db.execute("UPDATE outbox SET due_at = now(), state = 'queued' WHERE id = %s", [first])
        [crowded] = [message for message in claim(raw_db, channel) if message.id == first]
        ledger.put_back(raw_db, channel.pk, [PutBack(crowded, "customer_waits", datetime.now(UTC), {"code": "131056"})])
        [[seconds]] = raw_db.execute(
            "SELECT round(extract(epoch FROM due_at - now())) FROM outbox WHERE id = %s", [first]
        ).fetchall()
        times.append(int(seconds))
    assert times == [4, 16, 64]
    assert raw_db.execute("SELECT held_until FROM contacts WHERE id = %s", [one]).fetchone() == (None,)


# -- the customer


def test_free_text_outside_the_window_is_refused_and_never_sent_to_fail(raw_db, channel: Channel) -> None:
    never, closing, talking = people(raw_db, 3)
    window(raw_db, channel, closing, "30 seconds")
    window(raw_db, channel, talking, "5 minutes")
    replies = lane(raw_db, channel, priority=0)
    texts = [free_form(raw_db, channel, replies, person) for person in (never, closing, talking)]
    allowed, refused = ask(raw_db, channel)
    assert (allowed, refused) == ([talking], [("window_closed", False)] * 2)
    assert [state(raw_db, text) for text in texts[:2]] == ["skipped", "skipped"]


def test_a_window_is_open_with_the_number_that_the_customer_wrote_to(
    raw_db, account: Account, channel: Channel
) -> None:
    second = Channel.objects.create(account=account, name="2", address="+33639980002", provider_id="2")
    [person] = people(raw_db, 1)
    window(raw_db, channel, person, "5 hours")
    free_form(raw_db, second, lane(raw_db, second, priority=0), person)
    assert ask(raw_db, second) == ([], [("window_closed", False)])


def test_the_cool_down_grows_until_a_promotion_arrives(raw_db, channel: Channel) -> None:
    [person] = people(raw_db, 1)
    lane_id = lane(raw_db, channel)
    days = []
    at = datetime.now(UTC)
    for turn in range(4):
        raw_db.execute("UPDATE contacts SET held_until = NULL")
        raw_db.execute("UPDATE pairs SET promoted_at = NULL, promoted_by = NULL")
        [message] = owe(raw_db, channel, lane_id, [person])
        ask(raw_db, channel)
        at += timedelta(minutes=1)
        if turn == 3:
            ledger.settle(raw_db, [receipt(person, message, "delivered", at=at)])
            at += timedelta(minutes=1)
            [message] = owe(raw_db, channel, lane_id, [person])
        told = receipt(person, message, "failed", at=at, failure=CAP)
        ledger.settle(raw_db, [told])
        ledger.settle(raw_db, [told])
        [[until]] = raw_db.execute("SELECT held_until FROM contacts").fetchall()
        days.append((until - at) / timedelta(days=1))
    assert days == [1, 2, 4, 1]


def test_an_open_window_lifts_the_cool_down_as_whatsapp_does(raw_db, channel: Channel) -> None:
    [person] = people(raw_db, 1)
    raw_db.execute("UPDATE contacts SET held_until = now() + interval '1 day'")
    window(raw_db, channel, person, "5 hours")
    owe(raw_db, channel, lane(raw_db, channel), [person])
    assert ask(raw_db, channel) == ([person], [])


def test_a_promotion_waits_for_the_morning_and_a_notice_does_not(raw_db, channel: Channel) -> None:
    Place.objects.create(key="Asia/Kolkata", west="Asia/Kolkata", east="Asia/Kolkata", region="")
    LimitSettings.objects.create(quiet_from=time(0), quiet_to=time(23, 59))
    asleep, other = people(raw_db, 2)
    raw_db.execute("UPDATE contacts SET timezone = 'Asia/Kolkata' WHERE id = %s", [asleep])
    owe(raw_db, channel, lane(raw_db, channel), [asleep])
    owe(raw_db, channel, lane(raw_db, channel, priority=1), [asleep, other], category="utility")
    allowed, refused = ask(raw_db, channel)
    assert (sorted(allowed), refused) == ([asleep, other], [("quiet_hours", True)])
    [[due]] = raw_db.execute("SELECT due_at AT TIME ZONE 'Asia/Kolkata' FROM outbox WHERE state = 'queued'").fetchall()
    assert due.time() == time(23, 59)


def test_a_bar_holds_for_its_time_and_its_region_alone(raw_db, channel: Channel) -> None:
    Place.objects.bulk_create([Place("+1201", "", "", "US"), Place("+1416", "", "", "CA")])
    american, canadian = people(raw_db, 2)
    raw_db.execute("UPDATE contacts SET phone = '+12015550123' WHERE id = %s", [american])
    raw_db.execute("UPDATE contacts SET phone = '+14165550123' WHERE id = %s", [canadian])
    bar = MarketingBar.objects.create(region="US", until_at=datetime.now(UTC) + timedelta(days=1))
    owe(raw_db, channel, lane(raw_db, channel), [american, canadian])
    assert ask(raw_db, channel) == ([canadian], [("not_delivered_there", True)])
    bar.until_at = None
    bar.save()
    raw_db.execute("UPDATE outbox SET due_at = now()")
    assert ask(raw_db, channel) == ([], [("not_delivered_there", False)])


def test_two_campaigns_to_the_same_people_at_once_reach_each_once_a_day(
    raw_db, channel: Channel, test_database_url: str
) -> None:
    everybody = people(raw_db, 100)
    for _ in range(2):
        owe(raw_db, channel, lane(raw_db, channel), everybody)
    sent: list[int] = []
    reasons: set[str] = set()

    def send() -> None:
        with psycopg.connect(test_database_url, autocommit=True) as db:
            for _ in range(15):
                allowed, refused = ask(db, channel, room=15)
                sent.extend(allowed)
                reasons.update(reason for reason, _ in refused)

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == len(set(sent))
    assert len(sent) > 50, "they stood in each other's way"
    assert reasons <= {"promoted_recently", "busy"}


# -- the trace


def test_who_waits_a_thousand_times_for_one_reason_has_one_line(raw_db, channel: Channel) -> None:
    [person] = people(raw_db, 1)
    [message] = owe(raw_db, channel, lane(raw_db, channel), [person])
    raw_db.execute("UPDATE contacts SET held_until = now() + interval '1 day'")
    for _ in range(5):
        raw_db.execute("UPDATE outbox SET due_at = now()")
        ask(raw_db, channel)
    raw_db.execute("UPDATE contacts SET held_until = NULL")
    promoted(raw_db, channel, person)
    raw_db.execute("UPDATE outbox SET due_at = now()")
    ask(raw_db, channel)
    lines = raw_db.execute(
        "SELECT what, detail ->> 'reason', detail ->> 'times' FROM message_events WHERE message_id = %s ORDER BY at",
        [message],
    ).fetchall()
    assert lines == [("waits", "cooling_down", "5"), ("waits", "promoted_recently", None)]


def test_what_was_sent_is_not_asked_again(raw_db, channel: Channel) -> None:
    [person] = people(raw_db, 1)
    owe(raw_db, channel, lane(raw_db, channel), [person])
    with raw_db.transaction():
        taken = claim(raw_db, channel)
        allowed, _ = ledger.reserve_customers(raw_db, taken)
    ledger.record_sent(raw_db, channel.pk, [Sent(allowed[0], "wamid.1", datetime.now(UTC))])
    assert ask(raw_db, channel) == ([], [])
