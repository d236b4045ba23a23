"""The worker's part in an import of orders."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from . import imports

# Again when the database went away or another worker is still on it; each try begins at the first line.
AGAIN = RetryStrategy(max_attempts=60, wait=5)


# One import at a time: they would only wait for each other's rows, and a campaign needs a worker too.
@app.task(name="orders.run_import", retry=AGAIN, lock="imports")
def run_import(import_id: int) -> None:
    """Bring one file in; safe to run twice."""
    imports.run(import_id)
