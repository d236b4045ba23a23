"""The portfolio's limit: how many different customers may be written to first in any 24 hours (Meta sheet, E.2).

Pure arithmetic; the state is in `portfolio_writes`, `portfolio_minutes` and `portfolios`. A customer counts for 24
hours after the last template that left outside an open window, over all numbers of the portfolio.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...channels.tiers import limit_of

DAY = timedelta(hours=24)
MINUTE = timedelta(minutes=1)

# A write counts by its minute, and leaves at most seconds after its reservation: two minutes more are surely enough.
WINDOW = DAY + 2 * MINUTE

# Nobody is promised a turn beyond this; who would wait longer asks again then.
LONGEST_PLAN_DAYS = 60


def lowest(tiers: Iterable[str]) -> int | None:
    """The limit of a portfolio out of what its numbers say: they should agree, and if not the lowest known is safe."""
    return min((limit for tier in tiers if (limit := limit_of(tier)) is not None), default=None)


@dataclass(frozen=True, slots=True)
class Promise:
    """Up to where the room that will come free is promised to those who wait: `count` of the minute `at`."""

    at: datetime
    count: int


def plan(
    minutes: Sequence[tuple[datetime, int]],
    *,
    limit: int,
    now: datetime,
    count: int,
    promised: Promise | None = None,
) -> tuple[list[datetime], Promise | None]:
    """When each of `count` more customers gets a turn, and up to where room is promised then.

    minutes: how many customers count since which minute, each once, oldest first. Each makes room WINDOW later, whoever
    takes it makes it again a WINDOW after that, and so on day by day. Beyond LONGEST_PLAN_DAYS all come at its end.
    """
    end = now + DAY * LONGEST_PLAN_DAYS
    # Where more count than are allowed (the limit was lowered), the first to leave make no room.
    excess = max(sum(held for _, held in minutes) - limit, 0)
    frees: list[tuple[datetime, int]] = []
    for minute, held in minutes:
        gone = min(excess, held)
        excess -= gone
        if held > gone:
            frees.append((minute + WINDOW, held - gone))
    turns: list[datetime] = []
    last = promised
    for day in range(LONGEST_PLAN_DAYS if frees else 0):
        for moment, held in frees:
            at = max(moment, now) + WINDOW * day
            if len(turns) == count or at >= end:
                break
            if promised and at < promised.at:
                continue
            taken = promised.count if promised and at == promised.at else 0
            share = min(held - taken, count - len(turns))
            if share > 0:
                turns += [at] * share
                last = Promise(at, taken + share)
    return turns + [end] * (count - len(turns)), last


def days(recipients: int, *, limit: int | None, used: int) -> int:
    """On how many days a campaign of so many new customers is sent, today included; 1 when nothing limits it."""
    if limit is None or recipients <= max(limit - used, 0):
        return 1
    if limit <= 0:
        return LONGEST_PLAN_DAYS
    left = recipients - max(limit - used, 0)
    return 1 + -(-left // limit)


def lifetime(recipients: int, *, limit: int | None, used: int) -> timedelta:
    """How long such a campaign has to live so that the limit alone makes nobody miss it."""
    return WINDOW * days(recipients, limit=limit, used=used)
