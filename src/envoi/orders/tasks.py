"""The worker's part in orders: imports, windows that move with time, bounds of scores, values after a changed rate."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from ..contacts.undoing import forget_old
from ..core import jobs
from . import bounds, exchange, imports, undoing, windows

# Again when the database went away or another worker is still on it; each try begins at the first line.
AGAIN = RetryStrategy(max_attempts=60, wait=5)
LONGEST_WAIT_SECONDS = 600


# One import at a time: they would only wait for each other's rows, and a campaign needs a worker too.
@app.task(name="orders.run_import", retry=AGAIN, lock="imports")
def run_import(import_id: int) -> None:
    """Bring one file in; safe to run twice."""
    imports.run(import_id)


@app.task(name="orders.undo_import", retry=AGAIN, lock="imports")
def undo_import(import_id: int) -> None:
    """Take one import back; safe to run twice."""
    undoing.run(import_id)


@app.periodic(cron="25 3 * * *")
@app.task(name="orders.forget_imports", queueing_lock="orders.forget_imports")
def forget_imports(timestamp: int = 0) -> None:
    """Let go of what can't be undone any more."""
    forget_old(["order_changes"])


@app.periodic(cron="* * * * *")
@app.task(name="orders.keep_windows", queueing_lock="orders.keep_windows")
def keep_windows(timestamp: int = 0) -> None:
    """Each minute: orders that have grown too old leave the counts of the last days."""
    while windows.keep_stretch():
        pass


@app.periodic(cron="23 * * * *")
@app.task(name="orders.keep_bounds", queueing_lock="orders.keep_bounds")
def keep_bounds(timestamp: int = 0) -> None:
    """Each hour: the bounds of the RFM scores."""
    bounds.refresh()


@app.task(name="orders.refresh_bounds", retry=AGAIN)
def refresh_bounds() -> None:
    """The bounds of the RFM scores, after much has changed at once."""
    bounds.refresh()


@app.task(name="orders.revalue", retry=AGAIN)
def revalue(until: int = 0, tries: int = 0) -> None:
    """Values after a changed rate, and again while somebody may still write by the old one."""
    if until := exchange.revalue(until):
        wait = min(5 * 2**tries, LONGEST_WAIT_SECONDS)
        jobs.defer("orders.revalue", after_seconds=wait, until=until, tries=tries + 1)
