"""Webhooks per second, each committed before its 200, beside an empty application on the same server and interface.

    envoi bench gateway [--seconds N] [--rounds N] [--connections N] [--door gateway|web] [--json]

`wrk` (Debian: apt-get install wrk) posts signed receipts, each with a signature of its own, over 64 connections. Rounds
alternate between the two servers; the figures are the medians. Every 200 is looked for in `webhook_events` afterwards.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
from bench.rig import Bench, Memory, bench, free_port, result, say, wait_for
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from envoi.core.postgres import connect
from envoi.core.vault import seal

SECRET = "secret-of-the-benchmark"  # noqa: S105
KEY = "benchmark"
BODIES = 2_000
INTERFACES = {"gateway": Interfaces.RSGI, "web": Interfaces.ASGI}

# Requests are made before the first one is sent: signing them is not what is measured.
SCRIPT = """
local requests = {}
local turn = 0
function init(args)
  for line in io.lines("%(file)s") do
    local signature, body = line:match("^(%%S+) (.*)$")
    requests[#requests + 1] = wrk.format("POST", "%(path)s",
      {["Content-Type"] = "application/json", ["X-Hub-Signature-256"] = signature}, body)
  end
end
function request()
  turn = turn %% #requests + 1
  return requests[turn]
end
function done(summary, latency, requests)
  local lost = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  local line = '{"requests": %%d, "us": %%d, "p50_us": %%d, "p99_us": %%d, "refused": %%d, "lost": %%d}'
  io.write("\\n" .. line:format(summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    summary.errors.status, lost) .. "\\n")
end
"""


def receipt(number: int) -> bytes:
    """One status as Meta sends it, of a message that is not ours."""
    status = {
        "id": f"wamid.HBgLMzM2Mzk5ODAwMDEVAgARGBI{number:016X}AA==",
        "status": ("sent", "delivered", "read")[number % 3],
        "timestamp": str(1_767_225_600 + number),
        "recipient_id": f"3363998{number % 10_000:04}",
        "biz_opaque_callback_data": f"e1.{number % 1_000 + 1}.{number + 1}",
        "conversation": {"id": f"{number:032x}", "origin": {"type": "marketing"}},
        "pricing": {"billable": True, "pricing_model": "PMP", "category": "marketing", "type": "regular"},
    }
    metadata = {"display_phone_number": "33639980000", "phone_number_id": "1099"}
    value = {"messaging_product": "whatsapp", "metadata": metadata, "statuses": [status]}
    change = {"field": "messages", "value": value}
    return json.dumps(
        {"object": "whatsapp_business_account", "entry": [{"id": "100200", "changes": [change]}]}
    ).encode()


def signature(body: bytes) -> str:
    """What Meta puts into X-Hub-Signature-256."""
    return "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def add_account(url: str) -> None:
    """The account whose webhooks come; its number has the id 1099."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(
            """
            INSERT INTO accounts (provider, name, provider_id, credentials, base_url, hook_key)
            VALUES ('meta', 'Shop', '100200', %(credentials)s, '', %(key)s)
            """,
            {"credentials": seal({"app_secret": SECRET, "verify_token": "v"}), "key": KEY},
        )


class Empty:
    """Takes a request and answers 200, on either interface: what the server itself costs.

    At /unread it answers without looking at the body, which no receiver of webhooks can do.
    """

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        if scope.path != "/unread":
            await protocol()
        protocol.response_empty(200, [])

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] != "/unread":
            while (await receive()).get("more_body"):
                pass
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


empty = Empty()


def serve_empty(door: str, port: int) -> None:
    """The baseline's server, with the settings of ours."""
    Granian(
        "bench.gateway:empty",
        address="127.0.0.1",
        port=port,
        interface=INTERFACES[door],
        websockets=False,
        log_level=LogLevels.warning,
    ).serve()


