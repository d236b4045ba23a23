"""What the ledger promises: nobody twice, nobody lost, nothing backwards."""

from __future__ import annotations

import itertools
import random
import threading
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from envoi.channels.models import Channel
from envoi.core.events import Failure
from envoi.messaging import ledger
from envoi.messaging.ledger import PutBack, Refused, Sent, Unclear

from .helpers import CAP, claim, lane, outbox, owe, people, promoted, receipt, state

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_senders_never_take_the_same_message(raw_db, channel: Channel, test_database_url: str) -> None:
    owed = owe(raw_db, channel, lane(raw_db, channel), people(raw_db, 300))
    taken: list[list[int]] = [[], []]

    def send_until_empty(which: int) -> None:
        with psycopg.connect(test_database_url, autocommit=True) as db:
            while batch := claim(db, channel, room=7):
                taken[which] += [message.id for message in batch]

    threads = [threading.Thread(target=send_until_empty, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken[0] + taken[1]) == sorted(owed)


def test_replies_go_before_utility_and_utility_before_campaigns(raw_db, channel: Channel) -> None:
    one, two, three = people(raw_db, 3)
    [promotion] = owe(raw_db, channel, lane(raw_db, channel, priority=2), [one])
    [notice] = owe(raw_db, channel, lane(raw_db, channel, priority=1), [two], category="utility")
    [reply] = owe(raw_db, channel, lane(raw_db, channel, priority=0), [three], category="service")
    assert [claim(raw_db, channel, room=1)[0].id for _ in range(3)] == [reply, notice, promotion]


def test_two_campaigns_share_the_room_and_one_alone_has_it_all(raw_db, channel: Channel) -> None:
    contacts = people(raw_db, 12)
    first, second = lane(raw_db, channel), lane(raw_db, channel)
    owe(raw_db, channel, first, contacts[:10])
    owe(raw_db, channel, second, contacts[10:])
    lanes = [message.lane_id for message in claim(raw_db, channel, room=4)]
    assert sorted(lanes) == sorted([first, first, second, second])
    assert len(claim(raw_db, channel, room=6)) == 6, "a lane with nothing due leaves its share to the others"
    assert len(claim(raw_db, channel, room=100)) == 2


def test_a_held_lane_gives_nothing_until_it_is_open_again(raw_db, channel: Channel) -> None:
    held = lane(raw_db, channel)
    owe(raw_db, channel, held, people(raw_db, 2))
    ledger.set_lane(raw_db, held, "held")
    assert claim(raw_db, channel) == []
    ledger.set_lane(raw_db, held, "open")
    assert len(claim(raw_db, channel)) == 2


def test_a_closed_lane_never_opens_again_and_its_messages_are_cancelled(raw_db, channel: Channel) -> None:
    closed = lane(raw_db, channel)
    owed = owe(raw_db, channel, closed, people(raw_db, 5))
    ledger.set_lane(raw_db, closed, "closed")
    ledger.set_lane(raw_db, closed, "open")
    assert claim(raw_db, channel) == []
    assert [ledger.end_waiting(raw_db, channel.pk, closed, state="cancelled", limit=3) for _ in range(3)] == [3, 2, 0]
    assert {state(raw_db, message) for message in owed} == {"cancelled"}
    assert outbox(raw_db) == {}


def test_one_promotion_in_24_hours_whatever_campaign_it_comes_from(raw_db, channel: Channel) -> None:
    [person] = people(raw_db, 1)
    first, second = (owe(raw_db, channel, lane(raw_db, channel), [person])[0] for _ in range(2))
    taken = claim(raw_db, channel)
    allowed, refused = ledger.reserve_customers(raw_db, taken)
    assert len(allowed) == 1
    assert [(refusal.reason, refusal.until is not None) for refusal in refused] == [("promoted_recently", True)]
    ledger.record_refusals(raw_db, channel.pk, refused)
    other = refused[0].message.id
    assert {first, second} == {allowed[0].id, other}
    assert state(raw_db, other) == "queued"
    assert claim(raw_db, channel) == [], "it waits for its time"

    raw_db.execute("UPDATE outbox SET due_at = now() WHERE id = %s", [other])
    raw_db.execute("UPDATE pairs SET promoted_at = now() - interval '25 hours'")
    allowed, refused = ledger.reserve_customers(raw_db, claim(raw_db, channel))
    assert ([message.id for message in allowed], refused) == ([other], [])


def test_a_service_reply_does_not_wait_for_the_promotion_limit(raw_db, channel: Channel) -> None:
    [person] = people(raw_db, 1, marketing="withdrawn")
    owe(raw_db, channel, lane(raw_db, channel, priority=0), [person], category="service")
    allowed, refused = ledger.reserve_customers(raw_db, claim(raw_db, channel))
    assert (len(allowed), refused) == (1, [])


@pytest.mark.parametrize(("marketing", "reason"), [("unknown", "no_consent"), ("withdrawn", "opted_out")])
def test_consent_is_asked_again_at_the_moment_of_sending(raw_db, channel: Channel, marketing: str, reason: str) -> None:
    [person] = people(raw_db, 1)
    [message] = owe(raw_db, channel, lane(raw_db, channel), [person])
    taken = claim(raw_db, channel)
    raw_db.execute("UPDATE contacts SET marketing = %s", [marketing])
    allowed, refused = ledger.reserve_customers(raw_db, taken)
    ledger.record_refusals(raw_db, channel.pk, refused)
    assert allowed == []
    assert raw_db.execute("SELECT state, reason FROM messages").fetchone() == ("skipped", reason)
    assert outbox(raw_db) == {}
    assert message


def test_waiting_beyond_the_end_of_the_campaign_is_skipping(raw_db, channel: Channel) -> None:
    [person] = people(raw_db, 1)
    owe(raw_db, channel, lane(raw_db, channel), [person])
    promoted(raw_db, channel, person)
    raw_db.execute("UPDATE outbox SET expires_at = now() + interval '2 hours'")
    _, refused = ledger.reserve_customers(raw_db, claim(raw_db, channel))
    assert [(refusal.reason, refusal.until) for refusal in refused] == [("promoted_recently", None)]


def test_a_claim_that_lapses_is_uncertain_and_never_queued_again(raw_db, channel: Channel) -> None:
    [message] = owe(raw_db, channel, lane(raw_db, channel), people(raw_db, 1))
    claim(raw_db, channel, lease=timedelta(seconds=-1))
    assert ledger.park_lapsed(raw_db, channel.pk) == 1
    assert state(raw_db, message) == "uncertain"
    assert outbox(raw_db) == {message: "uncertain"}
    assert claim(raw_db, channel) == []
    assert ledger.park_lapsed(raw_db, channel.pk) == 0


def test_a_receipt_settles_an_uncertain_message(raw_db, channel: Channel) -> None:
    [person] = people(raw_db, 1)
    [message] = owe(raw_db, channel, lane(raw_db, channel), [person])
    taken = claim(raw_db, channel)
    ledger.record_unclear(raw_db, channel.pk, [Unclear(taken[0], "no answer in 30 s")])
    assert state(raw_db, message) == "uncertain"
    assert ledger.settle(raw_db, [receipt(person, message, "delivered")]) == 0
    assert state(raw_db, message) == "delivered"
    assert outbox(raw_db) == {}


def test_a_receipt_before_the_answer_is_not_walked_back(raw_db, channel: Channel) -> None:
    [person] = people(raw_db, 1)
    [message] = owe(raw_db, channel, lane(raw_db, channel), [person])
    [taken] = claim(raw_db, channel)
    ledger.settle(raw_db, [receipt(person, message, "delivered")])
    ledger.record_sent(raw_db, channel.pk, [Sent(taken, f"wamid.{message}", datetime.now(UTC))])
    row = raw_db.execute("SELECT state, provider_id, accepted_at IS NOT NULL FROM messages").fetchone()
    assert row == ("delivered", f"wamid.{message}", True)


def test_a_receipt_stops_the_second_try_of_what_seemed_unreachable(raw_db, channel: Channel) -> None:
    [person] = people(raw_db, 1)
    [message] = owe(raw_db, channel, lane(raw_db, channel), [person])
    [taken] = claim(raw_db, channel)
    ledger.put_back(raw_db, channel.pk, [PutBack(taken, "unreachable", datetime.now(UTC))])
    assert outbox(raw_db) == {message: "queued"}
    ledger.settle(raw_db, [receipt(person, message, "sent")])
    assert claim(raw_db, channel) == []


def test_receipts_in_any_order_and_any_number_end_the_same_way(raw_db, channel: Channel) -> None:
    persons = people(raw_db, 30)
    messages = owe(raw_db, channel, lane(raw_db, channel), persons)
    claim(raw_db, channel)
    draw = random.Random(7)
    kinds = list(itertools.permutations(["sent", "delivered", "read"])) * 5
    heap = [
        receipt(person, message, what)
        for person, message, order in zip(persons, messages, kinds, strict=True)
        for what in (*order, draw.choice(order))
    ]
    draw.shuffle(heap)
    while heap:
        batch, heap = heap[: draw.randint(1, 9)], heap[9:] if len(heap) > 9 else []
        ledger.settle(raw_db, batch)
        ledger.settle(raw_db, batch)
    read = {row[0] for row in raw_db.execute("SELECT id FROM messages WHERE read_at IS NOT NULL")}
    assert {message for message in messages if state(raw_db, message) == "read"} == read
    twice = raw_db.execute("SELECT 1 FROM message_events GROUP BY message_id, what HAVING count(*) > 1").fetchall()
    assert twice == [], "a repeated webhook leaves one line in the trace"


@pytest.mark.parametrize(
    ("receipts", "end"),
    [
        (["read", "delivered", "sent"], "read"),
        (["sent", "failed"], "failed"),
        (["failed", "sent"], "failed"),
        (["delivered", "failed"], "delivered"),
        (["failed", "delivered"], "delivered"),
    ],
)
def test_a_late_receipt_never_walks_a_message_backwards(raw_db, channel: Channel, receipts, end: str) -> None:
    [person] = people(raw_db, 1)
    [message] = owe(raw_db, channel, lane(raw_db, channel), [person])
    claim(raw_db, channel)
    for what in receipts:
        ledger.settle(raw_db, [receipt(person, message, what, failure=CAP if what == "failed" else None)])
    assert state(raw_db, message) == end


def test_a_receipt_without_our_token_is_found_by_the_providers_id(raw_db, channel: Channel) -> None:
    [person] = people(raw_db, 1)
    [message] = owe(raw_db, channel, lane(raw_db, channel), [person])
    [taken] = claim(raw_db, channel)
    ledger.record_sent(raw_db, channel.pk, [Sent(taken, "wamid.X", datetime.now(UTC))])
    one = receipt(person, message, "read")
    stranger = type(one)(channel="1099", provider_id="wamid.X", key=None, state="read", at=one.at)
    assert ledger.settle(raw_db, [stranger]) == 0
    assert state(raw_db, message) == "read"


def test_receipts_for_messages_of_others_are_counted_and_change_nothing(raw_db, channel: Channel) -> None:
    [person] = people(raw_db, 1)
    nobody = receipt(person, 999_999, "read")
    nameless = type(nobody)(channel="1099", provider_id="wamid.other", key=None, state="read", at=nobody.at)
    assert ledger.settle(raw_db, [nobody, nameless]) == 2
    assert raw_db.execute("SELECT count(*) FROM message_events").fetchone() == (0,)


def test_a_promotion_that_failed_gives_its_customer_the_day_back(raw_db, channel: Channel) -> None:
    [person] = people(raw_db, 1)
    owe(raw_db, channel, lane(raw_db, channel), [person])
    taken = claim(raw_db, channel)
    ledger.reserve_customers(raw_db, taken)
    ledger.record_failed(
        raw_db, channel.pk, [Refused(taken[0], Failure("131026", "Not on WhatsApp"), datetime.now(UTC))]
    )
    assert raw_db.execute(
        "SELECT promoted_at, held_until FROM contacts c JOIN pairs ON contact_id = c.id"
    ).fetchall() == [(None, None)]
    assert raw_db.execute("SELECT state, error_code FROM messages").fetchone() == ("failed", "131026")


def test_after_the_providers_cap_the_customer_is_left_in_peace_for_a_day(raw_db, channel: Channel) -> None:
    [person] = people(raw_db, 1)
    [message] = owe(raw_db, channel, lane(raw_db, channel), [person])
    ledger.reserve_customers(raw_db, claim(raw_db, channel))
    ledger.settle(raw_db, [receipt(person, message, "failed", failure=CAP)])
    owe(raw_db, channel, lane(raw_db, channel), [person])
    _, refused = ledger.reserve_customers(raw_db, claim(raw_db, channel))
    [refusal] = refused
    assert refusal.reason == "cooling_down"
    assert refusal.until is not None
    assert timedelta(hours=23) < refusal.until - datetime.now(UTC) <= timedelta(hours=24)


def test_what_was_claimed_and_not_begun_is_given_back_as_if_never_taken(raw_db, channel: Channel) -> None:
    [message] = owe(raw_db, channel, lane(raw_db, channel), people(raw_db, 1))
    taken = claim(raw_db, channel)
    ledger.release(raw_db, channel.pk, taken)
    assert state(raw_db, message) == "queued"
    [again] = claim(raw_db, channel)
    assert again.attempts == 1


def test_who_is_being_changed_by_somebody_else_is_busy_and_holds_up_nobody(
    raw_db, channel: Channel, test_database_url: str
) -> None:
    first, second = people(raw_db, 2)
    owe(raw_db, channel, lane(raw_db, channel), [first, second])
    with psycopg.connect(test_database_url) as importing:
        importing.execute("UPDATE contacts SET name = 'new' WHERE id = %s", [first])
        allowed, refused = ledger.reserve_customers(raw_db, claim(raw_db, channel))
    assert [message.contact_id for message in allowed] == [second]
    assert [(refusal.reason, refusal.message.contact_id) for refusal in refused] == [("busy", first)]


def test_a_put_back_that_is_told_twice_does_not_end_the_next_claim(raw_db, channel: Channel) -> None:
    owe(raw_db, channel, lane(raw_db, channel), people(raw_db, 1))
    [old] = claim(raw_db, channel)
    back = [PutBack(old, "unreachable", datetime.now(UTC))]
    ledger.put_back(raw_db, channel.pk, back)
    [new] = claim(raw_db, channel)
    # The answer to the first commit was lost, so it is told again while somebody else is sending.
    ledger.put_back(raw_db, channel.pk, back)
    ledger.release(raw_db, channel.pk, [old])
    assert outbox(raw_db) == {new.id: "sending"}


def test_who_waited_for_nothing_has_their_day_back(raw_db, channel: Channel) -> None:
    [person] = people(raw_db, 1)
    [message] = owe(raw_db, channel, lane(raw_db, channel), [person])
    taken = claim(raw_db, channel)
    ledger.reserve_customers(raw_db, taken)
    ledger.put_back(raw_db, channel.pk, [PutBack(taken[0], "template_problem", datetime.now(UTC))])
    ledger.end_waiting(raw_db, channel.pk, taken[0].lane_id, state="cancelled", limit=10)
    assert raw_db.execute("SELECT promoted_at, promoted_by FROM pairs").fetchall() == [(None, None)]
    assert state(raw_db, message) == "cancelled"


def test_a_failed_transaction_claims_nothing(raw_db, channel: Channel) -> None:
    owe(raw_db, channel, lane(raw_db, channel), people(raw_db, 1))

    class PowerCut(Exception):
        pass

    with pytest.raises(PowerCut), raw_db.transaction():
        assert ledger.claim(raw_db, channel.pk, room=1, lease=timedelta(seconds=5))
        raise PowerCut
    assert len(claim(raw_db, channel)) == 1
