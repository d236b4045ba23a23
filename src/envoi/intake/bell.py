"""Wakes intake when the gateway has stored something: LISTEN on a connection of its own, with a look every second."""

from __future__ import annotations

import logging
from contextlib import suppress
from threading import Event
from types import TracebackType
from typing import Any, Self

import psycopg

log = logging.getLogger("envoi.intake")

# What the gateway calls: receipts and the like; what customers wrote.
WEBHOOKS = "envoi_webhooks"
MESSAGES = "envoi_messages"


class Bell:
    """Rings at most a second late: a lost connection only costs the notice, never the webhook."""

    def __init__(self, url: str, channel: str = WEBHOOKS, *, seconds: float = 1.0) -> None:
        self._url = url
        self._channel = channel
        self._seconds = seconds
        self._connection: psycopg.Connection[Any] | None = None

    def wait(self, stop: Event) -> None:
        """Return when something was stored, or after a second, or (within a second) when `stop` is set."""
        try:
            if self._connection is None:
                self._connection = psycopg.connect(
                    self._url, autocommit=True, connect_timeout=3, application_name="envoi intake bell"
                )
                self._connection.execute(f"LISTEN {self._channel}")
                return  # what was stored before this moment rang for nobody
            for _ in self._connection.notifies(timeout=self._seconds, stop_after=1):
                return
        except (psycopg.Error, OSError) as error:
            log.warning("the database answered %s; looking every second", error)
            self.close()
            stop.wait(self._seconds)

    def close(self) -> None:
        """Hang up."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error, OSError):
                connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
