"""The worker process: Procrastinate on the database's own connection, listening for new jobs."""

from __future__ import annotations

from . import start  # isort: skip

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from django.db import close_old_connections
from procrastinate import App, JobContext
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.worker import Worker

__all__ = ["run", "start"]

log = logging.getLogger("envoi.worker")

CONCURRENCY = 4
LOOK_SECONDS = 1.0  # scheduled jobs do not notify, so they are looked for this often
HEARTBEAT_SECONDS = 5.0
DEAD_AFTER_SECONDS = 20.0


def run() -> None:
    """Run jobs until SIGTERM or SIGINT; those in progress come to their end first."""
    asyncio.run(_run())


async def _run() -> None:
    connector = app.connector
    assert isinstance(connector, DjangoConnector)
    worker_app = app.with_connector(connector.get_worker_connector())
    async with worker_app.open_async():
        rescue = asyncio.create_task(_rescue(worker_app))
        try:
            await worker_app.run_worker_async(
                concurrency=CONCURRENCY,
                fetch_job_polling_interval=LOOK_SECONDS,
                shutdown_graceful_timeout=30,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=DEAD_AFTER_SECONDS,
                install_signal_handlers=True,
                # What happened stands in our own tables; a job that went well would only fill this one.
                delete_jobs="successful",
                task_middleware=[_fresh_connection],
            )
        finally:
            rescue.cancel()


def _fresh_connection(call_next: Callable[[], Any], context: JobContext, worker: Worker) -> Any:
    """Every job starts on a connection that works: one that broke under the job before it is let go of."""
    close_old_connections()
    try:
        return call_next()
    finally:
        close_old_connections()


async def _rescue(worker_app: App) -> None:
    """Queue again the jobs of workers that were killed; every job of ours goes on from its checkpoint."""
    while True:
        try:
            stalled = await worker_app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_SECONDS)
            for job in stalled:
                log.warning("job %s (%s) lost its worker and is queued again", job.id, job.task_name)
                await worker_app.job_manager.retry_job(job)
        except Exception as error:
            # Whatever it is, the next round may find the database well again; ending here would end all rescues.
            log.warning("looking for lost jobs failed (%s); trying again", error)
        await asyncio.sleep(DEAD_AFTER_SECONDS / 2)
