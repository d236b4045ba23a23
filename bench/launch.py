"""How long it takes to queue a large campaign, beside one hand-written INSERT … SELECT of the same rows.

    python bench/launch.py [--people N] [--budget]

The campaign is launched as a person launches it: its trial is planned first and the rest after it, as if the trial had
gone well at once. With --budget it has a cap too, so that each stretch reserves its money. Both write a million rows of
`messages` and of `outbox` with all their indexes. The campaign does it in stretches, each with a checkpoint, so that it
can be killed, paused and run twice; the statement does it once, or not at all. Each starts with empty tables.
"""

from __future__ import annotations

import argparse
import importlib
import os
import time
from decimal import Decimal
from typing import Any

import psycopg
from bench.rig import Memory, bench, result, say

BY_HAND = [
    """
    INSERT INTO messages (contact_id, channel_id, campaign_id, direction, kind, category, state, template_id, "values")
    SELECT id, %(channel)s, 1, 'out', 'template', 'marketing', 'queued', %(template)s,
           ARRAY[split_part(name, ' ', 1), 'AUTOMNE20']
      FROM contacts WHERE marketing = 'granted' AND language = 'fr' AND name <> ''
    """,
    """
    INSERT INTO outbox (channel_id, id, lane_id, contact_id, recipient, promotional, "values", expires_at)
    SELECT m.channel_id, m.id, %(lane)s, m.contact_id, c.phone, true, m."values", now() + interval '48 hours'
      FROM messages m JOIN contacts c ON c.id = m.contact_id
    """,
]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--budget", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with bench() as one:
        # Only now: they bring Django, which reads the database's address.
        crowd = importlib.import_module("bench.crowd")
        actions = importlib.import_module("envoi.campaigns.actions")
        canary = importlib.import_module("envoi.campaigns.canary")
        planning = importlib.import_module("envoi.campaigns.planning")
        say(f"Making {asked.people:,} contacts …")
        crowd.people(one.url, asked.people)
        draft = crowd.draft()
        if asked.budget:
            actions.set_budget(draft.pk, Decimal(10**9), by=None)
        with psycopg.connect(one.url, autocommit=True) as db:
            memory = Memory(os.getpid())
            began = time.monotonic()
            campaign = actions.launch(draft.pk, by=None)
            launched = time.monotonic() - began
            say("Queueing them, stretch by stretch …")
            stretches = planned(planning, campaign.pk)
            trial = count(db, "outbox")
            campaign.refresh_from_db()
            if campaign.canary_state == campaign.Canary.WATCHING:
                canary.open_rest(campaign)
                stretches += planned(planning, campaign.pk)
            took = time.monotonic() - began
            peak = memory.stop()
            queued = count(db, "outbox")
            messages = count(db, "messages")

            say("The same by hand …")
            db.execute("TRUNCATE messages, message_events, outbox")
            db.execute("CHECKPOINT")
            parameters = {"channel": draft.channel_id, "template": draft.template_id, "lane": campaign.lane_id}
            began = time.monotonic()
            with db.transaction():
                for statement in BY_HAND:
                    db.execute(statement, parameters)
            by_hand = time.monotonic() - began
            same = count(db, "outbox")
        result(
            "launch",
            value=took,
            unit="seconds",
            baseline="one INSERT … SELECT of the same rows into messages and one into outbox",
            baseline_value=by_hand,
            seconds=time.monotonic() - one.started,
            peak_rss_mb=peak,
            more={
                "people": messages,
                "queued": queued,
                "of_the_trial": trial,
                "budget": asked.budget,
                "queued_by_hand": same,
                "per_second": round(messages / took),
                "launch_seconds": round(launched, 2),
                "longest_stretch_seconds": round(max(stretches), 2),
                "stretches": len(stretches),
            },
        )


def planned(planning: Any, campaign_id: int) -> list[float]:
    """Plan what is to be planned now; the seconds of each stretch."""
    stretches = []
    while True:
        at = time.monotonic()
        if not planning.plan_stretch(campaign_id):
            return stretches
        stretches.append(time.monotonic() - at)


def count(db: psycopg.Connection, table: str) -> int:
    """How many rows a table has."""
    row = db.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
    assert row is not None
    return int(row[0])


if __name__ == "__main__":
    main()
