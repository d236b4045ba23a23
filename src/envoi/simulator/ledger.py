"""What the simulated provider saw, as the judge of the sender; it refuses to take the sender's word."""

import os
from collections import Counter, defaultdict, deque
from typing import IO, Any

import msgspec

from envoi.simulator.limits import SecondWindow

REMEMBERED = 200  # bodies kept to be looked at: all of a test, none of a million
ORDER = {"accepted": 0, "held": 1, "sent": 2, "delivered": 3, "read": 4}


class Entry(msgspec.Struct, kw_only=True, gc=False):
    """One accepted send. `state` is the furthest of accepted, held, sent, delivered, read, or failed, or lost.

    `opaque` is the sender's own id, `to` what it asked for, `customer` whom that means, `accepted_at` real
    unix seconds, `error` the code of an asynchronous failure, `fault` what the sender was shown instead of an
    answer.
    """

    wamid: str
    opaque: str | None
    to: str
    customer: str
    provider: str
    phone_number_id: str
    accepted_at: float
    kind: str
    template: str | None = None
    category: str | None = None
    fault: str | None = None
    state: str = "accepted"
    error: int | None = None
    replied: bool = False


class Ledger:
    """Counts and keeps every request; with a file, also appends each acceptance and each change as a line."""

    def __init__(self, path: str | None = None) -> None:
        self._encoder = msgspec.json.Encoder()
        self._path = path
        self._file: IO[bytes] | None = None
        self.clear()
        if path:
            os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
            self._file = open(path, "ab", buffering=0)  # noqa: SIM115 - lives as long as the ledger

    def clear(self) -> None:
        self.entries: list[Entry] = []
        self._bodies: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        self.requests = 0
        self.refused: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.reached: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self._accepted_by_opaque: Counter[str] = Counter()
        self._templates_by_customer: Counter[str] = Counter()
        self._customers: set[str] = set()
        self._opened: defaultdict[str, set[str]] = defaultdict(set)
        self._windows: defaultdict[str, SecondWindow] = defaultdict(SecondWindow)

    def close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def request(self, number: str, now: float) -> None:
        self.requests += 1
        self._windows[number].add(now)

    def accept(self, entry: Entry) -> None:
        self.entries.append(entry)
        self._customers.add(entry.customer)
        if entry.opaque is not None:
            self._accepted_by_opaque[entry.opaque] += 1
        if entry.kind == "template":
            self._templates_by_customer[entry.customer] += 1
        self._append(entry)

    def remember(self, entry: Entry, body: Any) -> None:
        """Keep what an accepted send asked for, for the last few of them."""
        self._bodies.append({"wamid": entry.wamid, "provider": entry.provider, "body": body})

    def bodies(self) -> list[dict[str, Any]]:
        """What the last REMEMBERED accepted sends asked for, oldest first."""
        return list(self._bodies)

    def opened(self, portfolio: str, customer: str) -> None:
        """Note that a template went to a customer outside the 24 h window: it counts against the messaging limit."""
        self._opened[portfolio].add(customer)

    def change(self, entry: Entry, state: str, error: int | None = None) -> None:
        """Note that a message reached a state; the entry keeps the furthest."""
        self.reached[state] += 1
        if state == "failed":
            entry.error = error
            self.failures[str(error)] += 1
        if state not in ORDER or ORDER[state] > ORDER.get(entry.state, 9):
            entry.state = state
        self._append({"wamid": entry.wamid, "opaque": entry.opaque, "state": state, "error": error})

    def reply(self, entry: Entry) -> None:
        if not entry.replied:
            entry.replied = True
            self.reached["replied"] += 1

    def report(self) -> dict[str, Any]:
        """The judge's figures; the meaning of each is in the control API's documentation (control.py)."""
        with_opaque = sum(self._accepted_by_opaque.values())
        return {
            "requests": self.requests,
            "accepted": len(self.entries),
            "unique_opaque": len(self._accepted_by_opaque),
            "duplicates": with_opaque - len(self._accepted_by_opaque),
            "customers": len(self._customers),
            "customers_written_twice": sum(1 for times in self._templates_by_customer.values() if times > 1),
            "customers_opened": {portfolio: len(them) for portfolio, them in self._opened.items()},
            "held": self.reached["held"],
            "sent": self.reached["sent"],
            "delivered": self.reached["delivered"],
            "read": self.reached["read"],
            "failed": self.reached["failed"],
            "replied": self.reached["replied"],
            "refused": dict(self.refused),
            "failures": dict(self.failures),
            "faults": dict(self.faults),
            "peak_per_second": {number: window.peak for number, window in self._windows.items()},
        }

    def lines(self) -> bytes:
        """Every accepted send as NDJSON, in order of acceptance."""
        return self._encoder.encode_lines(self.entries)

    def _append(self, line: Any) -> None:
        if self._file:
            self._file.write(self._encoder.encode(line) + b"\n")
