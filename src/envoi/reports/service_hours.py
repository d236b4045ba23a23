"""How long a wait was, as SQL: by the clock, or only the part of it in which the conversation's team was there.

Open stretches go along as arrays, one row for each team with hours of its own and one for the company. width_bucket
finds the stretch of a moment by halving, so a year's stretches cost a conversation a dozen steps and no table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from ..team import hours, opening

COMPANY = 0
WITH_SPANS = """
WITH spans AS MATERIALIZED (
    SELECT team, array_agg(starts ORDER BY starts) AS starts, array_agg(ends ORDER BY starts) AS ends,
           array_agg(before ORDER BY starts) AS before
      FROM unnest(%(span_teams)s::bigint[], %(span_starts)s::timestamptz[], %(span_ends)s::timestamptz[],
                  %(span_before)s::float8[]) AS s (team, starts, ends, before)
     GROUP BY team
)
"""
JOIN_SPANS = """
  LEFT JOIN spans o ON o.team = CASE WHEN c.team_id = ANY(%(own_hours)s::bigint[]) THEN c.team_id ELSE 0 END
"""


@dataclass(frozen=True, slots=True)
class Clock:
    """Pieces of a statement over conversations c: what goes before it, beside its tables, and its parameters."""

    before: str = ""
    join: str = ""
    given: dict[str, Any] = field(default_factory=dict)

    def seconds_to(self, moment: str) -> str:
        """The seconds from the customer's first message to a moment, NULL where there was none."""
        if not self.before:
            # date_part gives a float, where EXTRACT gives a numeric that takes six times as long to compare.
            return f"date_part('epoch', {moment} - c.first_inbound_at)"
        # Who is never there has no stretch at all: nobody waits then.
        counted = f"COALESCE({_open_until(moment)} - {_open_until('c.first_inbound_at')}, 0)"
        return f"CASE WHEN {moment} IS NOT NULL THEN {counted} END"


AROUND = Clock()


def in_opening_hours(since: datetime) -> Clock:
    """The clock that stands still while a team is closed, for conversations that began at `since` or later."""
    known = opening.hours_by_team(since=since.date())
    teams: list[int] = []
    starts: list[datetime] = []
    ends: list[datetime] = []
    before: list[float] = []
    for team_id, held in known.items():
        open_seconds = 0.0
        for start, end in hours.open_between(since, timezone.now(), held):
            teams.append(team_id or COMPANY)
            starts.append(start)
            ends.append(end)
            before.append(open_seconds)
            open_seconds += (end - start).total_seconds()
    own = [team_id for team_id in known if team_id is not None]
    spans = {"span_teams": teams, "span_starts": starts, "span_ends": ends, "span_before": before}
    return Clock(WITH_SPANS, JOIN_SPANS, {**spans, "own_hours": own})


def _open_until(moment: str) -> str:
    place = f"width_bucket({moment}, o.starts)"
    within = f"date_part('epoch', LEAST({moment}, o.ends[{place}]) - o.starts[{place}])"
    return f"(CASE {place} WHEN 0 THEN 0 ELSE o.before[{place}] + {within} END)"
