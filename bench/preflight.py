"""How long the pre-flight of a large campaign takes, beside the segment's plain count.

    python bench/preflight.py [--people N]

The pre-flight asks every contact's consent, variables, limits, country and price; the plain count asks the rule alone.
The better of two runs of each.
"""

from __future__ import annotations

import argparse
import importlib
import os
import time
from collections.abc import Callable
from typing import Any

from bench.rig import Memory, bench, result, say


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with bench() as one:
        # Only now: they bring Django, which reads the database's address.
        crowd = importlib.import_module("bench.crowd")
        preflight = importlib.import_module("envoi.campaigns.preflight")
        segments = importlib.import_module("envoi.segments.queries")
        say(f"Making {asked.people:,} contacts …")
        crowd.people(one.url, asked.people)
        campaign = crowd.draft()
        memory = Memory(os.getpid())
        counted = [timed(lambda: segments.count(crowd.RULE)) for _ in range(2)]
        made = [timed(lambda: preflight.forecast(campaign)) for _ in range(2)]
        forecast = made[0][1]
        assert forecast.total == counted[0][1] == asked.people
        result(
            "preflight",
            value=min(seconds for seconds, _ in made),
            unit="seconds",
            baseline="the segment's plain count",
            baseline_value=min(seconds for seconds, _ in counted),
            seconds=time.monotonic() - one.started,
            peak_rss_mb=memory.stop(),
            more={
                "people": forecast.total,
                "will_get": forecast.will_get,
                "countries": len(forecast.parts),
                "cost": f"{forecast.amount:.2f} {forecast.currency}",
            },
        )


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """(seconds, what it returned)."""
    began = time.monotonic()
    done = work()
    return time.monotonic() - began, done


if __name__ == "__main__":
    main()
