"""Granian, as every HTTP process of Envoi runs it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces

logging.getLogger("_granian").setLevel(logging.WARNING)


STATIC_SECONDS = 300  # how long a browser may keep a file without asking: short, as an update keeps the names


def serve(target: str, host: str, port: int, *, static: Mapping[str, Path] | None = None) -> None:
    """Serve the ASGI application named `module:attribute` in this process until SIGTERM or SIGINT.

    static: folders of files that the server answers by itself, by the path under which they appear.
    """
    static = static or {}
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
        static_path_route=list(static) or None,
        static_path_mount=list(static.values()) or None,
        static_path_expires=STATIC_SECONDS,
    ).serve()
