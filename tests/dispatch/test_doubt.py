"""Answers that say nothing, one after the other."""

from __future__ import annotations

import pytest

from envoi.dispatch.doubt import LONGEST_REST_SECONDS, RUN, Doubt
from tests.rig import Rig, wait_until


def test_a_run_of_unclear_answers_rests_longer_each_time_and_one_clear_answer_ends_it() -> None:
    doubt = Doubt()
    assert [doubt.unclear() for _ in range(RUN - 1)] == [0.0] * (RUN - 1)
    assert not doubt.holds
    assert [doubt.unclear() for _ in range(3)] == [5.0, 10.0, 20.0]
    assert doubt.holds
    assert max(doubt.unclear() for _ in range(20)) == LONGEST_REST_SECONDS
    doubt.clear()
    assert not doubt.holds
    assert doubt.unclear() == 0.0


@pytest.mark.django_db(transaction=True)
def test_a_provider_whose_answers_say_nothing_does_not_make_a_whole_campaign_uncertain(rig: Rig) -> None:
    rig.begin(faults="none", settings={"faults": {"drop_after": 1.0}})
    campaign = rig.shop(customers=300, throughput=40)
    rig.launch(campaign)
    rig.start("dispatch")
    resting = "SELECT count(*) FROM channel_pace WHERE rests_until > now() + interval '2 seconds'"
    wait_until(lambda: rig.number(resting), seconds=20, saying="it did not rest")
    lost = rig.simulated.ledger()["faults"]["drop_after"]
    assert RUN <= lost < 3 * RUN
    rig.simulated.change(faults={"drop_after": 0.0})
    wait_until(lambda: not rig.waiting(), seconds=40, saying="it did not go on by itself")
    assert rig.simulated.ledger()["accepted"] == 300
