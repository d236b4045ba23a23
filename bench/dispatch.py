"""One dispatcher's way from the outbox to the recorded answer, against the same posts in a bare loop.

The loop has no database.

    envoi bench dispatch [--messages N] [--json]

nginx plays the provider with one fixed answer. Both sides use the same client and the same bodies on the same machine;
the dispatcher has every limiter on, with a pace so high that only the work itself takes time. What counts is a message
whose state says accepted and whose outbox row is gone.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
import psycopg
import uvloop
from bench import rig

from envoi.core.ids import token_of
from envoi.core.vault import seal
from envoi.messaging import ledger
from envoi.providers.base import Account, Channel, Form, Outgoing, Slot
from envoi.providers.http import Client
from envoi.providers.table import PROVIDERS

# Far above what can be reached: the limiter is asked for every message and never the bottleneck.
THROUGHPUT = 20_000
IN_FLIGHT = 256
SLOTS = (Slot("body", name="first_name"), Slot("body", name="code"), Slot("button", index=0, sub_type="url"))
FORM = Form(name="spring_sale", language="es", slots=SLOTS)
CREDENTIALS = {"token": "T" * 200, "app_secret": "secret", "verify_token": "verify"}
NUMBER_ID = "1099"

NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 10000000;
    default_type application/json;
    server {{
        listen 127.0.0.1:{port} backlog=2048;
        location / {{
            return 200 '{{"messaging_product":"whatsapp","messages":[{{"id":"wamid.$request_id"}}]}}';
        }}
    }}
}}
"""


