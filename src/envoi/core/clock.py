"""The time, in one place, always in UTC and always with its zone."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The current moment as an aware UTC datetime."""
    return datetime.now(UTC)


def from_unix(seconds: int | float | str) -> datetime:
    """A provider's Unix time (whole or fractional seconds, number or digits) as an aware UTC datetime.

    Raises ValueError, OverflowError or OSError when the number is no moment in time.
    """
    return datetime.fromtimestamp(float(seconds), UTC)
