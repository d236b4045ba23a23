"""The time, in one place, always in UTC and always with its zone."""

from __future__ import annotations

import os
from datetime import UTC, datetime


def now() -> datetime:
    """The current moment as an aware UTC datetime."""
    return datetime.now(UTC)


def from_unix(seconds: int | float | str) -> datetime:
    """A provider's Unix time (whole or fractional seconds, number or digits) as an aware UTC datetime.

    Raises ValueError, OverflowError or OSError when the number is no moment in time.
    """
    return datetime.fromtimestamp(float(seconds), UTC)


def service_now() -> datetime:
    """The moment by which customers' waits are counted: now.

    For trying out and for tests ENVOI_SERVICE_CLOCK makes it run faster from a moment on, the same in every process:
    "600 2026-11-27T20:00:00+00:00" is ten minutes for each second since then.
    """
    words = os.environ.get("ENVOI_SERVICE_CLOCK")
    if not words:
        return now()
    speed, since = words.split(" ", 1)
    start = datetime.fromisoformat(since)
    return start + (now() - start) * float(speed)
