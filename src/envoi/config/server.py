"""Granian, as every HTTP process of Envoi runs it."""

from __future__ import annotations

import logging

from granian import Granian
from granian.constants import Interfaces

logging.getLogger("_granian").setLevel(logging.WARNING)


def serve(target: str, host: str, port: int) -> None:
    """Serve the ASGI application named `module:attribute` in this process until SIGTERM or SIGINT."""
    Granian(
        target,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=1,
        websockets=False,
        log_access=False,
        log_level="warning",  # type: ignore[arg-type]
        # Longer than a page takes, shorter than the patience of `up`.
        workers_kill_timeout=10,
    ).serve()
