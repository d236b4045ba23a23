"""How long customers may wait, and when each alarm is due. Pure: settings and times in, times out.

Defaults: the target is 5 minutes and 30 is much too late (91 % of customers are satisfied when answered within 5
minutes, 47 % after 30), and two hours without an answer are a red alert.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Protocol

from ..team.hours import Hours, after_open_seconds

# How long free answers may go after a customer's message (WhatsApp's customer service window).
WINDOW = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Targets:
    """What holds for one conversation; the words are those of service_tables.ServiceTarget."""

    first_seconds: int = 5 * 60
    next_seconds: int = 5 * 60
    breach_seconds: int = 30 * 60
    red_seconds: int = 2 * 3600
    closing_seconds: int = 3600
    in_hours: bool = True
    # Two hours are two hours, at night too: a customer does not know when we sleep. Who is told, and how, is each
    # person's own choice (quiet hours).
    red_in_hours: bool = False


class Row(Protocol):
    """A row of service_targets."""

    @property
    def team_id(self) -> int | None: ...
    @property
    def priority(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Wait:
    """A customer's wait: since when, whether they were answered before in this conversation, and their window."""

    since: datetime
    answered_before: bool
    window_until: datetime | None


@dataclass(frozen=True, slots=True)
class Due:
    """When each alarm of a wait is due; None: never."""

    late_at: datetime | None
    breach_at: datetime | None
    red_at: datetime | None
    closing_at: datetime | None


def targets_for(rows: Iterable[Row], team_id: int | None, priority: int) -> Targets:
    """Of each value the most particular one: team and priority, then the team, then the priority, then the company."""
    fitting = [one for one in rows if one.team_id in (None, team_id) and one.priority in (None, priority)]
    found = Targets()
    for row in sorted(fitting, key=lambda one: (one.team_id is not None, one.priority is not None)):
        own = {field.name: getattr(row, field.name) for field in fields(Targets)}
        found = replace(found, **{name: value for name, value in own.items() if value is not None})
    return found


def due(wait: Wait, targets: Targets, hours: Hours) -> Due:
    """When the alarms of this wait are due."""
    target = targets.next_seconds if wait.answered_before else targets.first_seconds
    closing = None
    if wait.window_until is not None:
        # Before the wait began there was nothing to be told.
        closing = max(wait.window_until - timedelta(seconds=targets.closing_seconds), wait.since)
    return Due(
        late_at=_after(wait.since, target, hours, only_open=targets.in_hours),
        breach_at=_after(wait.since, targets.breach_seconds, hours, only_open=targets.in_hours),
        red_at=_after(wait.since, targets.red_seconds, hours, only_open=targets.red_in_hours),
        closing_at=closing,
    )


def _after(since: datetime, seconds: int, hours: Hours, *, only_open: bool) -> datetime | None:
    if only_open:
        return after_open_seconds(since, seconds, hours)
    return since + timedelta(seconds=seconds)
