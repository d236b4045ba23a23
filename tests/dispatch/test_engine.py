"""What a running dispatcher does when the world moves under it: limits, channels and clocks that change."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from envoi.campaigns.models import Campaign
from envoi.dispatch import store
from envoi.dispatch.clocks import DatabaseClock
from envoi.messaging import ledger
from envoi.messaging.limits import sharing
from tests.rig import Rig, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def nobody_twice(rig: Rig) -> bool:
    return all(times == 1 for times in Counter(row["to"] for row in rig.simulated.accepted()).values())


def test_a_reply_overtakes_a_campaign_that_is_under_way(rig: Rig) -> None:
    rig.begin(faults="none")
    campaign = rig.shop(customers=300, throughput=20)
    rig.launch(campaign)
    rig.start("dispatch")
    wait_until(lambda: rig.waiting() < 290, saying="nothing was sent")
    lane = ledger.add_lane(rig.db, campaign.channel_id, priority=0)
    # As after a message of every customer's: a reply goes in an open window alone.
    rig.open_windows(campaign.channel_id)
    [person] = rig.db.execute("SELECT id, phone FROM contacts ORDER BY id DESC LIMIT 1").fetchall()
    began = time.monotonic()
    reply = ledger.enqueue(
        rig.db,
        contact_id=person[0],
        channel_id=campaign.channel_id,
        lane_id=lane,
        recipient=person[1],
        kind="text",
        category="service",
        text="Here you are",
        content={"body": "Here you are"},
    )
    # The simulator knows of no window and refuses it; what is asked here is how soon it was tried.
    gone = f"SELECT count(*) FROM outbox WHERE id = {reply}"
    wait_until(lambda: not rig.number(gone), seconds=10, saying="the reply did not leave")
    [(state,)] = rig.db.execute(f"SELECT state FROM messages WHERE id = {reply}").fetchall()
    # Its receipts may have come by now.
    assert state in ("accepted", "sent", "delivered", "read", "failed")
    assert rig.waiting() > 150, "it waited behind the campaign"
    assert time.monotonic() - began < 5


def test_a_limit_that_is_lowered_in_mid_campaign_holds_from_then_on(rig: Rig) -> None:
    rig.begin(faults="none")
    campaign = rig.shop(customers=260, throughput=100, simulated_throughput=200)
    rig.launch(campaign)
    rig.start("dispatch")
    wait_until(lambda: rig.waiting() < 240, saying="nothing was sent")
    rig.db.execute("UPDATE channels SET throughput_per_second = 5 WHERE id = %s", [campaign.channel_id])
    lowered, before = time.monotonic(), rig.waiting()
    assert before > 0
    wait_until(lambda: time.monotonic() - lowered >= 3, saying="the clock stands still")
    sent, seconds = before - rig.waiting(), time.monotonic() - lowered
    # It is read with the next claim, and what was claimed had its slot already: half a second's worth of the old pace.
    assert sent <= 5 * seconds + 100 * 0.5
    assert sent < before, "it went on as before"
    rig.db.execute("UPDATE channels SET throughput_per_second = 200 WHERE id = %s", [campaign.channel_id])
    wait_until(lambda: not rig.waiting(), saying="the rest did not go")
    assert nobody_twice(rig)


def test_an_unproven_number_sends_one_message_in_two_seconds(rig: Rig) -> None:
    rig.begin(faults="none")
    campaign = rig.shop(customers=20, throughput=80)
    rig.db.execute("UPDATE channels SET per_minute = 30 WHERE id = %s", [campaign.channel_id])
    rig.launch(campaign)
    rig.start("dispatch")
    wait_until(lambda: rig.waiting() < 20, saying="nothing was sent")
    began, before = time.monotonic(), rig.waiting()
    wait_until(lambda: rig.waiting() <= before - 3, seconds=20, saying="the next did not leave")
    assert time.monotonic() - began >= 4, "three in less than two and a half of their spaces"


def test_a_channel_that_is_deleted_while_it_sends_is_the_end_of_its_campaign_alone(rig: Rig) -> None:
    rig.begin(faults="none", settings={"faults": {"answer_seconds": 0.1}})
    campaign = rig.shop(customers=200, throughput=50)
    rig.launch(campaign)
    dispatch = rig.start("dispatch")
    wait_until(lambda: rig.waiting() < 180, saying="nothing was sent")
    forget_channel(rig, campaign)
    counts = [(time.monotonic(), rig.simulated.ledger()["accepted"])]

    def stands_still() -> bool:
        """Nothing more for a second, in which a channel that went on would have sent fifty."""
        now = (time.monotonic(), rig.simulated.ledger()["accepted"])
        if now[1] != counts[0][1]:
            counts[0] = now
        return now[0] - counts[0][0] >= 1

    wait_until(stands_still, seconds=20, saying="it went on")
    assert counts[0][1] < 200
    assert nobody_twice(rig)
    assert dispatch.poll() is None, "the dispatcher died with the channel"


def forget_channel(rig: Rig, campaign: Campaign) -> None:
    """By hand, as no page does: the rows that point to it first."""
    with rig.db.transaction():
        for table in ("campaigns", "outbox", "conversations", "messages", "channel_pace", "lanes"):
            rig.db.execute(f"DELETE FROM {table} WHERE channel_id = %s", [campaign.channel_id])  # type: ignore[arg-type]
        rig.db.execute("DELETE FROM channels WHERE id = %s", [campaign.channel_id])


@pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(days=-1)])
def test_a_database_clock_that_was_set_stops_nobody_and_doubles_nobody(rig: Rig, jump: timedelta) -> None:
    rig.begin(faults="none")
    campaign = rig.shop(customers=80, throughput=50)
    rig.launch(campaign)
    rig.start("dispatch")
    wait_until(lambda: rig.waiting() < 70, saying="nothing was sent")
    # Seen from a clock that was set, every time that is stored lies so much further back or ahead.
    rig.db.execute(
        """
        UPDATE channel_pace SET free_at = free_at - %(jump)s, bulk_at = bulk_at - %(jump)s,
               rests_until = clock_timestamp() - %(jump)s, cut_at = clock_timestamp() - %(jump)s,
               company_until = company_until - %(jump)s, alone_until = alone_until - %(jump)s
        """,
        {"jump": jump},
    )
    wait_until(lambda: not rig.waiting(), seconds=30, saying="the campaign stands still")
    assert rig.simulated.ledger()["accepted"] == 80
    assert nobody_twice(rig)


def test_claims_that_a_clock_set_ahead_lets_lapse_are_sent_once_and_settled_by_their_answers(rig: Rig) -> None:
    rig.begin(faults="none", settings={"faults": {"answer_seconds": 1.5}})
    campaign = rig.shop(customers=80, throughput=50)
    rig.launch(campaign)
    rig.start("dispatch")
    wait_until(lambda: rig.simulated.ledger()["accepted"] > 10, saying="nothing was sent")
    # Seen from a clock that was set a day ahead, each claim ended long ago.
    rig.db.execute("UPDATE outbox SET lease_until = lease_until - interval '1 day' WHERE state = 'sending'")
    uncertain = "SELECT count(*) FROM message_events WHERE what = 'uncertain'"
    wait_until(lambda: rig.number(uncertain) > 0, seconds=10, saying="no claim lapsed")
    open_ = "SELECT count(*) FROM messages WHERE direction = 'out' AND state IN ('queued', 'uncertain')"
    wait_until(lambda: not rig.number(open_), seconds=30, saying="an outcome stayed unknown")
    assert rig.simulated.ledger()["accepted"] == 80
    assert nobody_twice(rig)


def test_slots_keep_their_distance_when_the_database_answers_late_and_when_its_clock_is_set() -> None:
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    clock = DatabaseClock()
    clock.read(noon, 100.0)
    clock.read(noon + timedelta(seconds=1), 101.3)
    assert clock.to_loop(noon + timedelta(seconds=1)) == pytest.approx(101.0, abs=0.001), "a late answer shifts nothing"
    clock.read(noon + timedelta(hours=1), 102.0)
    assert clock.to_loop(noon + timedelta(hours=1)) == pytest.approx(102.0)
    assert clock.now(103.0) == noon + timedelta(hours=1, seconds=1)


def test_two_dispatchers_see_each_other_in_the_pace(rig: Rig) -> None:
    rig.begin(faults="none")
    rig.shop(customers=1, throughput=80)
    [route] = store.routes(rig.db, allow_base_url=True).values()
    rig.db.execute("INSERT INTO channel_pace (channel_id) VALUES (%s)", [route.channel_id])
    assert store.slots(rig.db, route, sender=1, replies=0, bulk=3).alone_for == sharing.ALONE_SECONDS
    refused = store.slots(rig.db, route, sender=2, replies=1, bulk=3)
    assert (refused.moments, refused.alone_for) == ([], 0)
    assert 0 < refused.waits <= sharing.ALONE_SECONDS + sharing.SETTLES_SECONDS
    beside = store.slots(rig.db, route, sender=1, replies=0, bulk=1)
    assert (len(beside.moments), beside.alone_for, beside.waits) == (1, 0, 0), "it heard of the other, and goes on"
    later(rig, "2 seconds")
    assert store.slots(rig.db, route, sender=2, replies=0, bulk=1).moments
    later(rig, "5 seconds")
    assert store.slots(rig.db, route, sender=2, replies=0, bulk=1).alone_for > 0, "the other has not been seen since"


def later(rig: Rig, time: str) -> None:
    """What stands in the pace, as it is after so much time."""
    rig.db.execute(
        """
        UPDATE channel_pace
           SET free_at = free_at - %(time)s::interval, bulk_at = bulk_at - %(time)s::interval,
               company_until = company_until - %(time)s::interval, alone_until = alone_until - %(time)s::interval
        """,
        {"time": time},
    )


def test_who_sends_alone_takes_the_slots_that_the_database_was_late_for(rig: Rig) -> None:
    rig.begin(faults="none")
    rig.shop(customers=1, throughput=80)
    [route] = store.routes(rig.db, allow_base_url=True).values()
    rig.db.execute(
        """
        INSERT INTO channel_pace (channel_id, free_at, bulk_at)
        VALUES (%s, clock_timestamp() - interval '10 seconds', clock_timestamp() - interval '10 seconds')
        """,
        [route.channel_id],
    )
    since = rig.db.execute("SELECT clock_timestamp() - interval '0.4 seconds'").fetchone()
    assert since
    missed = store.slots(rig.db, route, sender=1, replies=0, bulk=5, waited_since=since[0])
    assert missed.now + timedelta(seconds=missed.moments[0]) == since[0]
    store.slots(rig.db, route, sender=2, replies=0, bulk=5)
    in_company = store.slots(rig.db, route, sender=1, replies=0, bulk=5, waited_since=since[0])
    assert in_company.moments[0] >= 0
