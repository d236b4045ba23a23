"""The intake process: `envoi intake`. Django is set up by whoever calls it.

Two processes: this one works through what customers write, its child through all else, a campaign's receipts above
all. Neither waits for the other's Python, and on a busy machine the child gives way: a receipt may wait for a few
seconds, a customer may not. They end together: whoever watches over this command starts both again.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from threading import Event, Thread
from typing import NoReturn

from ..core import lately
from ..core.postgres import database_url
from ..core.priority import give_way
from .bell import MESSAGES, WEBHOOKS, Bell
from .engine import work

log = logging.getLogger("envoi.intake")

# Seconds in which a signal that has ended the child reaches its parent too: systemd and people with `kill` tell both.
BOTH = 2.0

# Seconds until a change of rules, words, hours or channels is heeded: half a dozen look-ups for each batch are saved.
BELIEVES = 1.0


def run() -> int:
    """Turn stored webhooks into what they mean, until SIGTERM or SIGINT; the steps that run are finished first.

    Call it before anything has a connection or a thread. Returns the exit code: 1 when the child ended and nobody had
    asked this process to.
    """
    stop, asked = Event(), Event()

    def end(*_: object) -> None:
        asked.set()
        stop.set()

    def follow() -> None:
        # Who stops a service may tell both at once, and the child may be the faster one.
        asked.wait(BOTH)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    # Nothing is ever written into it: its other end closes when whoever holds that has ended, however that came.
    ours, theirs = socket.socketpair()
    lately.believe(BELIEVES)
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        ours.close()
        _work_on_receipts(stop, parent=theirs)
    theirs.close()
    Thread(target=_when_closed, args=(ours, follow), name="child", daemon=True).start()
    try:
        with Bell(database_url(), MESSAGES) as bell:
            work(stop, bell, urgent=True)
    finally:
        # A child that has ended and was not waited for yet takes the signal as well.
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
    if not asked.is_set():
        log.error("the process for receipts has ended, hence so does this one")
        return 1
    return 0


def _work_on_receipts(stop: Event, *, parent: socket.socket) -> NoReturn:
    """The child's whole life."""
    code = 1
    try:
        # A session of its own, so that it can give way to all others of this machine; Ctrl-C reaches it by its parent.
        os.setsid()
        give_way()
        # At once, as after a kill: what it was doing is done again by whoever comes next.
        Thread(target=_when_closed, args=(parent, lambda: os._exit(1)), name="parent", daemon=True).start()
        with Bell(database_url(), WEBHOOKS) as bell:
            work(stop, bell, urgent=False)
        code = 0
    except BaseException:
        log.exception("the process for receipts failed")
    finally:
        logging.shutdown()
        os._exit(code)


def _when_closed(other: socket.socket, then: Callable[[], None]) -> None:
    other.recv(1)
    then()
