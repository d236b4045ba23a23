"""From a customer's webhook to the automatic answer that the provider has accepted, while a campaign leaves.

    envoi bench reply [--inbound N] [--campaign N] [--seconds N] [--json]

Everything is real and on the same cores: the gateway takes `inbound` signed webhooks a second, each from another
customer; intake asks 200 rules; dispatch sends the answer, on the number from which a campaign of `campaign` a second
leaves and whose receipts come back meanwhile; the simulator takes both. A message's time runs from before its webhook
is posted until the simulator accepts its answer, both by the clock of this machine. The baseline is the simulator
alone: the same answers posted to it by a bare loop at the same rate.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import random
import statistics
import subprocess
import sys
import time

import django
import psycopg
import uvloop
from bench import dispatch, pacing, rig

from envoi.config.commands.simulated import Simulated, answers, port_in
from envoi.messaging import ledger
from envoi.providers.http import Client

RULES = 200
WARM = 5  # customers answered before anything counts
PATIENCE = 60.0  # seconds after the last webhook in which the last answer must have left


def phone(number: int) -> str:
    """A customer who writes; campaigns go to others."""
    return f"337{number:08}"


def webhook(number: int) -> bytes:
    """What Meta posts for a customer's text; every third asks for nothing that a keyword means."""
    words = ("Do you have a promo for me?", "une réduction svp", "请问有优惠吗")[number % 3]
    message = {
        "from": phone(number),
        "id": f"wamid.IN{number:032X}",
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": f"{words} {number}"},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "33639980000", "phone_number_id": dispatch.NUMBER_ID},
        "contacts": [{"profile": {"name": f"Client {number}"}, "wa_id": phone(number)}],
        "messages": [message],
    }
    entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def prepare(db: psycopg.Connection, customers: int) -> None:
    """Who writes is known; rules that mean something else stand before the one that answers."""
    from envoi.replies import actions  # noqa: PLC0415  (Django has to be set up first)

    # The hours in which promotions are quiet are not what is measured, whatever the clock says.
    db.execute("DELETE FROM limit_settings")
    db.execute(
        """
        WITH made AS (
            INSERT INTO contacts (phone, name, language, country, timezone, marketing, service)
            SELECT '+337' || lpad(n::text, 8, '0'), 'Client ' || n, 'fr', 'FR', '', 'unknown', 'unknown'
              FROM generate_series(0, %s - 1) n
            RETURNING id, phone
        )
        INSERT INTO identities (kind, value, scope, contact_id) SELECT 'phone', phone, '', id FROM made
        """,
        [customers],
    )
    chance = random.Random(6)  # noqa: S311
    said = {"do": "text", "texts": [{"language": "", "text": "Hello {{first_name}}, here is your code: SPRING20"}]}
    for number in range(RULES - 1):
        words = ["".join(chance.choices("abcdefghijklmnop", k=chance.randint(5, 10))) for _ in range(3)]
        trigger = {"on": "keyword", "how": chance.choice(["word", "contains", "fuzzy"]), "words": words}
        actions.save_rule(name=f"Rule {number}", trigger=trigger, actions=[said], by=None)
    words = ["promo", "réduction", "优惠"]
    actions.save_rule(name="Promo", trigger={"on": "keyword", "how": "fuzzy", "words": words}, actions=[said], by=None)
    db.execute("VACUUM ANALYZE")
    db.execute("CHECKPOINT")


async def at_a_rate(client: Client, url: str, posts: list[tuple[dict[str, str], bytes]], rate: float) -> list[float]:
    """Post each at its own moment, whoever is late; returns when each began, in Unix seconds."""
    began = [0.0] * len(posts)
    loop, start = asyncio.get_running_loop(), asyncio.get_running_loop().time()

    async def one(number: int, headers: dict[str, str], body: bytes) -> None:
        began[number] = time.time()
        answer = await client.post(url, headers, body)
        assert answer.status == 200, answer

    tasks = []
    for number, (headers, body) in enumerate(posts):
        await asyncio.sleep(max(0.0, start + number / rate - loop.time()))
        tasks.append(asyncio.create_task(one(number, headers, body)))
    await asyncio.gather(*tasks)
    return began


