"""A simulator as a process, an account at its Meta, and somebody who listens for its webhooks. Plain HTTP."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from envoi.config.commands.simulated import Simulated, port_in

WABA, NUMBER, TOKEN, SECRET, VERIFY_TOKEN, APP = "222", "111", "token-of-222", "app-secret", "verify", "333"
ADDRESS = "+33 1 70 00 00 00"
BUSINESS = "+33170000000"
ANA = "+33639980001"

Answer = Callable[[bytes, dict[str, str]], int]


@contextmanager
def simulator(folder: Path) -> Iterator[Simulated]:
    """A simulator process without faults, twenty times as fast as life, with a review at once; ended with SIGTERM."""
    port_file = folder / "port"
    words = ["--port", "0", "--port-file", str(port_file), "--speed", "20"]
    process = subprocess.Popen([sys.executable, "-m", "envoi.simulator.main", *words])
    try:
        until(lambda: port_in(port_file) or process.poll() is not None, "the simulator listens")
        one = Simulated(f"http://127.0.0.1:{port_in(port_file)}")
        one.change(pair_limit=False, throughput_limit=False, review_seconds=1.0, customers={"reply_rate": 0.0})
        yield one
    finally:
        process.terminate()
        process.wait(15)


def put_account(one: Simulated, **more: Any) -> None:
    """The account WABA with one number; `more` are other fields of the simulator's AccountSpec."""
    number = {"id": NUMBER, "display_phone_number": ADDRESS, "verified_name": "Demo"}
    account = {"token": TOKEN, "app_secret": SECRET, "app_id": APP, "verify_token": VERIFY_TOKEN, "numbers": [number]}
    one.put_account("meta", WABA, {**account, **more})


def say(one: Simulated, **words: Any) -> str:
    """Ana writes, which opens her window; returns the id of what she wrote."""
    answer = one._call("POST", f"/_simulator/customers/{ANA}/say", {"phone_number_id": NUMBER, **words})
    return str(answer["id"])


def entries(one: Simulated, *names: str) -> list[tuple[Any, ...]]:
    """These fields of every send that the simulator accepted, in order."""
    return [tuple(entry[name] for name in names) for entry in one.accepted()]


class Listener:
    """A webhook address: `answer` gets every POST (body, headers), `verify_token` opens the GET check."""

    def __init__(self, answer: Answer, verify_token: str = VERIFY_TOKEN) -> None:
        self.posts: list[tuple[bytes, dict[str, str]]] = []
        self.handshakes: list[dict[str, str]] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                query = dict(parse_qsl(urlsplit(self.path).query))
                listener.handshakes.append(query)
                right = query.get("hub.verify_token") == verify_token
                self._answer(200 if right else 403, query.get("hub.challenge", "").encode())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status = answer(body, headers)
                listener.posts.append((body, headers))
                self._answer(status, b"")

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words: Any) -> None:
                """Nothing to standard error."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks/meta/key"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def until(true: Callable[[], object], what: str, seconds: float = 20) -> None:
    """Return as soon as `true()` is; fail when it is not in time."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not in {seconds} s: {what}"
        time.sleep(0.02)
