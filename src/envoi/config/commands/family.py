"""Child processes that live and die together: started, restarted when one falls, stopped in order."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from envoi.core import postgres

STEADY = 3.0  # seconds after which who was started again counts as running: longer than a start that fails
PATIENCE = 40.0  # seconds from SIGTERM to SIGKILL: longer than a provider may take to answer
PR_SET_PDEATHSIG = 1
STANDARD_ERROR = 2


@dataclass
class Child:
    """One process: what it runs, and when it may be started again after a fall."""

    name: str
    words: tuple[str, ...]
    process: subprocess.Popen[bytes] | None = None
    falls: int = 0
    is_down: bool = False
    again_at: float = 0.0
    started_at: float = 0.0
    environment: Mapping[str, str] = field(default_factory=dict)


class Family:
    """Runs `envoi …` commands as children. A child whose parent is killed is told to stop by the kernel (Linux)."""

    def __init__(self) -> None:
        self.children: list[Child] = []
        self._stop = threading.Event()

    def add(self, name: str, *words: str, environment: Mapping[str, str] | None = None) -> Child:
        """Start `envoi WORDS…` as a child called `name`."""
        child = Child(name, words, environment=environment or {})
        self.children.append(child)
        self._start(child)
        return child

    def run(self) -> int:
        """Watch over the children until SIGINT or SIGTERM, then stop them; returns the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stop.set())
        while not self._stop.wait(0.2):
            self.tend()
        self.stop()
        return 0

    def tend(self) -> None:
        """Start again whoever fell, after a pause that grows with each fall; the embedded database too."""
        postgres.keep_embedded()
        now = time.monotonic()
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                child.falls = 0 if now - child.started_at > 60 else child.falls + 1
                pause = min(2.0 ** min(child.falls, 5), 30.0)
                print(
                    f"envoi: {child.name} ended with {child.process.returncode}; again in {pause:.0f} s",
                    file=sys.stderr,
                    flush=True,
                )
                child.process, child.is_down = None, True
                child.again_at = now + pause
            elif child.process is None and now >= child.again_at:
                self._start(child)
            elif child.process is not None and child.is_down and now - child.started_at >= STEADY:
                print(f"envoi: {child.name} is running again", file=sys.stderr, flush=True)
                child.is_down = False

    def kill(self, child: Child) -> None:
        """As the kernel does when memory runs out: no warning, no last word. It starts again at the next look."""
        if child.process is None:
            return
        # Its group: a server's workers are processes of their own, and would keep the port.
        with suppress(ProcessLookupError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()
        child.process, child.again_at, child.falls = None, 0.0, 0

    def stop(self) -> None:
        """SIGTERM in the order in which they were added, then wait; SIGKILL for whoever stays."""
        alive = [child.process for child in self.children if child.process and child.process.poll() is None]
        for process in alive:
            process.terminate()
        end = time.monotonic() + PATIENCE
        for process in alive:
            try:
                process.wait(max(end - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, child: Child) -> None:
        child.started_at = time.monotonic()
        # A session of its own: Ctrl-C reaches the parent alone, which then stops the children in good order.
        child.process = subprocess.Popen(
            [sys.executable, "-m", "envoi.cli", *child.words],
            env={**os.environ, **child.environment},
            stdin=subprocess.DEVNULL,
            # The standard output is the command's own: figures as JSON are read from it.
            stdout=STANDARD_ERROR,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
