"""The intake process: `envoi intake`. Django is set up by whoever calls it."""

from __future__ import annotations

import signal
from threading import Event

from ..core.postgres import database_url
from .bell import Bell
from .engine import work


def run() -> None:
    """Turn stored webhooks into what they mean, until SIGTERM or SIGINT; the step that runs is finished first."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Bell(database_url()) as bell:
        work(stop, bell)
