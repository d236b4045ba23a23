"""The worker's part in contacts: imports, and ids whose business became known."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from . import identities, imports, stored, undoing, unpacking

# Again when the database went away or another worker is still on it; each try begins at the first line.
AGAIN = RetryStrategy(max_attempts=60, wait=5)


# One import at a time: they would only wait for each other's rows, and a campaign needs a worker too.
@app.task(name="contacts.run_import", retry=AGAIN, lock="imports")
def run_import(import_id: int) -> None:
    """Bring one file in; safe to run twice."""
    imports.run(import_id)


# One at a time: each may take the memory that a workbook is allowed.
@app.task(name="contacts.unpack", retry=AGAIN, lock="workbooks")
def unpack(import_id: int) -> None:
    """Turn a large workbook into CSV; safe to run twice."""
    unpacking.run(import_id)


@app.task(name="contacts.undo_import", retry=AGAIN, lock="imports")
def undo_import(import_id: int) -> None:
    """Take one import back; safe to run twice."""
    undoing.run(import_id)


@app.periodic(cron="20 3 * * *")
@app.task(name="contacts.forget_imports", queueing_lock="contacts.forget_imports")
def forget_imports(timestamp: int) -> None:
    """Let go of what can't be undone any more, and of the files themselves, sooner."""
    undoing.forget_old(["import_changes"])
    stored.forget_old()


@app.periodic(cron="12 * * * *")
@app.task(name="contacts.forget_parts", queueing_lock="contacts.forget_parts")
def forget_parts(timestamp: int = 0) -> None:
    """Each hour: delete what killed workers have left half written."""
    stored.forget_parts()


@app.task(name="contacts.rescope", retry=AGAIN)
def rescope(account_id: int, before: str) -> None:
    """The business behind an account became known, or is another: its people's ids hold there. Safe to run twice."""
    identities.rescope(account_id, before)
