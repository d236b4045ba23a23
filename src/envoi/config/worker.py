"""The worker process: Procrastinate on the database's own connection, listening for new jobs."""

from __future__ import annotations

from . import start  # isort: skip

import asyncio
import logging

from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import ConnectorException

__all__ = ["run", "start"]

log = logging.getLogger("envoi.worker")

CONCURRENCY = 4
LOOK_SECONDS = 1.0  # scheduled jobs do not notify, so they are looked for this often
HEARTBEAT_SECONDS = 5.0
DEAD_AFTER_SECONDS = 20.0


def run() -> None:
    """Run jobs until SIGTERM or SIGINT; one in progress gets 30 seconds to end, then is left to be run again."""
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
            )
        finally:
            rescue.cancel()


async def _rescue(worker_app: App) -> None:
    """Queue again the jobs of workers that were killed; every job of ours goes on from its checkpoint."""
    while True:
        try:
            stalled = await worker_app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_SECONDS)
            for job in stalled:
                log.warning("job %s (%s) lost its worker and is queued again", job.id, job.task_name)
                await worker_app.job_manager.retry_job(job)
        except ConnectorException as error:
            log.warning("the database answered %s; trying again", error)
        await asyncio.sleep(DEAD_AFTER_SECONDS / 2)
