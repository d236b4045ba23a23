"""Which provider answers a repeated request with its first answer, so that sending again doubles nobody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

# How long a key is remembered is not published; an hour is far below what others of its kind keep.
SAFE_FOR = timedelta(hours=1)
TRIES = 4


def repeats_safely(provider: str, credentials: Mapping[str, Any]) -> bool:
    """Whether a message may be sent again under its Idempotency-Key (Bird sheet, 3.1 and 3.3: the Bird API alone).

    Meta, Twilio, Zenvia and Bird's older APIs have no such key (Meta sheet A.1, Twilio sheet 2, Zenvia sheet 5).
    """
    return provider == "bird" and (credentials.get("mode") or "gen3") == "gen3"
