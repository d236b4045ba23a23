"""The worker's part in an import of orders."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from . import imports

# Again when the database went away or another worker is still on it; each try begins at the first line.
AGAIN = RetryStrategy(max_attempts=60, wait=5)


@app.task(name="orders.run_import", retry=AGAIN)
def run_import(import_id: int) -> None:
    """Bring one file in; safe to run twice."""
    imports.run(import_id)
