"""Dispatchers side by side share one number's limit, as counted by the one who sets it."""

from __future__ import annotations

import signal
import time

import pytest

from envoi.campaigns import actions
from tests.rig import Rig, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

THROUGHPUT = 80


def test_two_dispatchers_together_never_exceed_the_numbers_throughput(rig: Rig) -> None:
    rig.begin(faults="none")
    rig.launch(rig.shop(customers=500, throughput=THROUGHPUT))
    rig.start("dispatch")
    rig.start("dispatch")
    wait_until(lambda: not rig.waiting(), seconds=60, saying="the campaign did not end")
    ledger = rig.simulated.ledger()
    [peak] = ledger["peak_per_second"].values()
    assert ledger["accepted"] == 500
    assert peak <= THROUGHPUT
    assert "130429" not in ledger["refused"]
    assert peak >= THROUGHPUT * 0.6, "both stood in each other's way"


def test_one_that_joins_while_the_other_stands_still_again_and_again_is_not_one_too_many(rig: Rig) -> None:
    rig.begin(faults="none")
    rig.launch(rig.shop(customers=900, throughput=THROUGHPUT))
    first = rig.start("dispatch")
    wait_until(lambda: rig.waiting() < 750, saying="nothing was sent")
    rig.start("dispatch")
    while rig.waiting() > 100:
        first.send_signal(signal.SIGSTOP)
        time.sleep(0.4)
        first.send_signal(signal.SIGCONT)
        time.sleep(0.5)
    wait_until(lambda: not rig.waiting(), seconds=60, saying="the campaign did not end")
    ledger = rig.simulated.ledger()
    [peak] = ledger["peak_per_second"].values()
    assert (ledger["accepted"], ledger["duplicates"]) == (900, 0)
    assert peak <= THROUGHPUT
    assert "130429" not in ledger["refused"]


def test_one_dispatcher_alone_uses_its_number_and_never_exceeds_it(rig: Rig) -> None:
    rig.begin(faults="none")
    rig.launch(rig.shop(customers=600, throughput=200))
    rig.start("dispatch")
    wait_until(lambda: not rig.waiting(), seconds=60, saying="the campaign did not end")
    ledger = rig.simulated.ledger()
    [peak] = ledger["peak_per_second"].values()
    assert ledger["accepted"] == 600
    assert peak <= 200
    assert "130429" not in ledger["refused"]
    assert peak >= 200 * 0.7, "its own strictness kept it far below"


def test_a_throttled_channel_slows_down_and_still_sends_to_everybody(rig: Rig) -> None:
    rig.begin(faults="none")
    # We believe that the number may do 200 a second, the provider allows 40.
    rig.launch(rig.shop(customers=150, throughput=200, simulated_throughput=40))
    rig.start("dispatch")
    wait_until(lambda: not rig.waiting(), seconds=60, saying="the campaign did not end")
    ledger = rig.simulated.ledger()
    assert ledger["refused"]["130429"] > 0
    assert (ledger["customers"], ledger["duplicates"]) == (150, 0)


def test_a_paused_campaign_stops_within_a_second_and_resumes_where_it_was(rig: Rig) -> None:
    rig.begin(faults="none")
    campaign = rig.shop(customers=200, throughput=THROUGHPUT)
    rig.launch(campaign)
    rig.start("dispatch")
    wait_until(lambda: rig.waiting() < 150, saying="nothing was sent")
    actions.pause(campaign.pk, by=None)
    wait_until(
        lambda: not rig.number("SELECT count(*) FROM outbox WHERE state = 'sending'"),
        seconds=3,
        saying="something is still on its way",
    )
    left = rig.waiting()
    assert left > 100
    accepted = rig.simulated.ledger()["accepted"]
    assert accepted + left == 200
    actions.resume(campaign.pk, by=None)
    wait_until(lambda: not rig.waiting(), saying="the rest did not go")
    assert rig.simulated.ledger()["accepted"] == 200
