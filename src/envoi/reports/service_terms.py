"""What the service report means by quick, late and satisfied, and by whom it counts a conversation or a message."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

# Mission M15: answered within 5 minutes 91 % are satisfied, after 30 minutes 47 %.
QUICK, LATE = timedelta(minutes=5), timedelta(minutes=30)
SOURCE_QUICK, SOURCE_LATE = 0.91, 0.47
# 4 and 5 of 5 are satisfied, as such scales are commonly read.
SATISFIED = 4
SPANS = {"quick": QUICK.total_seconds(), "late": LATE.total_seconds(), "satisfied": SATISFIED}

# zone: in which days begin (opening.company_zone).
KEYS: dict[str, str] = {
    "agent": "COALESCE(c.first_answer_by_id, c.assignee_id)::text",
    "team": "c.team_id::text",
    "day": "(c.first_inbound_at AT TIME ZONE %(zone)s)::date::text",
    "channel": "c.channel_id::text",
}
JOIN = "LEFT JOIN conversations c ON c.contact_id = a.contact_id AND c.id = a.conversation_id"
WRITTEN_KEYS: dict[str, tuple[str, str]] = {
    "agent": ("a.staff_id::text", ""),
    "day": ("(a.at AT TIME ZONE %(zone)s)::date::text", ""),
    "team": ("c.team_id::text", JOIN),
    "channel": ("c.channel_id::text", JOIN),
}


def starts(day: date, zone: str) -> datetime:
    """The moment at which a day begins in a time zone."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
