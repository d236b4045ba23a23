"""Unknown outcomes: what people choose happens once, and a receipt at the same moment wins or finds nothing left."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from envoi.channels.models import Account, Channel
from envoi.core.errors import BadInput, NotAllowed
from envoi.core.vault import seal
from envoi.messaging import ledger, settling
from envoi.messaging.ledger import Unclear, settlement
from envoi.team.models import AuditEntry, Staff

from .helpers import Db, claim, lane, outbox, owe, people, receipt, state

pytestmark = pytest.mark.django_db(transaction=True)

Key = tuple[int, int]


def uncertain(db: Db, channel: Channel, count: int = 1) -> list[Key]:
    """So many messages of which nobody can say whether they left."""
    contacts = people(db, count)
    owe(db, channel, lane(db, channel), contacts)
    claimed = claim(db, channel, room=count)
    with db.transaction():
        ledger.record_unclear(db, channel.pk, [Unclear(one, "the answer was lost") for one in claimed])
    return sorted((one.contact_id, one.id) for one in claimed)


def trace(db: Db, key: Key) -> list[str]:
    rows = db.execute("SELECT what FROM message_events WHERE contact_id = %s AND message_id = %s ORDER BY at, id", key)
    return [row[0] for row in rows]


def test_considered_sent_is_accepted_and_a_late_receipt_moves_it_on(raw_db, channel: Channel) -> None:
    [key] = uncertain(raw_db, channel)
    assert settling.settle([key], choice="sent", by=None) == 1
    assert (state(raw_db, key[1]), outbox(raw_db)) == ("accepted", {})
    with raw_db.transaction():
        ledger.settle(raw_db, [receipt(*key, "delivered")])
    assert state(raw_db, key[1]) == "delivered"
    assert trace(raw_db, key) == ["uncertain", "considered_sent", "delivered"]


def test_given_up_is_failed_until_a_receipt_says_that_it_arrived(raw_db, channel: Channel) -> None:
    [key] = uncertain(raw_db, channel)
    assert settling.settle([key], choice="give_up", by=None) == 1
    assert state(raw_db, key[1]) == "failed"
    with raw_db.transaction():
        ledger.settle(raw_db, [receipt(*key, "delivered")])
    assert state(raw_db, key[1]) == "delivered"


def test_sent_again_is_claimed_once_more_and_a_receipt_before_that_ends_it(raw_db, channel: Channel) -> None:
    first, second = uncertain(raw_db, channel, 2)
    assert settling.settle([first, second], choice="again", by=None) == 2
    with raw_db.transaction():
        ledger.settle(raw_db, [receipt(*first, "sent")])
    assert [one.id for one in claim(raw_db, channel)] == [second[1]]


def test_a_message_of_an_ended_campaign_finds_an_open_lane(raw_db, channel: Channel) -> None:
    [key] = uncertain(raw_db, channel)
    raw_db.execute("UPDATE lanes SET state = 'closed'")
    assert settling.settle([key], choice="again", by=None) == 1
    assert [one.id for one in claim(raw_db, channel)] == [key[1]]


def test_what_was_settled_meanwhile_stays_as_it_is(raw_db, channel: Channel) -> None:
    [key] = uncertain(raw_db, channel)
    with raw_db.transaction():
        ledger.settle(raw_db, [receipt(*key, "read")])
    for choice in ("again", "sent", "give_up"):
        assert settling.settle([key], choice=choice, by=None) == 0
    assert state(raw_db, key[1]) == "read"
    assert claim(raw_db, channel) == []


@pytest.mark.parametrize("choice", [settlement.send_again, settlement.give_up, settlement.consider_sent])
def test_a_receipt_at_the_same_moment_and_a_choice_double_nothing(
    raw_db, channel: Channel, test_database_url: str, choice
) -> None:
    keys = uncertain(raw_db, channel, 60)
    ready = threading.Barrier(2)

    def receipts() -> None:
        with psycopg.connect(test_database_url, autocommit=True) as db:
            ready.wait()
            for start in range(0, 60, 10):
                with db.transaction():
                    ledger.settle(db, [receipt(*key, "delivered") for key in keys[start : start + 10]])

    def chosen() -> None:
        with psycopg.connect(test_database_url, autocommit=True) as db:
            ready.wait()
            for start in range(50, -1, -10):
                with db.transaction():
                    choice(db, keys[start : start + 10], by="somebody")

    with ThreadPoolExecutor() as threads:
        for work in [threads.submit(receipts), threads.submit(chosen)]:
            work.result()
    assert {state(raw_db, key[1]) for key in keys} == {"delivered"}
    assert claim(raw_db, channel) == []


def test_only_bird_is_asked_again_under_its_key(raw_db, channel: Channel) -> None:
    meta = uncertain(raw_db, channel, 2)
    account = Account.objects.create(
        provider="bird", name="Bird", provider_id="w", credentials=seal({"access_key": "k"}), hook_key="b"
    )
    bird_channel = Channel.objects.create(account=account, name="B", address="+33639980009", provider_id="+33639980009")
    raw_db.execute("DELETE FROM message_events")
    lane_id = lane(raw_db, bird_channel)
    owe(raw_db, bird_channel, lane_id, [key[0] for key in meta])
    claimed = claim(raw_db, bird_channel)
    with raw_db.transaction():
        ledger.record_unclear(raw_db, bird_channel.pk, [Unclear(one, "no answer") for one in claimed])
    assert settling.repeat_safely() == 2
    assert settling.repeat_safely() == 0
    assert len(claim(raw_db, bird_channel)) == 2
    assert claim(raw_db, channel) == []


def test_an_old_unknown_outcome_is_not_repeated(raw_db, channel: Channel) -> None:
    Account.objects.update(provider="bird", credentials=seal({"access_key": "k"}))
    uncertain(raw_db, channel)
    raw_db.execute("UPDATE message_events SET at = now() - interval '2 hours'")
    assert settling.repeat_safely() == 0


def test_it_needs_the_right_a_choice_and_somebody(raw_db, channel: Channel, owner: Staff) -> None:
    [key] = uncertain(raw_db, channel)
    analyst = Staff.objects.create(email="analyst@example.com", role=Staff.Role.ANALYST)
    with pytest.raises(NotAllowed):
        settling.settle([key], choice="sent", by=analyst)
    with pytest.raises(BadInput):
        settling.settle([key], choice="burn", by=owner)
    with pytest.raises(BadInput):
        settling.settle([], choice="sent", by=owner)
    assert settling.settle([key], choice="sent", by=owner) == 1
    assert AuditEntry.objects.get(verb="messages.settle").detail["settled"] == 1
