"""Webhooks stored and worked through at a steady rate, gateway, intake and PostgreSQL on the same cores.

    envoi bench intake [--rate N] [--seconds N] [--processes N] [--text-every N] [--json]

Posts at `rate` a second: sent, delivered and read of known messages, one status a webhook, and one customer's text in
every `text-every`. The figure is how many a second were worked through, from the first post until nothing waited; it
keeps up when that is the rate. `envoi bench intake --stored N` measures intake alone, on webhooks stored before.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from pkgutil import resolve_name

import psycopg
from bench.gateway import KEY, add_account, signature
from bench.rig import Bench, Memory, bench, free_port, result, say, wait_for

from envoi.core.postgres import connect

# Requests leave at their own moment, whichever connection is free; what is late is not waited for.
SCRIPT = """
local ffi = require("ffi")
ffi.cdef[[ typedef struct { long seconds; long micros; } moment; int gettimeofday(moment *now, void *zone); ]]
local clock = ffi.new("moment")
local function now()
  ffi.C.gettimeofday(clock, nil)
  return tonumber(clock.seconds) * 1000 + tonumber(clock.micros) / 1000
end
local lines, slot
function init(args)
  lines = io.lines("%(file)s")
end
function delay()
  slot = (slot or now()) + 1000 / %(rate)s
  return math.max(0, math.floor(slot - now()))
end
function request()
  local line = lines and lines()
  if not line then
    lines = nil
    return wrk.format("GET", "/health/live")
  end
  local signature, body = line:match("^(%%S+) (.*)$")
  return wrk.format("POST", "%(path)s",
    {["Content-Type"] = "application/json", ["X-Hub-Signature-256"] = signature}, body)
end
"""
MESSAGES = 20_000
ORDER = ("sent", "delivered", "read")


def bodies(count: int, messages: list[tuple[int, int]], text_every: int) -> Iterator[bytes]:
    """Each message's receipts in their order, a thousand messages mixed at a time; texts among them."""
    statuses = (
        (contact, message, state)
        for start in range(0, len(messages), 1_000)
        for state in ORDER
        for contact, message in messages[start : start + 1_000]
    )
    for number in range(count):
        parts: dict[str, object]
        if text_every and number % text_every == 0:
            parts = text(number)
        elif (known := next(statuses, None)) is not None:
            parts = status(*known)
        else:
            raise SystemExit("More receipts than messages: this is a mistake of the benchmark.")
        metadata = {"display_phone_number": "33639980000", "phone_number_id": "1099"}
        value = {"messaging_product": "whatsapp", "metadata": metadata, **parts}
        entry = {"id": "100200", "changes": [{"field": "messages", "value": value}]}
        yield json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def status(contact: int, message: int, state: str) -> dict[str, object]:
    """A receipt as Meta sends it."""
    pricing = {"billable": True, "pricing_model": "PMP", "category": "marketing", "type": "regular"}
    one = {
        "id": f"wamid.HBgLMzM2Mzk5ODAwMDEVAgARGBI{message:016X}AA==",
        "status": state,
        "timestamp": str(1_767_225_600 + ORDER.index(state)),
        "recipient_id": f"336{contact:08}",
        "biz_opaque_callback_data": f"e1.{contact}.{message}",
        "conversation": {"id": f"{message:032x}", "origin": {"type": "marketing"}},
        "pricing": pricing,
    }
    return {"statuses": [one]}


def text(number: int) -> dict[str, object]:
    """A customer's text: every fourth from somebody new, every fiftieth a STOP."""
    phone = f"337{number:08}" if number % 4 == 0 else f"336{number % MESSAGES + 1:08}"
    words = "STOP" if number % 50 == 0 else f"Is size {number % 12 + 36} still there?"
    one = {
        "from": phone,
        "id": f"wamid.IN{number:032X}",
        "timestamp": str(1_767_225_600 + number % 1_000),
        "type": "text",
        "text": {"body": words},
    }
    return {"contacts": [{"profile": {"name": f"Client {number}"}, "wa_id": phone}], "messages": [one]}


