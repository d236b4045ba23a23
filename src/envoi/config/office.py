"""What the command line does through the same actions as the pages; the operator needs no sign-in."""

from __future__ import annotations

from . import start  # isort: skip

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from envoi.contacts import actions as contacts
from envoi.contacts.imports import run as run_contacts
from envoi.contacts.models import Import
from envoi.orders.imports import run as run_orders
from envoi.team import actions as team
from envoi.team import keys

__all__ = ["add_key", "add_staff", "bring", "start"]

add_staff = lambda **given: team.add_staff(**given, by=None)  # noqa: E731
add_key = lambda **given: keys.make(**given, by=None)  # noqa: E731


def bring(kind: str, path: Path, options: dict[str, Any], tell: Callable[[str], None]) -> dict[str, Any]:
    """Import a file in this process and return what came of it; `tell` hears the progress twice a second."""
    with path.open("rb") as file:
        one = contacts.start_import(kind=kind, file_name=path.name, file=file, options=options, by=None, queue=False)
    done = threading.Event()

    def progress() -> None:
        while not done.wait(0.5):
            now = Import.objects.get(pk=one.pk)
            tell(f"{now.rows_read:,} rows, {now.bytes_done:,} of {now.bytes_total:,} bytes ")

    watcher = threading.Thread(target=progress, daemon=True)
    watcher.start()
    try:
        (run_contacts if kind == "contacts" else run_orders)(one.pk)
    finally:
        done.set()
        watcher.join()
    one.refresh_from_db()
    return {
        "state": one.state,
        "read": one.rows_read,
        "created": one.rows_created,
        "updated": one.rows_updated,
        "unchanged": one.rows_unchanged,
        "duplicate": one.rows_duplicate,
        "rejected": one.rows_rejected,
        "problem": one.problem,
    }
