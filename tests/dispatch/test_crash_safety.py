"""Kill dispatch in mid-campaign: by the simulator's own ledger nobody is written to twice and nobody forgotten."""

from __future__ import annotations

import random
import time
from collections import Counter

import pytest

from envoi.core.ids import parse_token
from tests.rig import Rig, kill, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

KILLS = 24
CUSTOMERS = 1500
FAULTS = {
    "error_500": 0.01,
    "error_500_after": 0.01,
    "drop_before": 0.01,
    "drop_after": 0.01,
    "timeout_after": 0.005,
    "duplicate_webhooks": 0.05,
    "out_of_order_webhooks": 0.05,
    "hold_seconds": 2.0,
    "answer_seconds": 0.03,
}


def test_a_killed_dispatcher_doubles_nobody_and_forgets_nobody(rig: Rig) -> None:
    rig.begin(faults="none", speed=5000, settings={"faults": FAULTS})
    campaign = rig.shop(customers=CUSTOMERS, throughput=250, simulated_throughput=1000)
    rig.launch(campaign)
    draw = random.Random(20)
    kills = 0
    while rig.waiting() and kills < KILLS:
        before = rig.waiting()
        dispatch = rig.start("dispatch")
        # Killed at a random moment of its work, not of its start.
        wait_until(lambda before=before: rig.waiting() < before, saying="the dispatcher sends nothing")  # type: ignore[misc]
        time.sleep(draw.uniform(0, 0.25))
        kill(dispatch)
        kills += 1
    assert kills >= 20, "the campaign ended before it was killed often enough"

    rig.start("dispatch")
    wait_until(lambda: not rig.waiting(), seconds=90, saying="something still waits to be sent")
    rig.wait_for_receipts()

    accepted = list(rig.simulated.accepted())
    twice = [phone for phone, times in Counter(row["to"] for row in accepted).items() if times > 1]
    assert twice == []
    there = {tuple(key) for row in accepted if (key := parse_token(row["opaque"]))}
    ours = {
        (row[0], row[1]): row[2]
        for row in rig.db.execute("SELECT contact_id, id, state FROM messages WHERE direction = 'out'")
    }
    assert len(ours) == CUSTOMERS
    without_receipt = {key for key in there if ours[key] not in ("sent", "delivered", "read", "failed")}
    assert without_receipt == set(), "whatever the provider took is settled by its receipt"
    unaccounted = {key for key, state in ours.items() if key not in there and state not in ("uncertain", "failed")}
    assert unaccounted == set()
    # The price of at-most-once: at each kill, what was claimed and had not left; a quarter of a second's worth.
    uncertain = sum(1 for state in ours.values() if state == "uncertain")
    assert uncertain <= KILLS * 250 * 0.25 + CUSTOMERS * 0.03


def test_answers_that_come_late_are_all_recorded(rig: Rig) -> None:
    rig.begin(faults="none", settings={"faults": {"answer_seconds": 0.4}})
    rig.launch(rig.shop(customers=120, throughput=100))
    rig.start("dispatch")
    # Receipts overtake these answers and would hide one that went missing: what counts is that each was recorded.
    accepted = "SELECT count(*) FROM messages WHERE accepted_at IS NOT NULL"
    wait_until(lambda: rig.number(accepted) == 120, seconds=20, saying="an answer was not recorded")


def test_a_dispatcher_that_is_told_to_stop_leaves_nothing_uncertain(rig: Rig) -> None:
    rig.begin(faults="none", settings={"faults": {"answer_seconds": 0.05}})
    rig.launch(rig.shop(customers=200, throughput=100))
    for _ in range(3):
        before = rig.waiting()
        dispatch = rig.start("dispatch")
        wait_until(lambda before=before: rig.waiting() < before - 15, saying="the dispatcher sends nothing")  # type: ignore[misc]
        dispatch.terminate()
        assert dispatch.wait(timeout=30) == 0
        assert rig.number("SELECT count(*) FROM outbox WHERE state <> 'queued'") == 0
    assert rig.number("SELECT count(*) FROM messages WHERE state = 'uncertain'") == 0


def test_a_provider_that_is_away_delays_a_campaign_and_loses_nobody(rig: Rig) -> None:
    rig.begin(faults="none")
    campaign = rig.shop(customers=20, throughput=100)
    rig.db.execute("UPDATE accounts SET base_url = 'http://127.0.0.1:9'")
    rig.launch(campaign)
    rig.start("dispatch")
    wait_until(
        lambda: rig.number("SELECT count(*) FROM message_events WHERE what = 'waits'") >= 20,
        saying="nobody was told to wait",
    )
    assert rig.number("SELECT count(*) FROM messages WHERE state IN ('queued', 'sending')") == 20
    rig.db.execute("UPDATE accounts SET base_url = %s", [rig.simulated.url])
    wait_until(lambda: not rig.waiting(), saying="they were not tried again")
    assert rig.simulated.ledger()["customers"] == 20
