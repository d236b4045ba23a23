"""The worker process: Procrastinate on the database's own connection, listening for new jobs."""

from __future__ import annotations

from . import start  # isort: skip

import asyncio
import logging
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg
from asgiref.sync import sync_to_async
from django.db import close_old_connections, connections
from procrastinate import App, JobContext
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.worker import Worker
from psycopg_pool import PoolTimeout

__all__ = ["run", "start"]

log = logging.getLogger("envoi.worker")

CONCURRENCY = 4
LOOK_SECONDS = 1.0  # scheduled jobs do not notify, so they are looked for this often
HEARTBEAT_SECONDS = 3.0
DEAD_AFTER_SECONDS = 12.0
LONGEST_PAUSE = 8.0


def run() -> None:
    """Run jobs until SIGTERM or SIGINT; those in progress come to their end first."""
    asyncio.run(_run())


async def _run() -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    stopped = asyncio.create_task(stopping.wait())
    pause = 0.5
    while not stopping.is_set():
        began = time.monotonic()
        # Procrastinate's own look-ups share one of Django's connections, which nobody else would let go of.
        await sync_to_async(connections.close_all)()
        work = asyncio.create_task(_work())
        await asyncio.wait([work, stopped], return_when=asyncio.FIRST_COMPLETED)
        if stopping.is_set():
            # The jobs in progress come to their end; what does not in time is queued again by the next worker.
            work.cancel()
        try:
            await work
            why = "its listener ended"
        except asyncio.CancelledError:
            return
        except (ConnectorException, psycopg.Error, PoolTimeout) as error:
            why = str(error.__cause__ or error).strip()
        if stopping.is_set():
            return
        # Procrastinate gives up with its connection. What was under way is queued again, here or elsewhere.
        pause = 0.5 if time.monotonic() - began > 60 else min(pause * 2, LONGEST_PAUSE)
        log.warning("the worker lost the database (%s); again in %.1f s", why, pause)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), pause)


async def _work() -> None:
    """Run jobs until cancelled, or until the database is gone: then it returns, or raises ConnectorException."""
    connector = app.connector
    assert isinstance(connector, DjangoConnector)
    worker_app = app.with_connector(connector.get_worker_connector())
    async with worker_app.open_async():
        over = asyncio.Event()
        rescue = asyncio.create_task(_rescue(worker_app, over))
        try:
            await worker_app.run_worker_async(
                concurrency=CONCURRENCY,
                fetch_job_polling_interval=LOOK_SECONDS,
                shutdown_graceful_timeout=30,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=DEAD_AFTER_SECONDS,
                install_signal_handlers=False,
                # What happened stands in our own tables; a job that went well would only fill this one.
                delete_jobs="successful",
                task_middleware=[_fresh_connection],
            )
        finally:
            # Set as well: a pool that breaks at this moment may swallow the cancellation.
            over.set()
            rescue.cancel()


def _fresh_connection(call_next: Callable[[], Any], context: JobContext, worker: Worker) -> Any:
    """Every job starts on a connection that works: one that broke under the job before it is let go of."""
    close_old_connections()
    try:
        return call_next()
    finally:
        close_old_connections()


async def _rescue(worker_app: App, over: asyncio.Event) -> None:
    """Queue again the jobs of workers that were killed; every job of ours goes on from its checkpoint."""
    while not over.is_set():
        try:
            stalled = await worker_app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_SECONDS)
            for job in stalled:
                await _again(worker_app, job)
        except Exception as error:
            # Whatever it is, the next round may find the database well again; ending here would end all rescues.
            log.warning("looking for lost jobs failed (%s); trying again", error)
        await asyncio.sleep(DEAD_AFTER_SECONDS / 2)


async def _again(worker_app: App, job: Job) -> None:
    log.warning("job %s (%s) lost its worker and is queued again", job.id, job.task_name)
    try:
        await worker_app.job_manager.retry_job(job)
    except UniqueViolation:
        # The same work waits in the queue already, under the same lock: once is enough.
        await worker_app.job_manager.finish_job(job, status=Status.ABORTED, delete_job=True)