async def write(url: str, *, first: int, count: int, rate: float) -> list[float]:
    """Customers write at this rate."""
    posts = []
    for number in range(first, first + count):
        body = webhook(number)
        key = dispatch.CREDENTIALS["app_secret"].encode()
        signature = f"sha256={hmac.new(key, body, hashlib.sha256).hexdigest()}"
        posts.append(({"content-type": "application/json", "x-hub-signature-256": signature}, body))
    async with Client(connections=256) as client:
        return await at_a_rate(client, url, posts, rate)


async def bare(url: str, *, first: int, count: int, rate: float) -> list[float]:
    """The answers posted to the provider by nothing but a loop."""
    headers = {"authorization": f"Bearer {dispatch.CREDENTIALS['token']}", "content-type": "application/json"}
    posts = []
    for number in range(first, first + count):
        text = {"body": f"Hello Client, here is your code: SPRING20 {number}"}
        body = {"messaging_product": "whatsapp", "to": f"+{phone(number)}", "type": "text", "text": text}
        posts.append((headers, json.dumps(body).encode()))
    async with Client(connections=256) as client:
        return await at_a_rate(client, f"{url}/v25.0/{dispatch.NUMBER_ID}/messages", posts, rate)


def times(simulated: Simulated, began: list[float], *, first: int) -> list[float]:
    """Seconds until each answer was accepted, sorted; infinite for one that was not, or twice."""
    accepted: dict[str, list[float]] = {}
    for row in simulated.accepted():
        if row["kind"] == "text":
            accepted.setdefault(row["customer"], []).append(float(row["accepted_at"]))
    found = []
    for number, moment in enumerate(began, first):
        got = accepted.get(phone(number), [])
        found.append(got[0] - moment if len(got) == 1 else float("inf"))
    return sorted(found)


def at(found: list[float], share: float) -> float:
    """The time within which this share of them was answered."""
    return found[min(int(len(found) * share), len(found) - 1)]


def stages(db: psycopg.Connection, began: list[float]) -> dict[str, float]:
    """Where the time goes, medians in seconds: until stored, until intake began with it, until it was accepted."""
    rows = db.execute(
        """
        SELECT substr(c.phone, 5)::int, extract(epoch FROM w.received_at), extract(epoch FROM m.created_at),
               extract(epoch FROM m.accepted_at)
          FROM webhook_events w
          JOIN contacts c ON c.phone = '+' || substring(convert_from(w.body, 'UTF8') FROM '"wa_id": "([0-9]+)"')
          JOIN messages m ON m.contact_id = c.id AND m.direction = 'out'
         WHERE w.body LIKE '%"messages": [{"from"%' AND m.accepted_at IS NOT NULL
        """
    ).fetchall()
    parts = [
        (float(stored) - began[number], float(taken - stored), float(accepted - taken))
        for number, stored, taken, accepted in rows
        if number < len(began)
    ]
    names = ("to_stored", "to_intake", "to_accepted")
    return {name: round(statistics.median(one), 4) for name, one in zip(names, zip(*parts, strict=True), strict=True)}


