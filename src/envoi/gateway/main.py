"""The gateway process: `envoi gateway`."""

from __future__ import annotations

import gc
import os

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from ..core.postgres import database_url
from .rsgi import RsgiGateway


def run(url: str, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT; requests that wait for a commit get their answer first."""
    # The server's worker is a process of its own, which finds the database the way every process does.
    os.environ["ENVOI_DATABASE_URL"] = url
    Granian(
        "envoi.gateway.main:application",
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        factory=True,
        websockets=False,
        backlog=1024,
        log_level=LogLevels.warning,
    ).serve()


def application() -> RsgiGateway:
    """The application of one worker process."""
    application = RsgiGateway(database_url())
    # What stands now stays until the end: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    return application
