"""The intake process: `envoi intake`. Django is set up by whoever calls it.

Two threads, each with its own connection: what customers write never waits for the receipts of a campaign.
"""

from __future__ import annotations

import signal
import sys
from threading import Event, Thread

from django.db import connection

from ..core.postgres import database_url
from .bell import MESSAGES, WEBHOOKS, Bell
from .engine import work

# Seconds after which a thread that computes lets the other on; Python's own 5 ms would be paid after each statement.
TURN = 0.0005


def run() -> None:
    """Turn stored webhooks into what they mean, until SIGTERM or SIGINT; the steps that run are finished first."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    sys.setswitchinterval(TURN)
    urgent = Thread(target=_urgent, args=(stop,), name="urgent")
    urgent.start()
    try:
        with Bell(database_url(), WEBHOOKS) as bell:
            work(stop, bell, urgent=False)
    finally:
        stop.set()
        urgent.join()


def _urgent(stop: Event) -> None:
    try:
        with Bell(database_url(), MESSAGES) as bell:
            work(stop, bell, urgent=True)
    finally:
        connection.close()
