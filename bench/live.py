"""How soon open pages hear what happens: agents connected to one `envoi web`, and so many events a second.

    python bench/live.py [--agents N] [--rate N] [--seconds N] [--rss MB]

Every agent is signed in and reads the inbox's own stream. Events are told as they are in life, each in a transaction of
its own. `value` is the delay at p99 from before the commit until an agent's page has it, in milliseconds, over all
agents and events; every event has to reach every page. The bench fails when one is lost or the web process grows
beyond --rss.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import statistics
import sys
import time
from typing import Any

import httpx
import psycopg
from bench.rig import Memory, bench, free_port, listens, result, say, wait_for

REACH_MS = 1_000.0


def main() -> None:
    """Measure and print one JSON line."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--agents", type=int, default=50)
    ask.add_argument("--rate", type=int, default=100, help="events a second")
    ask.add_argument("--seconds", type=int, default=30)
    ask.add_argument("--rss", type=float, default=300.0, help="what the web process may take, in MB")
    asked = ask.parse_args()
    with bench() as one:
        cookies = sessions(asked.agents)
        port = free_port()
        web = one.start("-m", "envoi.cli", "web", "--port", str(port))
        wait_for(lambda: listens(port), seconds=60, sentence="The web process did not start.")
        memory = Memory(web.pid)
        say(f"{asked.agents} agents, {asked.rate} events a second for {asked.seconds} s …")
        delays, told, heard = asyncio.run(measured(one.url, port, cookies, asked))
        peak = memory.stop()
        if heard != told * asked.agents:
            sys.exit(f"{asked.agents} pages should have had {told} events each; together they had {heard}.")
        if peak > asked.rss:
            sys.exit(f"The web process took {peak} MB, more than {asked.rss}.")
        delays.sort()
        p99 = delays[-(-len(delays) * 99 // 100) - 1]
        result(
            "live",
            value=p99,
            unit="milliseconds at p99",
            baseline="within what every page has to be up to date, in milliseconds",
            baseline_value=REACH_MS,
            seconds=time.monotonic() - one.started,
            peak_rss_mb=peak,
            more={
                "agents": asked.agents,
                "rate": asked.rate,
                "events": told,
                "p50_ms": round(statistics.median(delays), 1),
                "highest_ms": round(delays[-1], 1),
            },
        )


def sessions(count: int) -> list[str]:
    """Agents who are signed in; their sessions' keys, as cookies carry them."""
    signed_in = importlib.import_module("bench.visitor").signed_in
    return [signed_in(f"agent{number}@example.com") for number in range(count)]


async def measured(url: str, port: int, cookies: list[str], asked: argparse.Namespace) -> tuple[list[float], int, int]:
    """Delays in milliseconds, how many events were told, and how many all pages have heard."""
    delays: list[float] = []
    begun: dict[int, float] = {}
    ready = [asyncio.Event() for _ in cookies]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
        pages = [
            asyncio.create_task(page(http, cookie, ready[number], begun, delays))
            for number, cookie in enumerate(cookies)
        ]
        await asyncio.wait_for(asyncio.gather(*(one.wait() for one in ready)), 60)
        # `hello` may be read before the process listens: one event until all have it.
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as db:
            while len(delays) < len(cookies):
                begun[0] = time.perf_counter()
                await tell(db, 0)
                await asyncio.sleep(0.5)
            delays.clear()
            told = asked.rate * asked.seconds
            started = time.perf_counter()
            for number in range(1, told + 1):
                await asyncio.sleep(max(0.0, started + number / asked.rate - time.perf_counter()))
                begun[number] = time.perf_counter()
                await tell(db, number)
        for _ in range(100):
            if len(delays) >= told * len(cookies):
                break
            await asyncio.sleep(0.1)
        for one in pages:
            one.cancel()
        await asyncio.gather(*pages, return_exceptions=True)
    return delays, told, len(delays)


async def tell(db: psycopg.AsyncConnection, number: int) -> None:
    """One event, as inbox.live writes it."""
    line = json.dumps({"what": "message", "contact": 1_000_000 + number, "conversation": number, "assignee": 3})
    await db.execute("SELECT pg_notify('inbox', %s)", [line])


async def page(
    http: httpx.AsyncClient, cookie: str, ready: asyncio.Event, begun: dict[int, float], delays: list[float]
) -> None:
    """One open page: reads its stream and notes the delay of every event."""
    headers = {"Cookie": f"envoi_session={cookie}", "Accept": "text/event-stream"}
    async with http.stream("GET", "/inbox/live", headers=headers) as answer:
        if answer.status_code != 200:
            sys.exit(f"The stream answered {answer.status_code}.")
        event, last = "", 0
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                event = line[7:]
                if event == "hello":
                    ready.set()
                elif event == "resync":
                    sys.exit("A page was told to ask anew: it was too far behind.")
            elif line.startswith("data: ") and event == "message":
                now = time.perf_counter()
                told: dict[str, Any] = json.loads(line[6:])
                number = int(told["conversation"])
                if number or not last:
                    delays.append((now - begun[number]) * 1000)
                last = 1


if __name__ == "__main__":
    main()
