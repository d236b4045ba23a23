"""The worker's part in accounts: looking at their providers, regularly and when somebody asks."""

from __future__ import annotations

from collections.abc import Callable

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from ..core import jobs
from . import checks

AGAIN = RetryStrategy(max_attempts=3, wait=5)


@app.task(name="channels.check_account", retry=AGAIN)
def check_account(account_id: int, resume: bool = False) -> None:
    """Ask for numbers, limits, health and webhooks. Run twice it finds the same."""
    _told(account_id, lambda: checks.check(account_id, resume=resume))


@app.task(name="channels.set_up_hooks", retry=AGAIN)
def set_up_hooks(account_id: int) -> None:
    """Have the provider send its webhooks to us."""
    _told(account_id, lambda: checks.set_up_hooks(account_id))


@app.periodic(cron="*/15 * * * *")
@app.task(name="channels.check_all", queueing_lock="channels.check_all")
def check_all(timestamp: int) -> None:
    """Every quarter of an hour: one look at each connected account."""
    for account_id in checks.due():
        jobs.defer("channels.check_account", once=str(account_id), account_id=account_id)


@app.periodic(cron="* * * * *")
@app.task(name="channels.check_waiting", queueing_lock="channels.check_waiting")
def check_waiting(timestamp: int) -> None:
    """Every minute: whoever did not answer, or was restricted until now."""
    for account_id in checks.waiting():
        jobs.defer("channels.check_account", once=str(account_id), account_id=account_id)


def _told(account_id: int, work: Callable[[], None]) -> None:
    try:
        work()
    except Exception as error:
        checks.failed(account_id, error)
        raise
