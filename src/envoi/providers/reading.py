"""Reading JSON that somebody else wrote: lenient about what is there, firm about what must be."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec

Json = dict[str, Any]

# What reading a value of another shape than expected raises.
MISSHAPEN = (LookupError, TypeError, ValueError, AttributeError, OverflowError, OSError, RecursionError)


class NotJson(Exception):
    """The bytes are no JSON."""


def read(body: bytes) -> Any:
    """The JSON value, without what PostgreSQL can't hold: NUL, half surrogates, NaN. Raises NotJson."""
    try:
        value = msgspec.json.decode(body)
        return _clean(value) if b"\\u0000" in body else value
    except (msgspec.MsgspecError, RecursionError, ValueError):
        pass
    try:
        # Slower and more lenient: an emoji cut in half must not cost a batch of a thousand statuses.
        return _clean(json.loads(body))
    except (ValueError, RecursionError):
        raise NotJson from None


def text(value: Any) -> str:
    """The value when it is a text, else ""."""
    return value if isinstance(value, str) else ""


def need(value: Any) -> str:
    """The value, which must be a text with something in it. Raises ValueError."""
    if not isinstance(value, str) or not value:
        raise ValueError("A text is missing.")
    return value


def items(value: Any) -> list[Any]:
    """The value when it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def fields(value: Any) -> Json:
    """The value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def _clean(value: Any) -> Any:
    match value:
        case str():
            whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            return whole.replace("\x00", "")
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {_clean(key): _clean(item) for key, item in value.items()}
        case list():
            return [_clean(item) for item in value]
    return value