def load(script: Path, port: int, *, connections: int, seconds: float) -> dict[str, Any]:
    """Post for so long; requests, requests per second, microseconds."""
    words = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(script)]
    done = subprocess.run(
        [*words, "--timeout", "10s", f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    found["rate"] = found["requests"] / found["us"] * 1e6
    return found


def main() -> None:
    """Measure and print one JSON line."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--seconds", type=float, default=10)
    ask.add_argument("--rounds", type=int, default=3)
    ask.add_argument("--connections", type=int, default=64)
    ask.add_argument("--door", choices=INTERFACES, default="gateway")
    ask.add_argument("--serve-empty", type=int, help=argparse.SUPPRESS)
    asked = ask.parse_args()
    if asked.serve_empty:
        serve_empty(asked.door, asked.serve_empty)
        return
    if not shutil.which("wrk"):
        sys.exit("This benchmark needs wrk: apt-get install wrk.")
    with bench() as one:
        measure(one, asked)


def measure(one: Bench, asked: argparse.Namespace) -> None:
    """Both servers side by side, one at work at a time."""
    add_account(one.url)
    bodies = one.folder / "bodies"
    bodies.write_text("".join(f"{signature(body)} {body.decode()}\n" for body in map(receipt, range(BODIES))))
    script, unread = one.folder / "post.lua", one.folder / "unread.lua"
    script.write_text(SCRIPT % {"file": bodies, "path": f"/hooks/meta/{KEY}"})
    unread.write_text(SCRIPT % {"file": bodies, "path": "/unread"})

    ours, theirs = free_port(), free_port()
    gateway = one.start("-m", "envoi.cli", asked.door, "--port", str(ours))
    one.start(__file__, "--door", asked.door, "--serve-empty", str(theirs))
    memory = Memory(gateway.pid)
    wait_for(lambda: listens(script, ours) and listens(script, theirs), seconds=60, sentence="No server came up.")

    rounds = []
    for number in range(asked.rounds):
        say(f"Round {number + 1} of {asked.rounds} …")
        base = load(script, theirs, connections=asked.connections, seconds=asked.seconds)
        bare = load(unread, theirs, connections=asked.connections, seconds=asked.seconds)
        with connect(one.url, autocommit=True) as db:
            db.execute("TRUNCATE webhook_events")
            db.execute("CHECKPOINT")
        durable = load(script, ours, connections=asked.connections, seconds=asked.seconds)
        with connect(one.url, autocommit=True) as db:
            row = db.execute("SELECT count(*) FROM webhook_events").fetchone()
        stored = row[0] if row else 0
        if durable["refused"] or durable["lost"] or stored < durable["requests"]:
            sys.exit(f"Not every webhook got its 200 and its row: {durable}, {stored} stored.")
        say(f"  {durable['rate']:.0f}/s of {base['rate']:.0f}/s, p99 {durable['p99_us'] / 1000:.1f} ms")
        rounds.append((durable, base, bare))
    middle = sorted(rounds, key=lambda one: one[0]["rate"] / one[1]["rate"])[len(rounds) // 2]
    result(
        "gateway",
        value=middle[0]["rate"],
        unit="requests/s",
        baseline=f"an empty application that takes the same requests on granian's {INTERFACES[asked.door]} interface",
        baseline_value=middle[1]["rate"],
        seconds=time.monotonic() - one.started,
        peak_rss_mb=memory.stop(),
        more={
            "p50_ms": statistics.median(durable["p50_us"] for durable, _, _ in rounds) / 1000,
            "p99_ms": statistics.median(durable["p99_us"] for durable, _, _ in rounds) / 1000,
            "baseline_p99_ms": statistics.median(base["p99_us"] for _, base, _ in rounds) / 1000,
            "ratios": [round(durable["rate"] / base["rate"], 3) for durable, base, _ in rounds],
            "ratio_to_unread": round(middle[0]["rate"] / middle[2]["rate"], 3),
            "connections": asked.connections,
            "door": asked.door,
        },
    )


def listens(script: Path, port: int) -> bool:
    """Whether it takes webhooks; warm after this."""
    try:
        found = load(script, port, connections=4, seconds=1)
    except (subprocess.CalledProcessError, ValueError):
        return False
    return found["requests"] > 0 and not found["refused"] and not found["lost"]


if __name__ == "__main__":
    main()
