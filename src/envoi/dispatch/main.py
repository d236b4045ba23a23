"""The dispatch process: one runner for each active channel, started and stopped as channels come and go."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

import psycopg
import uvloop
from psycopg_pool import ConnectionPool, PoolTimeout

from ..core.sessions import KEYS_ONLY, UTC, insist
from ..messaging import ledger
from ..providers.http import Client
from . import store
from .bell import Bell
from .engine import Limits, Pool, Runner
from .files import LASTS, Files

log = logging.getLogger("envoi.dispatch")

CONNECTIONS = 8192
SWITCH = 0.0005  # seconds
GARBAGE = 50_000  # new objects between two looks for cycles
# A plan that was made while a table was empty (and kept, as prepared statements do) made claims slower with each
# message. A long campaign's outbox begins with rows that have gone: who looks for the first one left by reading it
# reads them all.
SESSION = {**UTC, **KEYS_ONLY, "plan_cache_mode": "force_custom_plan"}
LOOK = 1.0  # seconds between two looks at the channels, and at claims whose holder died


def run(url: str) -> None:
    """Dispatch for every channel of the database at `url` until SIGTERM or SIGINT, then finish what is in flight.

    ENVOI_LEASE_SECONDS and ENVOI_ANSWER_SECONDS change how long a claim lasts and how long an answer may take; a
    lease shorter than twice the answer time is raised to it.
    """
    answer = float(os.environ.get("ENVOI_ANSWER_SECONDS", "30"))
    lease = max(float(os.environ.get("ENVOI_LEASE_SECONDS", "120")), 2 * answer)
    allowed = Limits(lease=timedelta(seconds=lease), answer=timedelta(seconds=answer))
    # The threads at the database wait up to this long for the busy event loop, several times in each statement.
    sys.setswitchinterval(SWITCH)
    # Each message leaves a hundred objects that live for a second: looking through all of them after every 700 new ones
    # took a sixth of the time. Cycles are rare here and still found.
    gc.freeze()
    gc.set_threshold(GARBAGE)
    uvloop.run(_serve(url, allowed))


async def _serve(url: str, allowed: Limits) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)

    pool: Pool = ConnectionPool(
        url,
        min_size=1,
        max_size=6,
        timeout=5,
        open=True,
        kwargs={"application_name": "envoi dispatch"},
        configure=partial(insist, settings=SESSION),
    )
    # Each channel has its own share of requests in flight (engine.Limits), so the pool must not be what they wait for:
    # a provider that hangs would keep the others' connections.
    # Uploads have connections and patience of their own: a large file takes longer than any message's answer.
    async with (
        Client(answer_seconds=allowed.answer.total_seconds(), connections=CONNECTIONS) as http,
        Client(answer_seconds=LASTS.total_seconds() * 0.8, connections=8) as uploading,
    ):
        files = Files(pool, uploading)
        runners: dict[int, tuple[store.Route, Runner, asyncio.Task[int]]] = {}

        def ring(channel_id: int) -> None:
            if channel_id in runners:
                runners[channel_id][1].wake()

        bell = Bell(url, lambda channel_id: _soon(loop, ring, channel_id))
        try:
            while not stopping.is_set():
                await _follow(pool, http, allowed, files, runners)
                try:
                    await asyncio.wait_for(stopping.wait(), LOOK)
                except TimeoutError:
                    continue
        finally:
            bell.close()
            for _, runner, _ in runners.values():
                runner.stop()
            await files.close()
            await asyncio.gather(*(task for _, _, task in runners.values()), return_exceptions=True)
            pool.close()


def _soon(loop: asyncio.AbstractEventLoop, ring: Callable[[int], None], channel_id: int) -> None:
    """Ring in the loop, unless that is over."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(ring, channel_id)


async def _follow(
    pool: Pool,
    http: Client,
    allowed: Limits,
    files: Files,
    runners: dict[int, tuple[store.Route, Runner, asyncio.Task[int]]],
) -> None:
    """Make the runners fit the channels as they are now: changed ones restart, paused ones end."""
    try:
        wanted = await asyncio.to_thread(_look, pool)
    except (psycopg.Error, PoolTimeout) as error:
        log.warning("the database answered %s; trying again", error)
        return
    for channel_id, (route, runner, task) in list(runners.items()):
        if task.done():
            if task.exception():
                log.error("channel %s stopped", channel_id, exc_info=task.exception())
            del runners[channel_id]
        elif wanted.get(channel_id) != route:
            runner.stop()
    for channel_id in wanted.keys() - runners.keys():
        runner = Runner(wanted[channel_id], pool, http, allowed, files)
        runners[channel_id] = (wanted[channel_id], runner, asyncio.create_task(runner.run()))


def _look(pool: Pool) -> dict[int, store.Route]:
    with pool.connection() as db:
        wanted = store.routes(db, allow_base_url=os.environ.get("ENVOI_PROVIDER_URLS") == "1")
        for row in db.execute("SELECT id FROM channels").fetchall():
            parked = ledger.park_lapsed(db, row[0])
            if parked:
                log.warning("channel %s: %s messages uncertain, as their sender stopped", row[0], parked)
    return wanted