@contextmanager
def nginx(folder: Path) -> Iterator[str]:
    """nginx with a fixed answer; yields its address."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise SystemExit("This benchmark needs nginx: apt-get install -y nginx-light")
    folder.mkdir()
    port = rig.free_port()
    settings = folder / "nginx.conf"
    settings.write_text(NGINX.format(folder=folder, port=port))
    process = subprocess.Popen([program, "-c", str(settings), "-e", str(folder / "error.log")])
    try:
        rig.wait_for(lambda: rig.listens(port), seconds=10, sentence="nginx did not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def owe(db: psycopg.Connection, url: str, *, messages: int, throughput: int = THROUGHPUT) -> tuple[int, int]:
    """A campaign of `messages` promotions to as many customers, all waiting in a held lane; its channel and lane."""
    from envoi.channels import models  # noqa: PLC0415  (Django has to be set up first)
    from envoi.message_templates.models import Template  # noqa: PLC0415

    account = models.Account.objects.create(
        provider="meta", name="Bench", provider_id="1", credentials=seal(CREDENTIALS), hook_key="bench", base_url=url
    )
    channel = models.Channel.objects.create(
        account=account,
        name="Bench",
        address="+33639980000",
        provider_id=NUMBER_ID,
        tier="TIER_UNLIMITED",
        throughput_per_second=throughput,
    )
    template = Template.objects.create(
        account=account, name=FORM.name, language=FORM.language, category="marketing", state="approved", components=[]
    )
    db.execute(
        """
        INSERT INTO contacts (phone, name, language, country, timezone, marketing, service)
        SELECT '+336' || lpad(n::text, 8, '0'), 'Client ' || n, 'fr', 'FR', '', 'granted', 'unknown'
          FROM generate_series(1, %s) n
        """,
        [messages],
    )
    # The quiet hours are asked for every message and begin in ten hours, whatever time it is where this runs.
    db.execute(
        """
        INSERT INTO limit_settings (id, quiet_from, quiet_to)
        SELECT 1, quiet, quiet + interval '1 hour'
          FROM (SELECT (now() AT TIME ZONE 'Europe/Paris')::time + interval '10 hours' AS quiet)
            ON CONFLICT (id) DO UPDATE SET quiet_from = EXCLUDED.quiet_from, quiet_to = EXCLUDED.quiet_to
        """
    )
    lane = ledger.add_lane(db, channel.pk, priority=2, form=FORM.dump(), held=True)
    planned = ledger.enqueue_recipients(
        db,
        audience="""SELECT id AS contact_id, phone AS recipient, '' AS reason,
                           ARRAY[name, 'SPRING20', 'cmp17/' || id] AS "values" FROM contacts""",
        parameters={},
        campaign_id=1,
        channel_id=channel.pk,
        lane_id=lane,
        template_id=template.pk,
        category="marketing",
        expires_at=None,
    )
    assert planned.queued == messages
    db.execute("VACUUM ANALYZE")
    db.execute("CHECKPOINT")
    return int(channel.pk), lane


def dispatched(run: rig.Bench, db: psycopg.Connection, lane: int, *, messages: int) -> tuple[float, float, float]:
    """Let one dispatcher loose on what is owed: seconds from the opened lane to the last record, CPU s, peak MB."""
    process = run.start("-m", "envoi.cli", "dispatch")
    rig.wait_for(lambda: has_runner(db), seconds=30, sentence="the dispatcher did not start")
    memory = rig.Memory(process.pid)
    before = rig.cpu_seconds(process.pid)
    ledger.set_lane(db, lane, "open")
    started = time.perf_counter()
    rig.wait_for(lambda: not _left(db), seconds=300, sentence="the campaign did not end")
    seconds = time.perf_counter() - started
    cpu = rig.cpu_seconds(process.pid) - before
    peak = memory.stop()
    run.end(process)
    row = db.execute("SELECT count(*) FROM messages WHERE state = 'accepted' AND provider_id IS NOT NULL").fetchone()
    assert row == (messages,), f"only {row} of {messages} messages are accepted"
    return seconds, cpu, peak


def has_runner(db: psycopg.Connection) -> bool:
    """Whether a dispatcher has looked at the channel."""
    return bool(db.execute("SELECT 1 FROM channel_pace").fetchone())


def _left(db: psycopg.Connection) -> bool:
    return bool(db.execute("SELECT 1 FROM outbox LIMIT 1").fetchone())


def bodies(db: psycopg.Connection) -> list[bytes]:
    """The bodies that the dispatcher sent."""
    provider, channel = PROVIDERS["meta"], Channel(provider_id=NUMBER_ID)
    return [
        provider.body(Outgoing(recipient=recipient, token=token_of(contact_id, id), form=FORM, values=values), channel)
        for contact_id, id, recipient, values in db.execute(
            'SELECT m.contact_id, m.id, c.phone, m."values" FROM messages m JOIN contacts c ON c.id = m.contact_id'
        )
    ]


async def bare(url: str, account: Account, posts: list[bytes]) -> tuple[float, float]:
    """Post every body and read its answer, nothing else; seconds, and seconds of the processor."""
    headers = {"authorization": f"Bearer {account.secret('token')}", "content-type": "application/json"}
    address = f"{url}/v25.0/{NUMBER_ID}/messages"
    left = iter(posts)

    async with Client(connections=IN_FLIGHT) as client:

        async def one_after_another() -> None:
            for body in left:
                answer = await client.post(address, headers, body)
                assert answer.status == 200

        started, before = time.perf_counter(), time.process_time()
        await asyncio.gather(*(one_after_another() for _ in range(IN_FLIGHT)))
        return time.perf_counter() - started, time.process_time() - before


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--messages", type=int, default=50_000)
    words.add_argument("--bare", default="", help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.bare:
        # In a process of its own and on uvloop, as the dispatcher is.
        with psycopg.connect(os.environ["ENVOI_DATABASE_URL"]) as db:
            posts = bodies(db)
        account = Account(provider_id="1", credentials=CREDENTIALS)
        print(*uvloop.run(bare(asked.bare, account, posts)), flush=True)
        return

    with rig.bench() as run, nginx(run.folder / "nginx") as url, psycopg.connect(run.url, autocommit=True) as db:
        django.setup()
        rig.say(f"Queueing {asked.messages} messages …")
        _, lane = owe(db, url, messages=asked.messages)
        rig.say("Dispatching …")
        seconds, cpu, peak = dispatched(run, db, lane, messages=asked.messages)
        rig.say("The same posts in a bare loop …")
        done = subprocess.run([sys.executable, __file__, "--bare", url], stdout=subprocess.PIPE, check=True)
        baseline, bare_cpu = map(float, done.stdout.split())
        rig.result(
            "dispatch",
            value=asked.messages / seconds,
            unit="messages/s",
            baseline="the same client posting the same bodies in a bare loop, without a database",
            baseline_value=asked.messages / baseline,
            seconds=seconds,
            peak_rss_mb=peak,
            more={"messages": asked.messages, "cpu_seconds": round(cpu, 2), "baseline_cpu_seconds": round(bare_cpu, 2)},
        )


if __name__ == "__main__":
    main()
