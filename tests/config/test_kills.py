"""Intake and the worker are killed in the middle of their work: nothing is done twice, nothing forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from envoi.campaigns import actions
from envoi.campaigns.models import Campaign
from tests.rig import Rig, kill, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 600
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def rig(transactional_db: None, test_database_url: str, tmp_path: Path) -> Iterator[Rig]:
    one = Rig(test_database_url, tmp_path)
    try:
        yield one
    finally:
        one.close()


def test_intake_killed_among_its_webhooks_applies_each_once(rig: Rig) -> None:
    rig.begin(faults="none", speed=5000, settings={"faults": {"duplicate_webhooks": 0.1, "hold_seconds": 0.5}})
    campaign = rig.shop(customers=PEOPLE, throughput=400, simulated_throughput=1000)
    kill(rig.intake)
    rig.launch(campaign)
    rig.start("dispatch")
    wait_until(lambda: not rig.waiting() and rig.simulated.is_quiet(), saying="the campaign was not sent")
    stored = rig.number("SELECT count(*) FROM webhook_events WHERE state = 'new'")
    assert stored > 100, "a backlog for intake to be killed in"

    kills = 0
    while rig.number("SELECT count(*) FROM webhook_events WHERE state = 'new'") and kills < 5:
        before = rig.number("SELECT count(*) FROM webhook_events WHERE state = 'done'")
        intake = rig.start("intake")
        wait_until(
            lambda before=before: rig.number("SELECT count(*) FROM webhook_events WHERE state = 'done'") > before,  # type: ignore[misc]
            saying="intake does nothing",
        )
        kill(intake)
        kills += 1
    rig.start("intake")
    rig.wait_for_receipts()

    assert kills >= 1
    assert rig.number("SELECT count(*) FROM webhook_events WHERE state <> 'done'") == 0
    assert (
        rig.number("SELECT count(*) FROM messages WHERE direction = 'out' AND state IN ('delivered', 'read')") == PEOPLE
    )
    lines = "SELECT count(*) - count(DISTINCT (contact_id, message_id, what)) FROM message_events"
    assert rig.number(lines) == 0, "no receipt left two lines"
    replied = "SELECT count(DISTINCT contact_id) FROM messages WHERE direction = 'in'"
    assert rig.number(replied) == rig.simulated.ledger()["replied"]
    assert max(Counter(row["to"] for row in rig.simulated.accepted()).values()) == 1


def test_a_worker_killed_in_mid_launch_plans_everybody_once(rig: Rig, test_database_url: str) -> None:
    rig.begin(faults="none", speed=5000)
    campaign = rig.shop(customers=PEOPLE, throughput=400, simulated_throughput=1000)
    actions.launch(campaign.pk, by=None)
    with psycopg.connect(test_database_url) as holder:
        # Its stretch is under way, and can't come to its end before it is killed.
        holder.execute("LOCK TABLE outbox IN SHARE MODE")
        worker = rig.start("worker")
        wait_until(lambda: rig.number(WAITS) > 0, saying="the worker does not plan")
        kill(worker)
        holder.rollback()
    wait_until(lambda: rig.number(WAITS) == 0, saying="the server has not noticed")
    assert rig.number("SELECT count(*) FROM messages") == 0, "half a stretch is none"
    rig.start("worker")
    rig.start("dispatch")
    wait_until(
        lambda: Campaign.objects.get(pk=campaign.pk).planned_at is not None and not rig.waiting(),
        saying="the launch did not go on",
    )
    rig.wait_for_receipts()
    accepted = Counter(row["to"] for row in rig.simulated.accepted())
    assert (len(accepted), max(accepted.values())) == (PEOPLE, 1)
    assert rig.number("SELECT count(*) FROM messages WHERE direction = 'out'") == PEOPLE