def seed(url: str, messages: int) -> list[tuple[int, int]]:
    """A channel, contacts, and messages that the provider has accepted; their keys."""
    add_account(url)
    # Django finds the database where the rig has put it, so it comes this late.
    resolve_name("envoi.config.start:django")
    resolve_name("envoi.channels.models:Channel").objects.create(
        account_id=1, name="Shop", address="+33639980000", provider_id="1099", throughput_per_second=80
    )
    resolve_name("django.db:connections").close_all()
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(
            """
            INSERT INTO contacts (phone, name, language, country, timezone, marketing, service)
            SELECT '+336' || lpad(n::text, 8, '0'), 'Client ' || n, 'fr', 'FR', '', 'granted', 'unknown'
              FROM generate_series(1, %(count)s) n
            """,
            {"count": MESSAGES},
        )
        db.execute("INSERT INTO identities (kind, value, contact_id) SELECT 'phone', phone, id FROM contacts")
        db.execute(
            """
            INSERT INTO messages (contact_id, channel_id, direction, kind, category, state, accepted_at)
            SELECT c.id, (SELECT id FROM channels), 'out', 'template', 'marketing', 'accepted', now()
              FROM generate_series(0, (%(count)s - 1) / %(people)s) round CROSS JOIN contacts c
             ORDER BY round, c.id
             LIMIT %(count)s
            """,
            {"count": messages, "people": MESSAGES},
        )
        db.execute("ANALYZE")
        return list(db.execute("SELECT contact_id, id FROM messages ORDER BY id").fetchall())


def waiting(db: psycopg.Connection) -> int:
    """How many stored webhooks nobody has worked through yet."""
    row = db.execute("SELECT count(*) FROM webhook_events WHERE state = 'new'").fetchone()
    return int(row[0]) if row else 0


def all_done(db: psycopg.Connection) -> bool:
    """Whether nothing waits."""
    return db.execute("SELECT 1 FROM webhook_events WHERE state = 'new' LIMIT 1").fetchone() is None


class Backlog:
    """The most that ever waited, looked at twice a second."""

    def __init__(self, url: str) -> None:
        self.most = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, args=(url,), daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """The most so far; nobody looks any more."""
        self._over.set()
        self._thread.join()
        return self.most

    def _look(self, url: str) -> None:
        with suppress(psycopg.OperationalError), connect(url, autocommit=True) as db:
            while not self._over.wait(0.5):
                self.most = max(self.most, waiting(db))


def check(url: str, count: int) -> None:
    """Every webhook is done without a note, and every message stands where its last receipt put it."""
    with connect(url, autocommit=True) as db:
        row = db.execute(
            """
            SELECT count(*) FILTER (WHERE state = 'done' AND problem = ''), count(*),
                   (SELECT count(*) FROM messages WHERE direction = 'in'),
                   (SELECT count(*) FROM message_events WHERE what IN ('sent', 'delivered', 'read'))
              FROM webhook_events
            """
        ).fetchone()
        assert row is not None
        if row[0] != row[1] or row[0] < count or row[2] + row[3] != row[1]:
            sys.exit(f"Of {count} webhooks {row[1]} were stored, {row[0]} done, {row[2] + row[3]} recorded.")


