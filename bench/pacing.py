"""How evenly a dispatcher uses what a number may do a second, counted by the simulator that sets the limit.

    envoi bench pacing [--rates 80 1000] [--seconds 60] [--json]

One line for each rate. `value` is the messages a second that the provider took over the whole time, the baseline is the
number's limit; `seconds_above` counts the calendar and sliding seconds with more than that, `throttled` its answers
130429.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

import django
import psycopg
from bench import dispatch, rig

from envoi.config.commands.simulated import Simulated, port_in
from envoi.config.shop import account as demo
from envoi.messaging import ledger

# What is left of a campaign at the end still waits: how fast the last one leaves is not asked.
SPARE = 1.1


def played(throughput: int) -> dict[str, object]:
    """The bench's account as the simulator is told of it: no webhooks, no faults, only the limit."""
    button = {"type": "URL", "text": "Shop", "url": "https://example.com/{{1}}", "example": ["https://example.com/a"]}
    body = {
        "type": "BODY",
        "text": "Hello {{first_name}}, {{code}} is yours.",
        "example": {
            "body_text_named_params": [
                {"param_name": "first_name", "example": "Ana"},
                {"param_name": "code", "example": "S"},
            ]
        },
    }
    return {
        "token": dispatch.CREDENTIALS["token"],
        "app_secret": dispatch.CREDENTIALS["app_secret"],
        "callback_url": "",
        "verify_token": dispatch.CREDENTIALS["verify_token"],
        "numbers": [
            {
                "id": dispatch.NUMBER_ID,
                "display_phone_number": demo.DIGITS,
                "verified_name": "Bench",
                "throughput": throughput,
            }
        ],
        "templates": [
            {
                "name": dispatch.FORM.name,
                "language": dispatch.FORM.language,
                "category": "MARKETING",
                "components": [body, {"type": "BUTTONS", "buttons": [button]}],
                "parameter_format": "NAMED",
                "status": "APPROVED",
            }
        ],
    }


def measure(throughput: int, seconds: float) -> None:
    """One rate, on a database and a simulator of its own."""
    with rig.bench() as run, psycopg.connect(run.url, autocommit=True) as db:
        django.setup()
        port_file = run.folder / "port"
        words = ("--port", "0", "--port-file", str(port_file), "--faults", "none")
        run.start("-m", "envoi.cli", "simulator", *words)
        rig.wait_for(lambda: port_in(port_file) is not None, seconds=30, sentence="the simulator did not start")
        simulated = Simulated(f"http://127.0.0.1:{port_in(port_file)}")
        simulated.put_account("meta", "1", played(throughput))
        _, lane = dispatch.owe(db, simulated.url, messages=int(throughput * seconds * SPARE), throughput=throughput)
        process = run.start("-m", "envoi.cli", "dispatch")
        rig.wait_for(lambda: dispatch.has_runner(db), seconds=30, sentence="the dispatcher did not start")
        rig.say(f"{throughput} messages/s for {seconds:.0f} s …")
        memory = rig.Memory(process.pid)
        ledger.set_lane(db, lane, "open")
        time.sleep(seconds + 2)
        run.end(process)
        moments = sorted(float(row["accepted_at"]) for row in simulated.accepted())
        counted = simulated.ledger()
        peak = memory.stop()
    # From the first message on, and no longer than was asked for.
    within = [moment for moment in moments if moment < moments[0] + seconds]
    above = sum(1 for count in per_second(within) if count > throughput)
    most = max(counted["peak_per_second"].values())
    rig.result(
        f"pacing.{throughput}",
        value=len(within) / seconds,
        unit="messages/s",
        baseline="the provider's limit for the number",
        baseline_value=throughput,
        seconds=seconds,
        peak_rss_mb=peak,
        more={
            "most_in_a_sliding_second": most,
            "seconds_above": above + (most > throughput),
            "throttled": counted["refused"].get("130429", 0),
        },
    )


def per_second(moments: list[float]) -> list[int]:
    """How many fell into each second after the first."""
    counts = [0] * (int(moments[-1] - moments[0]) + 1)
    for moment in moments:
        counts[int(moment - moments[0])] += 1
    return counts


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--rates", type=int, nargs="+", default=[80, 1000])
    words.add_argument("--seconds", type=float, default=60.0)
    asked = words.parse_args()
    if len(asked.rates) == 1:
        measure(asked.rates[0], asked.seconds)
        return
    for rate in asked.rates:
        # In a process of its own: Django keeps to the first database that it has seen.
        one = [sys.executable, __file__, "--rates", str(rate), "--seconds", str(asked.seconds)]
        subprocess.run(one, check=True)


if __name__ == "__main__":
    main()
