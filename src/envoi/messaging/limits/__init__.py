"""The limiters' arithmetic: pure functions of numbers and times. The state is in tables, read and written elsewhere.

They live here and not in dispatch, since what is promised before a launch must come from the same functions
(docs/decisions/0004).
"""

from ...channels.tiers import UNPROVEN_PER_MINUTE
from .sharing import Sharing
from .throughput import (
    COEXISTENCE,
    DEFAULTS,
    HORIZON,
    LONGEST_REST_SECONDS,
    SHARE,
    SHARE_ALONE,
    TOLERANCE,
    TOLERANCE_ALONE,
    Pace,
    Slots,
    backoff,
    cut,
    deal,
    per_second,
    room,
    take,
)
from .window import Window

__all__ = [
    "COEXISTENCE",
    "DEFAULTS",
    "HORIZON",
    "LONGEST_REST_SECONDS",
    "SHARE",
    "SHARE_ALONE",
    "TOLERANCE",
    "TOLERANCE_ALONE",
    "UNPROVEN_PER_MINUTE",
    "Pace",
    "Sharing",
    "Slots",
    "Window",
    "backoff",
    "cut",
    "deal",
    "per_second",
    "room",
    "take",
]
