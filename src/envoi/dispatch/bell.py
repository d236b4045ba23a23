"""Wakes the runner of a channel when an answer waits there: LISTEN on a connection and a thread of its own.

Without it an answer is found at the next look, a tenth of a second later: a lost connection costs only that.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread

import psycopg

from ..messaging.ledger import BELL

log = logging.getLogger("envoi.dispatch")

LOOK = 1.0  # seconds between two looks at whether it is over
PAUSE = 1.0  # seconds before the next connection


class Bell:
    """Calls `ring` with the id of a channel, in a thread, for each notice."""

    def __init__(self, url: str, ring: Callable[[int], None]) -> None:
        self._url = url
        self._ring = ring
        self._over = Event()
        self._thread = Thread(target=self._listen, name="bell", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Hear nothing more; the thread ends within a second by itself."""
        self._over.set()

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                with psycopg.connect(
                    self._url, autocommit=True, connect_timeout=3, application_name="envoi dispatch bell"
                ) as db:
                    db.execute(f"LISTEN {BELL}")
                    while not self._over.is_set():
                        for notice in db.notifies(timeout=LOOK):
                            with suppress(ValueError):
                                self._ring(int(notice.payload))
            except (psycopg.Error, OSError) as error:
                log.warning("the database answered %s; answers wait for the next look", error)
                self._over.wait(PAUSE)
