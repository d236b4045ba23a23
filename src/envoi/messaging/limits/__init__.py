"""The limiters' arithmetic: pure functions of numbers and times. The state is in tables, read and written elsewhere.

They live here and not in dispatch, since what is promised before a launch must come from the same functions
(docs/decisions/0004).
"""

from .throughput import (
    HORIZON,
    SHARE,
    SLOWED_FOR,
    TOLERANCE,
    Pace,
    backoff,
    per_second,
    room,
    spacing,
    take,
)

__all__ = [
    "HORIZON",
    "SHARE",
    "SLOWED_FOR",
    "TOLERANCE",
    "Pace",
    "backoff",
    "per_second",
    "room",
    "spacing",
    "take",
]