def main() -> None:
    """Measure and print one JSON line."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--rate", type=int, default=3_000)
    ask.add_argument("--seconds", type=int, default=60)
    ask.add_argument("--processes", type=int, default=1)
    ask.add_argument("--text-every", type=int, default=15)
    ask.add_argument("--stored", type=int, default=0, help="measure intake alone, on so many webhooks")
    asked = ask.parse_args()
    if not asked.stored and not shutil.which("wrk"):
        sys.exit("This benchmark needs wrk: apt-get install wrk.")
    with bench() as one:
        if asked.stored:
            alone(one, asked)
        else:
            together(one, asked)


def alone(one: Bench, asked: argparse.Namespace) -> None:
    """Intake on what was stored before it started."""
    messages = seed(one.url, asked.stored // 3 + 1)
    with psycopg.connect(one.url, autocommit=True) as db:
        with db.cursor() as cursor, cursor.copy("COPY webhook_events (account_id, provider, body) FROM STDIN") as copy:
            copy.set_types(["int8", "text", "bytea"])
            for body in bodies(asked.stored, messages, asked.text_every):
                copy.write_row((1, "meta", body))
        db.execute("ANALYZE")
        db.execute("CHECKPOINT")
        engines = [one.start("-m", "envoi.cli", "intake") for _ in range(asked.processes)]
        memory = Memory(engines[0].pid)
        wait_for(lambda: waiting(db) < asked.stored, seconds=60, sentence="Intake did not start.")
        started, first = time.monotonic(), asked.stored - waiting(db)
        wait_for(lambda: all_done(db), seconds=600, sentence="Intake did not come to an end.")
        taken = time.monotonic() - started
    check(one.url, asked.stored)
    rate = (asked.stored - first) / taken
    result(
        "intake",
        value=rate,
        unit="webhooks/s",
        baseline="the rate to keep up with",
        baseline_value=asked.rate,
        seconds=time.monotonic() - one.started,
        peak_rss_mb=memory.stop(),
        more={"stored": asked.stored, "text_every": asked.text_every, "processes": asked.processes},
    )


def together(one: Bench, asked: argparse.Namespace) -> None:
    """Gateway and intake side by side."""
    count = asked.rate * asked.seconds
    messages = seed(one.url, count // 3 + 1_000)
    file = one.folder / "bodies"
    with file.open("wb") as target:
        for body in bodies(count, messages, asked.text_every):
            target.write(signature(body).encode() + b" " + body + b"\n")
    script: Path = one.folder / "post.lua"
    script.write_text(SCRIPT % {"file": file, "path": f"/hooks/meta/{KEY}", "rate": asked.rate})
    port = free_port()
    one.start("-m", "envoi.cli", "gateway", "--port", str(port))
    engines = [one.start("-m", "envoi.cli", "intake") for _ in range(asked.processes)]
    words = ["wrk", "-t1", "-c64", f"-d{asked.seconds}s", "--timeout", "10s", "--latency"]
    wait_for(
        lambda: (
            not subprocess.run(
                ["wrk", "-t1", "-c1", "-d1s", f"http://127.0.0.1:{port}"], capture_output=True
            ).returncode
        ),
        seconds=60,
        sentence="The gateway did not start.",
    )
    memory, backlog = Memory(engines[0].pid), Backlog(one.url)
    say(f"Posting {asked.rate} a second for {asked.seconds} s …")
    started = time.monotonic()
    done = subprocess.run([*words, "-s", str(script), f"http://127.0.0.1:{port}"], capture_output=True, text=True)
    posted = time.monotonic() - started
    if done.returncode or "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        sys.exit(f"Not every webhook was taken:\n{done.stdout}{done.stderr}")
    with connect(one.url, autocommit=True) as db:
        left = waiting(db)
        wait_for(lambda: all_done(db), seconds=300, sentence="The backlog did not come to an end.")
        taken = time.monotonic() - started
        row = db.execute("SELECT count(*) FROM webhook_events").fetchone()
        stored = int(row[0]) if row else 0
    check(one.url, stored)
    result(
        "intake",
        value=stored / taken,
        unit="webhooks/s",
        baseline="the rate at which they were posted, in webhooks/s",
        baseline_value=stored / posted,
        seconds=time.monotonic() - one.started,
        peak_rss_mb=memory.stop(),
        more={
            "asked_rate": asked.rate,
            "stored": stored,
            "most_waiting": backlog.stop(),
            "waiting_at_the_end": left,
            "seconds_behind": round(taken - posted, 2),
            "text_every": asked.text_every,
            "processes": asked.processes,
        },
    )


if __name__ == "__main__":
    main()
