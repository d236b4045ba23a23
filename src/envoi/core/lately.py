"""What is asked all the time and hardly ever changes: a process that works in batches may believe it for a moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

_seconds = 0.0
_read: dict[str, tuple[float, Any]] = {}


def believe(seconds: float) -> None:
    """From now on this process believes for so long what it has read; 0 reads anew each time, as at first."""
    global _seconds
    _seconds = seconds
    _read.clear()


def known(name: str, read: Callable[[], T]) -> T:
    """What `read` has said lately, or says now. `name`: the same for the same question."""
    if not _seconds:
        return read()
    now = time.monotonic()
    at, value = _read.get(name, (float("-inf"), None))
    if now - at >= _seconds:
        value = read()
        _read[name] = (now, value)
    said: T = value
    return said


def doubt(name: str) -> None:
    """Read this anew the next time."""
    _read.pop(name, None)
