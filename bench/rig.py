"""What every benchmark needs: a database of its own, processes that end with it, memory at its peak, one JSON line.

A benchmark prints one object: name, value, unit, baseline, baseline_value, ratio (value / baseline_value, both measured
in this run), seconds, peak_rss_mb, and whatever else it measured. Progress goes to standard error.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg

from envoi.core import postgres

LOOK_SECONDS = 0.2


def say(text: str) -> None:
    """Progress, for whoever watches."""
    print(text, file=sys.stderr, flush=True)


class Memory:
    """The highest resident memory of a process and of those under it, looked at five times a second, in MB."""

    def __init__(self, pid: int) -> None:
        self.peak_mb = 0.0
        self._pid = pid
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()

    def stop(self) -> float:
        """The peak, in MB; nothing is watched any more."""
        self._over.set()
        self._watch.join()
        return round(self.peak_mb, 1)

    def _look(self) -> None:
        while not self._over.is_set():
            with suppress(psutil.Error):
                one = psutil.Process(self._pid)
                family = [one, *one.children(recursive=True)]
                self.peak_mb = max(self.peak_mb, sum(member.memory_info().rss for member in family) / 1e6)
            self._over.wait(LOOK_SECONDS)


class Usage:
    """Processor seconds and peak memory by name, of processes and of those under them, and of PostgreSQL's own.

    PostgreSQL's processes are named by what they serve: start each process with PGAPPNAME. This process itself is "the
    benchmark". Looked at once a second by one thread, since this process has other work.
    """

    def __init__(self, processes: Mapping[str, int], url: str) -> None:
        self._processes = processes
        self._db = psycopg.connect(url, autocommit=True)
        self._first: dict[psutil.Process, float] = {}
        self._last: dict[psutil.Process, tuple[str, float]] = {}
        self.peak_mb = 0.0
        self._look(new=False)
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._watches, daemon=True)
        self._watch.start()

    def stop(self) -> dict[str, float]:
        """Seconds by name since the beginning, the most first; nothing is watched any more."""
        self._over.set()
        self._watch.join()
        self._look()
        self._db.close()
        seconds: Counter[str] = Counter()
        for process, (name, used) in self._last.items():
            seconds[name] += used - self._first[process]
        return {name: round(used, 1) for name, used in seconds.most_common()}

    def _watches(self) -> None:
        while not self._over.wait(1.0):
            self._look()

    def _look(self, *, new: bool = True) -> None:
        """Note what each has used. new: who is seen for the first time began after the measurement did."""
        peak = 0.0
        for name, process in self._everybody():
            with suppress(psutil.Error):
                times = process.cpu_times()
                used = float(times.user + times.system)
                self._first.setdefault(process, 0.0 if new else used)
                self._last[process] = (name, used)
                if not name.startswith("postgres"):
                    peak += process.memory_info().rss / 1e6
        self.peak_mb = max(self.peak_mb, peak)

    def _everybody(self) -> Iterator[tuple[str, psutil.Process]]:
        yield "the benchmark", psutil.Process()
        for name, pid in self._processes.items():
            with suppress(psutil.Error):
                one = psutil.Process(pid)
                yield from ((name, member) for member in (one, *one.children(recursive=True)))
        for pid, kind, served in self._db.execute(
            "SELECT pid, backend_type, application_name FROM pg_stat_activity"
        ).fetchall():
            with suppress(psutil.Error):
                process = psutil.Process(pid)
                # A server on another machine has other processes under these numbers.
                if process.name().startswith("postgres"):
                    yield f"postgres {served if kind == 'client backend' else kind}".strip(), process


class Bench:
    """One benchmark's surroundings: `url` is an empty, migrated database; `folder` is gone afterwards."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.started = time.monotonic()
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        """Run `python WORDS…` (("-m", "envoi.cli", "dispatch") for one of ours) on this database until the end."""
        process = subprocess.Popen([sys.executable, *words], env={**os.environ, **environment})
        self._processes.append(process)
        return process

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """End one of them in order, and by force when it does not."""
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def close(self) -> None:
        """End every process that was started here."""
        for process in reversed(self._processes):
            self.end(process)


@contextmanager
def bench() -> Iterator[Bench]:
    """A fresh database, on the server of ENVOI_DATABASE_URL or on an embedded one; all is gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="envoi-bench-"))
    drop: Callable[[], None] | None = None
    given = os.environ.get("ENVOI_DATABASE_URL")
    os.environ["ENVOI_HOME"] = str(folder / "home")
    os.environ["ENVOI_PROVIDER_URLS"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "envoi.config.settings")
    say("Preparing a database …")
    if given:
        url, drop = postgres.temporary_database(given)
    else:
        url = postgres.database_url()
    os.environ["ENVOI_DATABASE_URL"] = url
    subprocess.run([sys.executable, "-m", "envoi.cli", "migrate"], check=True, stderr=subprocess.DEVNULL)
    one = Bench(url, folder)
    try:
        yield one
    finally:
        one.close()
        if drop:
            drop()
            os.environ["ENVOI_DATABASE_URL"] = str(given)
        postgres.stop_embedded()
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody listens on this port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used so far, its own threads included, in seconds."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def wait_for(what: Callable[[], Any], *, seconds: float, sentence: str) -> None:
    """Return once `what` is true. Raises TimeoutError with the sentence."""
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise TimeoutError(sentence)
        time.sleep(0.02)


def result(
    name: str,
    *,
    value: float,
    unit: str,
    baseline: str,
    baseline_value: float,
    seconds: float,
    peak_rss_mb: float,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Print the benchmark's one line."""
    print(
        json.dumps(
            {
                "name": name,
                "value": round(value, 4),
                "unit": unit,
                "baseline": baseline,
                "baseline_value": round(baseline_value, 4),
                "ratio": round(value / baseline_value, 4),
                "seconds": round(seconds, 1),
                "peak_rss_mb": round(peak_rss_mb, 1),
                **(more or {}),
            }
        ),
        flush=True,
    )
