"""The simulator seen from the demo: started as a process, told of an account, asked what it saw. Plain HTTP."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from envoi.core.errors import Problem


class Simulated:
    """A running simulator at `url` (http://127.0.0.1:port)."""

    def __init__(self, url: str) -> None:
        self.url = url

    def put_account(self, provider: str, name: str, account: dict[str, object]) -> None:
        """Tell it of an account; Meta's face checks our webhook address at once. Raises Problem when that fails."""
        answer = self._call("PUT", f"/_simulator/{provider}/accounts/{name}", account)
        if str(answer.get("handshake", "")).startswith("failed"):
            raise Problem(f"The simulator could not reach the webhook address: {answer['handshake']}")

    def change(self, **settings: Any) -> None:
        """Lay settings over its own, such as speed and faults."""
        self._call("POST", "/_simulator/settings", settings)

    def play(self, scenario: dict[str, object]) -> None:
        """Let single customers do what a scenario says (simulator.customers.Scenario)."""
        self._call("POST", "/_simulator/scenario", scenario)

    def ledger(self) -> dict[str, Any]:
        """Its own count of what it accepted, and of what is still to happen."""
        return self._call("GET", "/_simulator/ledger")

    def say(self, phone: str, *, number: str, **what: Any) -> str:
        """Make a customer write now to one of our numbers (its id there); returns the message's id.

        what: text="…", image=True, button={…}, or a whole message={…}; beside it context={…}.
        """
        asked = {"phone_number_id": number, **what}
        return str(self._call("POST", f"/_simulator/customers/{phone.lstrip('+')}/say", asked)["id"])

    def accepted(self) -> Iterator[dict[str, Any]]:
        """Every send that it accepted."""
        with urlopen(self.url + "/_simulator/ledger/messages", timeout=30) as answer:  # noqa: S310
            for line in answer:
                if line.strip():
                    yield json.loads(line)

    def bodies(self) -> list[dict[str, Any]]:
        """What the last accepted sends asked for: {wamid, provider, body}, oldest first."""
        return list(self._call("GET", "/_simulator/ledger/bodies")["bodies"])

    def is_quiet(self) -> bool:
        """Whether nothing is scheduled there and no webhook waits to be delivered."""
        ledger = self.ledger()
        return not ledger["pending_webhooks"] and not ledger["scheduled"]

    def _call(self, method: str, path: str, body: object | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.url + path, data=data, method=method)  # noqa: S310  (our own loopback address)
        try:
            with urlopen(request, timeout=30) as answer:  # noqa: S310
                return dict(json.load(answer))
        except URLError as error:
            raise Problem(f"The simulator did not answer: {error}") from error


def wait_for(what: Callable[[], bool], *, seconds: float, sentence: str) -> None:
    """Return once `what` is true; raise Problem(sentence) when it is not within `seconds`."""
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise Problem(sentence)
        time.sleep(0.1)


def port_in(path: Path) -> int | None:
    """The port that the simulator wrote into its port file, None until it has."""
    try:
        return int(path.read_text())
    except (FileNotFoundError, ValueError):
        return None


def answers(url: str) -> bool:
    """Whether something answers 200 at `url`."""
    try:
        with urlopen(url, timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def any_port() -> int:
    """A port of this machine at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
