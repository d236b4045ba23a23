"""Refusals in the words of each of Bird's three APIs (Bird sheet, 3.3, Gen 2, Gen 1)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

# The HTTP status of each error type of the Bird API.
STATUSES = {
    "bad_request": 400,
    "auth": 401,
    "billing": 402,
    "permission": 403,
    "not_found": 404,
    "conflict": 409,
    "gone": 410,
    "validation": 422,
    "rate_limit": 429,
    "internal": 500,
    "service_unavailable": 503,
}
GEN1_STATUSES = {2: 401, 20: 404, 99: 500, 98: 503}


class Refusal(Exception):
    """A refusal, ready to be sent. `code` is how the ledger counts it."""

    def __init__(self, status: int, code: str, body: dict[str, Any], *, retry_after: int = 0) -> None:
        super().__init__(code)
        self.status, self.code, self.body = status, code, msgspec.json.encode(body)
        self.headers = {"retry-after": str(retry_after)} if retry_after else {}


def bird(kind: str, message: str, *, name: str = "", param: str = "", retry_after: int = 0) -> Refusal:
    """An error of the Bird API."""
    words = name or kind.title().replace("_", "")
    error: dict[str, Any] = {
        "type": f"{kind}_error",
        "code": f"E{sum(map(ord, words)) % 100_000:05d}",
        "name": words,
        "message": message,
        "doc_url": "https://bird.com/docs/errors",
        "request_id": "req_simulated",
    }
    if param:
        error["param"] = param
        error["details"] = [{"param": param, "message": message}]
    return Refusal(STATUSES[kind], words, {"error": error}, retry_after=retry_after)


def crm(status: int, code: str, message: str) -> Refusal:
    """An error of Bird CRM Channels: the sheet names statuses only."""
    return Refusal(status, f"gen2 {status}", {"code": code, "message": message}, retry_after=1 if status == 429 else 0)


def messagebird(code: int, description: str, parameter: str | None = None, *, status: int = 0) -> Refusal:
    """An error of the MessageBird REST API."""
    error = {"code": code, "description": description, "parameter": parameter}
    return Refusal(status or GEN1_STATUSES.get(code, 422), f"conversations {code}", {"errors": [error]})


@contextmanager
def reading(malformed: Refusal) -> Iterator[None]:
    """While a body is read: what has another shape than expected is refused as malformed."""
    try:
        yield
    except (AttributeError, TypeError, LookupError, ValueError):
        raise malformed from None
