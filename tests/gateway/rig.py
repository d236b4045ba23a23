"""A real gateway process behind granian, and small tools to talk to it."""

from __future__ import annotations

import hashlib
import hmac
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import Any

SECRET = "secret-1"  # the app secret of tests/conftest.py's account
PROGRAM = "import sys; from envoi.gateway.main import run; run(sys.argv[1], '127.0.0.1', int(sys.argv[2]))"


class Running:
    """A gateway that listens on `port`."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.port = port

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> HTTPResponse:
        """One request on a connection of its own; the answer is read whole into `.text`."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response: Any = connection.getresponse()
            response.text = response.read().decode()
            return response
        finally:
            connection.close()

    def post(self, hook_key: str, body: bytes, **headers: str) -> HTTPResponse:
        """A webhook with a right signature, unless `headers` say otherwise."""
        return self.ask("POST", f"/hooks/meta/{hook_key}", body, {**signed(body), **headers})


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """The headers that Meta sends with these bytes."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}", "Content-Type": "application/json"}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def running(url: str) -> Iterator[Running]:
    """A gateway process for the database at `url`, once it listens; ended with SIGTERM."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, url, str(port)], env=dict(os.environ))
    gateway = Running(process, port)
    try:
        until(lambda: listens(port), f"gateway on port {port}")
        yield gateway
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def until(true: Callable[[], object], what: str, seconds: float = 15) -> None:
    """Return as soon as `true()` is; fail when it is not in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return
        time.sleep(0.02)
    raise AssertionError(f"not in {seconds} s: {what}")
