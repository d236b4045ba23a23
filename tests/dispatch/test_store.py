"""One round at the outbox, on a real database: what is claimed for replies alone, and how a claim finds its rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from envoi.channels.models import Channel
from envoi.core.sessions import insist
from envoi.dispatch import store
from envoi.dispatch.main import SESSION
from envoi.messaging import ledger, limits
from envoi.messaging.ledger.customers import STANDING
from envoi.messaging.ledger.standing import in_force
from envoi.providers.base import Form
from tests.messaging.helpers import Db, lane, outbox, owe, people, state

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = timedelta(seconds=60)


@pytest.fixture
def sender(raw_db: Db, test_database_url: str) -> Iterator[Db]:
    """A connection as the dispatcher has them."""
    with psycopg.connect(test_database_url, autocommit=True) as db:
        insist(db, SESSION)
        yield db


def route(db: Db, channel: Channel) -> store.Route:
    return store.routes(db, allow_base_url=False)[channel.pk]


def take_replies(db: Db, channel: Channel, *, at_most: int = 100, waiting: int = 0, **more: Any) -> store.Taken:
    return store.take_replies(db, route(db, channel), at_most=at_most, lease=LEASE, waiting_replies=waiting, **more)


def test_replies_alone_are_taken_and_campaigns_stay(raw_db: Db, channel: Channel) -> None:
    customers = people(raw_db, 6)
    answers = owe(raw_db, channel, lane(raw_db, channel, priority=0), customers[:3], category="service")
    utility = owe(raw_db, channel, lane(raw_db, channel, priority=1), customers[3:4], category="utility")
    campaign = owe(raw_db, channel, lane(raw_db, channel), customers[4:])
    taken = take_replies(raw_db, channel)
    assert sorted(message.id for message in taken.messages) == answers
    assert {message.priority for message in taken.messages} == {0}
    assert outbox(raw_db) == dict.fromkeys(answers, "sending") | dict.fromkeys(utility + campaign, "queued")
    assert take_replies(raw_db, channel).messages == [], "they are claimed already"


@pytest.mark.parametrize(("at_most", "waiting", "expected"), [(100, 0, 12), (5, 0, 5), (100, 9, 3), (100, 12, 0)])
def test_as_many_replies_are_taken_as_soon_may_leave(
    raw_db: Db, channel: Channel, at_most: int, waiting: int, expected: int
) -> None:
    # Two horizons' worth: 12 of this number's 25 a second.
    Channel.objects.filter(pk=channel.pk).update(throughput_per_second=25)
    assert int(2 * limits.HORIZON.total_seconds() * 25 * limits.SHARE) == 12
    owe(raw_db, channel, lane(raw_db, channel, priority=0), people(raw_db, 30), category="service")
    assert len(take_replies(raw_db, channel, at_most=at_most, waiting=waiting).messages) == expected


def test_while_the_channel_rests_no_reply_is_taken(raw_db: Db, channel: Channel) -> None:
    [answer] = owe(raw_db, channel, lane(raw_db, channel, priority=0), people(raw_db, 1), category="service")
    take_replies(raw_db, channel, at_most=0)  # makes the row of its pace
    store.rest(raw_db, channel.pk, seconds=30, too_fast=False)
    taken = take_replies(raw_db, channel)
    assert (taken.messages, taken.room) == ([], 0)
    assert outbox(raw_db) == {answer: "queued"}


def test_replies_wait_for_no_claim_that_is_under_way(raw_db: Db, sender: Db, channel: Channel) -> None:
    customers = people(raw_db, 40)
    owe(raw_db, channel, lane(raw_db, channel), customers)
    # One of them gets both: the campaign's claim holds their row.
    answers = owe(raw_db, channel, lane(raw_db, channel, priority=0), customers[:1], category="service")
    with raw_db.transaction():
        promotions = ledger.claim(raw_db, channel.pk, room=100, room_for_replies=0, lease=LEASE)
        assert len(promotions) == 40
        raw_db.execute("SELECT id FROM contacts FOR NO KEY UPDATE")
        sender.execute("SET lock_timeout = '2s'")
        assert [message.id for message in take_replies(sender, channel).messages] == answers


def test_a_customers_limits_are_asked_of_replies_too(raw_db: Db, channel: Channel) -> None:
    ready, gone = people(raw_db, 2)
    raw_db.execute("UPDATE contacts SET service = 'withdrawn' WHERE id = %s", [gone])
    answers = owe(raw_db, channel, lane(raw_db, channel, priority=0), [ready, gone], category="service")
    assert [message.contact_id for message in take_replies(raw_db, channel).messages] == [ready]
    assert state(raw_db, answers[1]) == "skipped"


def test_replies_whose_form_is_unknown_are_given_back_and_their_lane_is_held(raw_db: Db, channel: Channel) -> None:
    good, bad = (lane(raw_db, channel, priority=0) for _ in range(2))
    form = Form(name="code", language="fr")
    raw_db.execute("UPDATE lanes SET form = %s WHERE id = %s", [Jsonb(form.dump()), good])
    raw_db.execute("UPDATE lanes SET form = %s WHERE id = %s", [Jsonb({"name": 7}), bad])
    first, second = people(raw_db, 2)
    [readable] = owe(raw_db, channel, good, [first], category="authentication")
    [other] = owe(raw_db, channel, bad, [second], category="authentication")
    taken = take_replies(raw_db, channel)
    assert [message.id for message in taken.messages] == [readable]
    assert taken.forms == {good: form}
    assert outbox(raw_db) == {readable: "sending", other: "queued"}
    assert raw_db.execute("SELECT state FROM lanes WHERE id = %s", [bad]).fetchone() == ("held",)


def test_a_form_that_is_known_is_not_read_again(raw_db: Db, channel: Channel) -> None:
    known = lane(raw_db, channel, priority=0)
    owe(raw_db, channel, known, people(raw_db, 1), category="service")
    assert take_replies(raw_db, channel, known_forms=[known]).forms == {}


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


@pytest.mark.parametrize("young", ["never counted", "counted while it was empty"])
def test_a_claim_finds_pairs_by_their_key_however_young_the_statistics(
    raw_db: Db, sender: Db, channel: Channel, young: str
) -> None:
    if young == "counted while it was empty":
        raw_db.execute("ANALYZE pairs")
    raw_db.execute(
        "INSERT INTO pairs (contact_id, channel_id, promoted_at, promoted_by)"
        " SELECT n, %s, now(), n FROM generate_series(1, 5000) n",
        [channel.pk],
    )
    asked = people(raw_db, 300)
    raw_db.execute("ANALYZE contacts")
    with sender.transaction():
        rules = in_force(sender, channel.pk)
        row = sender.execute(
            f"EXPLAIN (ANALYZE, FORMAT JSON) {STANDING}",
            {
                **rules.parameters,
                "contacts": asked,
                "ids": asked,
                "promotional": [True] * len(asked),
                "free_form": [False] * len(asked),
                "ends": [None] * len(asked),
            },
        ).fetchone()
    assert row is not None
    found = [node for node in nodes(row[0][0]["Plan"]) if node.get("Relation Name") == "pairs"]
    assert [(node["Node Type"], node["Index Name"], node["Index Cond"]) for node in found] == [
        ("Index Scan", "pairs_pkey", "(contact_id = c.id)")
    ]
    assert [node["Actual Loops"] for node in found] == [len(asked)]
