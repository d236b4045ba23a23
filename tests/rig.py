"""The whole path on this machine: simulator, gateway, intake and dispatchers as processes on the tests' database."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg

from envoi.campaigns import actions, planning
from envoi.campaigns.models import Campaign
from envoi.channels.models import Account, Channel
from envoi.config.commands.simulated import Simulated, answers, port_in
from envoi.config.shop import account as demo
from envoi.config.shop import wording
from envoi.core.vault import seal
from envoi.message_templates.models import Template
from envoi.segments.models import Segment

LEASE_SECONDS = 4.0
ANSWER_SECONDS = 1.5


def wait_until(what: Callable[[], bool], *, seconds: float = 60.0, saying: str) -> None:
    """Return once `what` is true; fail with `saying` when it is not within `seconds`."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, saying
        time.sleep(0.05)


class Rig:
    """Processes of Envoi around one database; all are ended by `close`."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.db = psycopg.connect(url, autocommit=True)
        # Jobs are not of Django's making, so its flush leaves those of earlier tests, whose imports are gone.
        self.db.execute("TRUNCATE procrastinate_jobs CASCADE")
        self._processes: list[subprocess.Popen[bytes]] = []
        self.port = _free_port()
        self.simulated: Simulated
        self.intake: subprocess.Popen[bytes]

    def environment(self) -> dict[str, str]:
        """What every process of the rig is told."""
        return {
            **os.environ,
            "ENVOI_DATABASE_URL": self.url,
            "ENVOI_PROVIDER_URLS": "1",
            "ENVOI_LEASE_SECONDS": str(LEASE_SECONDS),
            "ENVOI_ANSWER_SECONDS": str(ANSWER_SECONDS),
            "DJANGO_SETTINGS_MODULE": "envoi.config.settings",
        }

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Run `envoi WORDS…` on the tests' database."""
        process = subprocess.Popen([sys.executable, "-m", "envoi.cli", *words], env=self.environment())
        self._processes.append(process)
        return process

    def begin(
        self, *, faults: str, speed: float = 200.0, settings: Mapping[str, Any] | None = None, door: str = "gateway"
    ) -> None:
        """Start simulator, intake and what takes webhooks in: the gateway alone, or web with the pages."""
        port_file = self.folder / "port"
        self.start("simulator", "--port", "0", "--port-file", str(port_file), "--faults", faults, "--speed", str(speed))
        self.start(door, "--port", str(self.port))
        self.intake = self.start("intake")
        wait_until(lambda: port_in(port_file) is not None, saying="the simulator did not start")
        self.simulated = Simulated(f"http://127.0.0.1:{port_in(port_file)}")
        if settings:
            self.simulated.change(**settings)
        health = f"http://127.0.0.1:{self.port}/health/ready"
        wait_until(lambda: answers(health), saying="the gateway did not start")

    def shop(self, *, customers: int, throughput: int, simulated_throughput: int | None = None) -> Campaign:
        """An account at the simulator, `customers` who agreed, and a draft to all of them."""
        account = Account.objects.create(
            provider="meta",
            name="Shop",
            provider_id=demo.WABA,
            credentials=seal({"token": demo.TOKEN, "app_secret": demo.APP_SECRET, "verify_token": demo.VERIFY_TOKEN}),
            hook_key="hook-of-the-tests",
            base_url=self.simulated.url,
        )
        channel = Channel.objects.create(
            account=account,
            name="Shop",
            address=demo.ADDRESS,
            provider_id=demo.NUMBER_ID,
            throughput_per_second=throughput,
        )
        template = Template.objects.create(
            account=account,
            name=wording.NAME,
            language=wording.LANGUAGE,
            category="marketing",
            state="approved",
            components=wording.COMPONENTS,
        )
        self.db.execute(
            """
            INSERT INTO contacts (phone, name, language, country, timezone, marketing, service)
            SELECT '+3363998' || lpad(n::text, 4, '0'), 'Client ' || n, 'fr', 'FR', '', 'granted', 'unknown'
              FROM generate_series(1, %(count)s) n
            """,
            {"count": customers},
        )
        segment = Segment.objects.create(name="All", rule={"field": "language", "is": "is", "value": "fr"})
        campaign = actions.create(
            name="Autumn",
            segment_id=segment.pk,
            channel_id=channel.pk,
            template_id=template.pk,
            variables=wording.VARIABLES,
            policy={"canary": "never"},
            by=None,
        )
        callback = f"http://127.0.0.1:{self.port}/hooks/meta/{account.hook_key}"
        spec = demo.PLAYED["meta"].spec(callback, simulated_throughput or throughput)
        self.simulated.put_account("meta", demo.WABA, spec)
        return campaign

    def launch(self, campaign: Campaign) -> None:
        """Launch and plan it here and now: the worker is not what is tested."""
        actions.launch(campaign.pk, by=None)
        while planning.plan_stretch(campaign.pk):
            pass

    def open_windows(self, channel_id: int) -> None:
        """As if every customer had just written to this channel: free-form messages may go."""
        self.db.execute(
            """
            INSERT INTO pairs (contact_id, channel_id, window_open_until)
            SELECT id, %s, now() + interval '20 hours' FROM contacts
            ON CONFLICT (contact_id, channel_id) DO UPDATE SET window_open_until = EXCLUDED.window_open_until
            """,
            [channel_id],
        )

    def number(self, query: str) -> int:
        """The one number that a query yields."""
        row = self.db.execute(query).fetchone()  # type: ignore[arg-type]
        assert row is not None
        return int(row[0])

    def waiting(self) -> int:
        """Messages that have still to leave."""
        return self.number("SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')")

    def wait_for_receipts(self) -> None:
        """Return when nothing is left to happen: not at the simulator, not among the stored webhooks."""

        def quiet() -> bool:
            return self.simulated.is_quiet() and not self.number(
                "SELECT count(*) FROM webhook_events WHERE state = 'new'"
            )

        looks = 0
        end = time.monotonic() + 90
        while looks < 3:
            looks = looks + 1 if quiet() else 0
            assert time.monotonic() < end, "receipts did not come to an end"
            time.sleep(0.1)

    def close(self) -> None:
        """End every process, and fail when one has to be forced."""
        for process in self._processes:
            if process.poll() is None:
                process.terminate()
        for process in self._processes:
            process.wait(timeout=45)
        # What the worker had still to do later is nothing for the tests that follow.
        self.db.execute("TRUNCATE procrastinate_jobs CASCADE")
        self.db.close()


def kill(process: subprocess.Popen[bytes]) -> None:
    """As the kernel does when memory runs out: no warning, no last word."""
    process.send_signal(signal.SIGKILL)
    process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
