"""The pair rate: how fast one number may write to one customer (Meta sheet, E.1). Pure arithmetic; state in `pairs`.

One message every INTERVAL; up to BURST at once, which borrow from the time to come. `borrowed_until` is the moment at
which all that was borrowed is paid back (the "theoretical arrival time" of the generic cell rate algorithm).
"""

from __future__ import annotations

from datetime import datetime, timedelta

INTERVAL = timedelta(seconds=6)
BURST = 45
TOLERANCE = INTERVAL * (BURST - 1)

# 131056 "too many messages to this person": 4^n seconds, n = 0, 1, 2 …; forgotten after REMEMBERED without one.
LONGEST_REST = timedelta(seconds=4**6)
REMEMBERED = timedelta(minutes=10)

# A provider's wait that is shorter than this is for the pair; a longer one leaves the customer's promotions waiting.
SHORT = timedelta(hours=2)

CODES = ("131056",)  # Meta sheet E.5; Zenvia passes the code through, Twilio's 63018 does not tell it from others


def room(borrowed_until: datetime | None, now: datetime) -> int:
    """How many messages may leave for this customer at this moment."""
    owed = max(borrowed_until - now, timedelta()) if borrowed_until else timedelta()
    return max(int((TOLERANCE - owed) // INTERVAL) + 1, 0)


def borrowed(borrowed_until: datetime | None, now: datetime, count: int = 1) -> datetime:
    """The new `borrowed_until` once `count` more have left."""
    return max(borrowed_until or now, now) + INTERVAL * count


def free_at(borrowed_until: datetime) -> datetime:
    """When the next message may leave, once there is no room."""
    return borrowed_until - TOLERANCE


def rest(times: int) -> timedelta:
    """How long to leave the customer alone after the provider said "too many" for the (`times` + 1)-th time."""
    return min(timedelta(seconds=4 ** min(times, 10)), LONGEST_REST)
