"""`envoi chaos`: kills everything at random while a campaign runs; the simulator's ledger judges what came of it.

It starts its own database in a folder of its own, so it never touches an installation.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import psutil
import psycopg

from envoi.config.shop.account import PLAYED
from envoi.config.shop.numbers import MOST
from envoi.core import postgres
from envoi.core.addresses import hook_url
from envoi.core.errors import Problem

from . import processes
from .family import Child, Family
from .simulated import Simulated, answers, any_port, port_in, wait_for

THROUGHPUT = 1_000  # a number after its upgrade (Meta sheet, E.1)

# Every fault there is. 503 is the rarest: it says "come back later", and the whole channel then rests, as it should.
SETTINGS: dict[str, Any] = {
    "speed": 3600.0,
    "us_marketing_paused": False,
    "faults": {
        "error_500": 0.005,
        "error_500_after": 0.005,
        "error_503": 0.0003,
        "drop_before": 0.003,
        "drop_after": 0.005,
        "timeout_after": 0.002,
        "not_on_whatsapp": 0.02,
        "marketing_cap": 0.03,
        "never_delivered": 0.02,
        "duplicate_webhooks": 0.10,
        "out_of_order_webhooks": 0.15,
        "hold_seconds": 2.0,
        "answer_seconds": 0.02,
    },
}
ANSWER_SECONDS = 2.0
LEASE_SECONDS = 5.0

# Who is killed how often, of a hundred. The web process carries the gateway.
VICTIMS = {"dispatch": 40, "intake": 22, "postgresql": 15, "worker": 15, "web": 8}
LONGEST_PLANNING = 120.0
LONGEST_STILL = 120.0  # without any progress for so long it gives up and reports what it sees
TODO = """
SELECT (SELECT count(*) FROM webhook_events WHERE state = 'new')
     + (SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending'))
"""


def run(asked: argparse.Namespace) -> int:
    """Run once; 1 when somebody got a message twice, when one is lost, or when an unknown outcome has no reason."""
    if not 1 <= asked.messages <= MOST:
        raise Problem(f"Give --messages a number from 1 to {MOST:,}: so many made-up phone numbers there are.")
    if asked.kills < 0:
        raise Problem("Give --kills a number from 0 on.")
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="envoi-chaos-"))
    os.environ.pop("ENVOI_DATABASE_URL", None)
    port = any_port()
    os.environ |= {
        "ENVOI_HOME": str(folder / "home"),
        "ENVOI_PROVIDER_URLS": "1",
        "ENVOI_ANSWER_SECONDS": str(ANSWER_SECONDS),
        "ENVOI_LEASE_SECONDS": str(LEASE_SECONDS),
        "ENVOI_BASE_URL": f"http://localhost:{port}",
    }
    family = Family()
    _stop_on_signals(family)
    try:
        figures = Chaos(asked, family, folder, port).run()
        figures["seconds"] = round(time.monotonic() - started, 1)
    finally:
        family.stop()
        postgres.stop_embedded()
        shutil.rmtree(folder, ignore_errors=True)
    if asked.json:
        print(json.dumps(figures), flush=True)
    else:
        for name, value in figures.items():
            print(f"{name:>22}  {value}")
    well = figures["duplicates"] == figures["lost"] == figures["uncertain_unexplained"] == 0
    return 0 if well else 1


class Chaos:
    """One run: a campaign, its processes, and who kills them."""

    def __init__(self, asked: argparse.Namespace, family: Family, folder: Path, port: int) -> None:
        self.messages: int = asked.messages
        self.kills: int = asked.kills
        self.seed: int = asked.seed
        self.victims: dict[str, int] = {asked.only: 1} if asked.only else VICTIMS
        self.family = family
        self.folder = folder
        self.port = port
        self.draw = random.Random(f"chaos {asked.seed}")  # noqa: S311
        self.children: dict[str, list[Child]] = {}
        self.killed: Counter[str] = Counter()
        self.longest_away = 0.0
        self.began = time.monotonic()
        self._db: psycopg.Connection[Any] | None = None

    def run(self) -> dict[str, Any]:
        """Everything from an empty folder to the verdict."""
        _say("Starting the database …")
        self.url = processes.ready_database()
        resolve_name("envoi.config.commands.schema:migrate")()
        simulated = self._simulator()
        _say(f"Making up {self.messages:,} customers …")
        crowd: Any = import_module("envoi.config.shop.crowd")
        shop = crowd.open_crowd(simulator_url=simulated.url, customers=self.messages, throughput=THROUGHPUT)
        self.campaign_id = int(shop.campaign.pk)
        self._open("web", "--port", str(self.port))
        self._wait_for_web()
        # Before the worker looks at the account for the first time.
        simulated.put_account(
            "meta", PLAYED["meta"].control, PLAYED["meta"].spec(hook_url("meta", shop.account.hook_key), THROUGHPUT)
        )
        for name in ("intake", "dispatch", "dispatch", "worker"):
            self._open(name)
        self.began = time.monotonic()
        resolve_name("envoi.campaigns.actions:launch")(self.campaign_id, by=None)
        self._kill_while_planning()
        self._kill_while_sending()
        sent = time.monotonic() - self.began
        _say(f"{sent:6.1f} s  everything has left; waiting for the last receipts …")
        self._settle(simulated)
        return self._verdict(simulated, shop, sent)

    def _open(self, name: str, *words: str) -> None:
        self.children.setdefault(name, []).append(self.family.add(name, name, *words))

    def _simulator(self) -> Simulated:
        port_file = self.folder / "simulator.port"
        words = ("--port", "0", "--port-file", str(port_file), "--seed", str(self.seed))
        self.family.add("simulator", "simulator", *words, "--settings", json.dumps(SETTINGS))
        wait_for(lambda: port_in(port_file) is not None, seconds=60, sentence="The simulator did not start.")
        return Simulated(f"http://127.0.0.1:{port_in(port_file)}")

    def _wait_for_web(self) -> None:
        wait_for(
            lambda: answers(f"http://127.0.0.1:{self.port}/health/ready"),
            seconds=60,
            sentence="The web server did not answer.",
        )

    def _kill_while_planning(self) -> None:
        """The launch itself: its worker and the database are killed before everybody is planned."""
        planners = [victim for victim in ("worker", "postgresql") if victim in self.victims]
        share = min(self.kills // 5, 4) if planners else 0
        end = time.monotonic() + LONGEST_PLANNING
        while sum(self.killed.values()) < share and time.monotonic() < end:
            self._watch(self.draw.uniform(0.2, 1.5))
            if self._number("SELECT count(*) FROM campaigns WHERE planned_at IS NULL") == 0:
                return
            self._kill(self.draw.choice(planners))

    def _kill_while_sending(self) -> None:
        """The other kills, spread over the campaign by how much of it has left; then on to its end."""
        before = sum(self.killed.values())
        marks = sorted(self.draw.random() for _ in range(self.kills - before))
        moved, still_since, seen = 0.0, time.monotonic(), -1
        while True:
            self._watch(0.2)
            waiting = self._number("SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')")
            planned = self._number("SELECT count(*) FROM campaigns WHERE planned_at IS NOT NULL")
            if waiting is None or planned is None:
                continue
            if waiting != seen:
                seen, still_since = waiting, time.monotonic()
            moved = max(moved, (1 - waiting / self.messages) if planned else 0.0)
            if planned and not waiting:
                return
            if time.monotonic() - still_since > LONGEST_STILL:
                _say("Nothing has moved for minutes: what is left is reported as it stands.")
                return
            if planned and marks and moved * 0.97 >= marks[0]:
                marks.pop(0)
                # At a random moment of whatever they do, which is not the moment of our look.
                self._watch(self.draw.uniform(0.0, 0.6))
                self._kill(self._victim())

    def _settle(self, simulated: Simulated) -> None:
        """Until nothing is left to happen: here, at the simulator, or in between. Whoever was spared falls now."""
        quiet, moved_at, seen = 0, time.monotonic(), (-1, -1)
        while quiet < 3 and time.monotonic() - moved_at < LONGEST_STILL:
            self._watch(0.3)
            if sum(self.killed.values()) < self.kills:
                self._watch(self.draw.uniform(0.0, 2.0))
                self._kill(self._victim())
                continue
            done = self._number("SELECT count(*) FROM webhook_events WHERE state = 'done'")
            todo = self._number(TODO)
            if (done, todo) != seen and done is not None and todo is not None:
                seen, moved_at = (done, todo), time.monotonic()
            quiet = quiet + 1 if todo == 0 and simulated.is_quiet() else 0

    def _verdict(self, simulated: Simulated, shop: Any, sent_seconds: float) -> dict[str, Any]:
        ledger = simulated.ledger()
        judge = resolve_name("envoi.config.shop.judge:judge")
        found: dict[str, Any] = judge(
            self.campaign_id, simulated.accepted(), customers=shop.customers, replied=ledger["replied"]
        )
        return {
            "messages": self.messages,
            "kills": sum(self.killed.values()),
            "kills_by_victim": dict(sorted(self.killed.items())),
            **found,
            "waiting_webhooks": self._number(TODO),
            "broken_webhooks": self._number("SELECT count(*) FROM webhook_events WHERE state = 'broken'"),
            "database_away_seconds": round(self.longest_away, 1),
            "faults": ledger["faults"],
            "webhooks_duplicated": ledger["webhooks_duplicated"],
            "sending_seconds": round(sent_seconds, 1),
        }

    def _victim(self) -> str:
        return self.draw.choices(list(self.victims), list(self.victims.values()))[0]

    def _kill(self, victim: str) -> None:
        if victim == "postgresql":
            self._kill_database()
        else:
            alive = [child for child in self.children[victim] if child.process is not None]
            if not alive:
                return
            self.family.kill(self.draw.choice(alive))
        self.killed[victim] += 1
        _say(f"{time.monotonic() - self.began:6.1f} s  kill {sum(self.killed.values())}: {victim}")

    def _kill_database(self) -> None:
        """Its leader first, so that it sees nobody fall; it stays away for a moment, then it is started again."""
        pid = postgres.embedded_pid(self.folder / "home" / "postgres")
        if pid is None:
            return
        leader = psutil.Process(pid)
        family = [leader, *leader.children(recursive=True)]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, timeout=10)
        away = time.monotonic()
        time.sleep(self.draw.uniform(0.0, 1.5))
        while not postgres.keep_embedded():
            time.sleep(0.2)
        self.longest_away = max(self.longest_away, time.monotonic() - away)

    def _watch(self, seconds: float) -> None:
        """Let time pass while whoever fell is started again."""
        end = time.monotonic() + seconds
        while True:
            self.family.tend()
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 0.1))

    def _number(self, query: str) -> int | None:
        """The one number that a query yields; None while the database is away."""
        try:
            if self._db is None or self._db.closed:
                self._db = psycopg.connect(self.url, autocommit=True, connect_timeout=5)
            row = self._db.execute(query).fetchone()
        except psycopg.Error:
            if self._db is not None:
                self._db.close()
            self._db = None
            return None
        return int(row[0]) if row else None


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _stop_on_signals(family: Family) -> None:
    def stop(*_: object) -> None:
        family.stop()
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