def measure(asked: argparse.Namespace) -> None:
    """Start everything, write, and compare."""
    count = int(asked.inbound * asked.seconds)
    with rig.bench() as run, psycopg.connect(run.url, autocommit=True) as db:
        django.setup()
        port_file, port = run.folder / "port", rig.free_port()
        words = ("--port", "0", "--port-file", str(port_file), "--faults", "none")
        processes = {"simulator": run.start("-m", "envoi.cli", "simulator", *words)}
        rig.wait_for(lambda: port_in(port_file) is not None, seconds=30, sentence="the simulator did not start")
        simulated = Simulated(f"http://127.0.0.1:{port_in(port_file)}")
        rig.say("Preparing customers and rules …")
        owed = int(asked.campaign * (asked.seconds + 15))
        _channel, lane = dispatch.owe(db, simulated.url, messages=max(owed, 1), throughput=asked.pace)
        bare_count = min(count, 2_000)
        prepare(db, count + bare_count + WARM)
        started = {"gateway": ("gateway", "--port", str(port)), "dispatch": ("dispatch",)}
        started |= {f"intake {number}": ("intake",) for number in range(1, asked.intakes + 1)}
        for name, one in started.items():
            processes[name] = run.start("-m", "envoi.cli", *one, PGAPPNAME=name)
        hook = f"http://127.0.0.1:{port}/hooks/meta/bench"
        ready = f"http://127.0.0.1:{port}/health/ready"
        rig.wait_for(lambda: answers(ready), seconds=30, sentence="the gateway did not start")
        played = pacing.played(asked.pace) | {"callback_url": hook}
        simulated.put_account("meta", "1", played)
        opened = [{"phone": f"+{phone(number)}", "window_open": True} for number in range(count + bare_count + WARM)]
        simulated.play({"customers": opened})
        rig.wait_for(lambda: dispatch.has_runner(db), seconds=30, sentence="the dispatcher did not start")
        # Every process has started, and has done all of it once.
        last = count + bare_count
        warm = uvloop.run(write(hook, first=last, count=WARM, rate=asked.inbound))
        rig.wait_for(
            lambda: times(simulated, warm, first=last)[-1] < float("inf"), seconds=180, sentence="nobody was answered"
        )
        if asked.campaign:
            ledger.set_lane(db, lane, "open")
            rig.wait_for(
                lambda: simulated.ledger()["accepted"] > WARM + asked.campaign, seconds=60, sentence="no campaign left"
            )
        pids = {name: one.pid for name, one in processes.items()}
        usage = rig.Usage(pids, run.url)
        sent_before = simulated.ledger()["accepted"]
        rig.say(f"{asked.inbound:.0f} customers write each second for {asked.seconds:.0f} s …")
        writing_from = time.monotonic()
        began = uvloop.run(write(hook, first=0, count=count, rate=asked.inbound))
        writing = time.monotonic() - writing_from
        campaign_rate = (simulated.ledger()["accepted"] - sent_before) / writing
        cpu = usage.stop()
        ledger.set_lane(db, lane, "held")
        end = time.monotonic() + PATIENCE
        found = times(simulated, began, first=0)
        while found[-1] == float("inf") and time.monotonic() < end:
            time.sleep(1)
            found = times(simulated, began, first=0)
        lost = sum(1 for one in found if one == float("inf"))
        rig.say(
            f"p50 {at(found, 0.5):.3f} s, p99 {at(found, 0.99):.3f} s, {lost} lost, the campaign {campaign_rate:.0f}/s"
        )
        where = stages(db, began)
        for name in started:
            run.end(processes[name])
        rig.say("The same answers in a bare loop …")
        words = [
            "--bare",
            simulated.url,
            "--first",
            str(count),
            "--count",
            str(bare_count),
            "--inbound",
            str(asked.inbound),
        ]
        done = subprocess.run([sys.executable, __file__, *words], stdout=subprocess.PIPE, check=True)
        baseline = times(simulated, json.loads(done.stdout), first=count)
    if lost:
        sys.exit(f"{lost} of {count} customers were not answered, or twice.")
    rig.result(
        "reply",
        value=at(found, 0.99),
        unit="seconds at p99",
        baseline="the same simulator answering a bare loop at the same rate, p99",
        baseline_value=at(baseline, 0.99),
        seconds=writing,
        peak_rss_mb=usage.peak_mb,
        more={
            "p50": round(at(found, 0.5), 4),
            "p90": round(at(found, 0.9), 4),
            "most": round(found[-1], 4),
            "stages": where,
            "answered": count - lost,
            "lost": lost,
            "inbound_per_second": round(count / writing, 1),
            "sent_per_second": round(campaign_rate, 1),
            "intakes": asked.intakes,
            "cpu_seconds": cpu,
        },
    )


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--inbound", type=float, default=200)
    words.add_argument("--campaign", type=float, default=1_000)
    words.add_argument("--pace", type=int, default=1_000, help="what the number may send a second, replies included")
    words.add_argument("--seconds", type=float, default=60)
    words.add_argument("--intakes", type=int, default=1)
    words.add_argument("--bare", default="", help=argparse.SUPPRESS)
    words.add_argument("--first", type=int, default=0, help=argparse.SUPPRESS)
    words.add_argument("--count", type=int, default=0, help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.bare:
        print(json.dumps(uvloop.run(bare(asked.bare, first=asked.first, count=asked.count, rate=asked.inbound))))
        return
    measure(asked)


if __name__ == "__main__":
    main()
