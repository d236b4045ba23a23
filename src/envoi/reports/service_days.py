"""The service report's days, counted once: a year of a million conversations is added up from some thousand lines.

Today and yesterday are always counted from the conversations themselves, and so is every day of which one has changed
since the last count: the counts of a report are exact at any moment. Durations are kept in buckets 4 % wide, so that a
median of many days is right to within 2 %. Days are those of the company's time zone; when it moves, all are counted
anew.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils import timezone

from ..team import opening
from .service_terms import JOIN, KEYS, SPANS, WRITTEN_KEYS, starts

WIDTH = 1.04
# Today and yesterday still change all the time; what began before them waits longer than LATE already.
REST = timedelta(days=2)
# A transaction may commit so long after the moment that it writes down.
MARGIN = timedelta(minutes=2)
# Days counted in one transaction.
AT_ONCE = 31
YEAR = timedelta(days=367)

COUNTS = (
    "began", "answered", "closed", "quick", "late", "asked", "scored", "score_sum", "satisfied", "scored_quick",
    "scored_middle", "scored_late", "satisfied_quick", "satisfied_middle", "satisfied_late", "written", "canned",
    "unchanged",
)  # fmt: skip
ARRAYS = ("answer_buckets", "answer_counts", "closed_buckets", "closed_counts")
COLUMNS = ", ".join(("day", "key", *COUNTS, *ARRAYS))
BUCKET = "(CASE WHEN {of} < 1 THEN 0 ELSE 1 + floor(ln({of}) / ln(1.04)) END)::smallint"
ALL_KEYS = KEYS | {"all": "''"}
ALL_WRITTEN = WRITTEN_KEYS | {"all": ("''", "")}

# One line for each day and key, as the table keeps it. The stretches of days are few: along conversations_by_begin and
# authors_by_time, one after the other.
COUNT = f"""
    began AS MATERIALIZED (
        SELECT (c.first_inbound_at AT TIME ZONE %(zone)s)::date AS day, COALESCE({{key}}, '') AS key,
               date_part('epoch', c.first_answer_at - c.first_inbound_at) AS answer,
               date_part('epoch', c.closed_at - c.first_inbound_at) AS closed,
               date_part('epoch', now() - c.first_inbound_at) AS waits,
               c.satisfaction AS score, c.asked_at IS NOT NULL AS asked
          FROM unnest(%(since)s::timestamptz[], %(until)s::timestamptz[]) AS r (since, until)
          JOIN conversations c ON c.first_inbound_at >= r.since AND c.first_inbound_at < r.until
    ),
    sums AS (
        SELECT day, key, count(*) AS began, count(answer) AS answered, count(closed) AS closed,
               count(*) FILTER (WHERE answer <= %(quick)s) AS quick,
               count(*) FILTER (WHERE COALESCE(answer, closed, waits) > %(late)s) AS late,
               count(*) FILTER (WHERE asked) AS asked, count(score) AS scored, COALESCE(sum(score), 0) AS score_sum,
               count(*) FILTER (WHERE score >= %(satisfied)s) AS satisfied,
               count(score) FILTER (WHERE answer <= %(quick)s) AS scored_quick,
               count(score) FILTER (WHERE answer > %(quick)s AND answer <= %(late)s) AS scored_middle,
               count(score) FILTER (WHERE answer > %(late)s) AS scored_late,
               count(*) FILTER (WHERE score >= %(satisfied)s AND answer <= %(quick)s) AS satisfied_quick,
               count(*) FILTER (WHERE score >= %(satisfied)s AND answer > %(quick)s AND answer <= %(late)s)
                   AS satisfied_middle,
               count(*) FILTER (WHERE score >= %(satisfied)s AND answer > %(late)s) AS satisfied_late
          FROM began GROUP BY day, key
    ),
    answers AS (
        SELECT day, key, array_agg(bucket) AS answer_buckets, array_agg(n) AS answer_counts
          FROM (SELECT day, key, {BUCKET.format(of="answer")} AS bucket, count(*)::int AS n
                  FROM began WHERE answer IS NOT NULL GROUP BY 1, 2, 3) b GROUP BY day, key
    ),
    closings AS (
        SELECT day, key, array_agg(bucket) AS closed_buckets, array_agg(n) AS closed_counts
          FROM (SELECT day, key, {BUCKET.format(of="closed")} AS bucket, count(*)::int AS n
                  FROM began WHERE closed IS NOT NULL GROUP BY 1, 2, 3) b GROUP BY day, key
    ),
    words AS (
        SELECT (a.at AT TIME ZONE %(zone)s)::date AS day, COALESCE({{written_key}}, '') AS key, count(*) AS written,
               count(a.canned_id) AS canned,
               count(*) FILTER (WHERE a.canned_id IS NOT NULL AND NOT a.changed) AS unchanged
          FROM unnest(%(since)s::timestamptz[], %(until)s::timestamptz[]) AS r (since, until)
          JOIN message_authors a ON a.at >= r.since AND a.at < r.until {{join}}
         WHERE a.staff_id IS NOT NULL
         GROUP BY 1, 2
    ),
    counted AS (
        SELECT day, key, {", ".join(f"COALESCE({name}, 0)::int AS {name}" for name in COUNTS)},
               {", ".join(f"COALESCE({name}, '{{{{}}}}') AS {name}" for name in ARRAYS)}
          FROM sums FULL JOIN words USING (day, key)
          LEFT JOIN answers USING (day, key) LEFT JOIN closings USING (day, key)
    )
"""  # noqa: S608
FORGET = "DELETE FROM service_days WHERE day = ANY(%(days)s::date[])"
KEEP = f"WITH {COUNT} INSERT INTO service_days (grouping, {COLUMNS}) SELECT %(grouping)s, {COLUMNS} FROM counted"  # noqa: S608
# A day on which nothing happened is counted too: by its line for all.
EMPTY = f"""
INSERT INTO service_days (grouping, {COLUMNS})
SELECT 'all', day, '', {", ".join("0" for _ in COUNTS)}, {", ".join("'{}'" for _ in ARRAYS)}
  FROM unnest(%(days)s::date[]) AS d (day)
ON CONFLICT DO NOTHING
"""  # noqa: S608
# All counted lines of a stretch but the days that are counted now, and those; added up by key.
ADDED = f"""
WITH {COUNT},
days AS MATERIALIZED (
    SELECT {COLUMNS} FROM counted
     UNION ALL
    SELECT {COLUMNS} FROM service_days
     WHERE grouping = %(grouping)s AND day BETWEEN %(first)s AND %(last)s AND NOT day = ANY(%(days)s::date[])
),
lines AS (
    SELECT {{line}} AS line, {", ".join(f"sum({name})::bigint AS {name}" for name in COUNTS)} FROM days GROUP BY 1
),
answered_in AS (
    SELECT line, array_agg(bucket ORDER BY bucket) AS buckets, array_agg(n ORDER BY bucket) AS counts
      FROM (SELECT {{line}} AS line, bucket, sum(n)::bigint AS n
              FROM days, unnest(answer_buckets, answer_counts) AS u (bucket, n) GROUP BY 1, 2) s GROUP BY line
),
closed_in AS (
    SELECT line, array_agg(bucket ORDER BY bucket) AS buckets, array_agg(n ORDER BY bucket) AS counts
      FROM (SELECT {{line}} AS line, bucket, sum(n)::bigint AS n
              FROM days, unnest(closed_buckets, closed_counts) AS u (bucket, n) GROUP BY 1, 2) s GROUP BY line
)
SELECT line, {", ".join(COUNTS)}, a.buckets, a.counts, c.buckets, c.counts
  FROM lines LEFT JOIN answered_in a USING (line) LEFT JOIN closed_in c USING (line)
"""  # noqa: S608
# Whatever changes a figure of an older day leaves an event or a message by a person: the days of those conversations,
# and of what was written in them, which counts by the conversation's team. By conversation_events_by_time and
# authors_by_time.
CHANGED = """
WITH touched AS MATERIALIZED (
    SELECT contact_id, conversation_id FROM conversation_events WHERE at >= %(since)s
     UNION
    SELECT contact_id, conversation_id FROM message_authors WHERE at >= %(since)s AND conversation_id IS NOT NULL
)
SELECT (c.first_inbound_at AT TIME ZONE %(zone)s)::date AS day
  FROM touched t JOIN conversations c ON c.contact_id = t.contact_id AND c.id = t.conversation_id
 WHERE c.first_inbound_at IS NOT NULL
 UNION
SELECT (a.at AT TIME ZONE %(zone)s)::date
  FROM touched t JOIN message_authors a ON a.contact_id = t.contact_id AND a.conversation_id = t.conversation_id
"""
COUNTED = "SELECT day FROM service_days WHERE grouping = 'all' AND day BETWEEN %(first)s AND %(last)s"
FIRST = "SELECT (min(first_inbound_at) AT TIME ZONE %(zone)s)::date FROM conversations"
CHECKPOINT = """
INSERT INTO service_days_counted (id, at, zone) VALUES (1, %(at)s, %(zone)s)
    ON CONFLICT (id) DO UPDATE SET at = EXCLUDED.at, zone = EXCLUDED.zone
"""

Buckets = dict[int, int]
# Counts by name, then how many answers and closings in each bucket.
Line = tuple[dict[str, int], Buckets, Buckets]


def added_up(group: str, since: date, until: date, zone: str) -> dict[str, Line]:
    """What these days of a time zone add up to, by key ("" for nobody's; an ISO day when grouped by day)."""
    days = _uncounted(since, until, zone)
    grouping = "all" if group == "day" else group
    statement = ADDED.format(line="day::text" if group == "day" else "key", **_words(grouping))
    with connection.cursor() as cursor:
        cursor.execute(statement, {**_given(days, zone), "grouping": grouping, "first": since, "last": until})
        return {
            row[0]: (
                dict(zip(COUNTS, row[1:-4], strict=True)),
                dict(zip(row[-4] or (), row[-3] or (), strict=True)),
                dict(zip(row[-2] or (), row[-1] or (), strict=True)),
            )
            for row in cursor.fetchall()
        }


def count() -> int:
    """Count what is over and not counted, and again what has changed since the last time; returns how many days."""
    began, zone = timezone.now(), opening.company_zone()
    last = _last(zone)
    _begin(zone, began - MARGIN)
    with connection.cursor() as cursor:
        cursor.execute(FIRST, {"zone": zone})
        first = cursor.fetchone()[0]
    days = [] if first is None else _uncounted(min(first, last), last, zone)
    for place in range(0, len(days), AT_ONCE):
        _count(days[place : place + AT_ONCE], zone)
    # Only what was read before counts as seen.
    with connection.cursor() as cursor:
        cursor.execute(CHECKPOINT, {"at": began - MARGIN, "zone": zone})
    return len(days)


def count_year() -> int:
    """Count every day of the last year again; returns how many."""
    zone = opening.company_zone()
    _begin(zone, timezone.now() - MARGIN)
    last = _last(zone)
    days = [last - timedelta(days=n) for n in range(YEAR.days)]
    for place in range(0, len(days), AT_ONCE):
        _count(days[place : place + AT_ONCE], zone)
    return len(days)


def percentile(buckets: Buckets, share: float) -> float | None:
    """The duration in seconds within which this share of all lies, between two of them as percentile_cont has it."""
    total = sum(buckets.values())
    if not total:
        return None
    place = share * (total - 1)
    low, high = _at(buckets, math.floor(place)), _at(buckets, math.ceil(place))
    return low + (high - low) * (place - math.floor(place))


def _at(buckets: Buckets, place: int) -> float:
    """The middle of the bucket in which the so-many-th lies."""
    for bucket in sorted(buckets):
        place -= buckets[bucket]
        if place < 0:
            return 0.5 if bucket == 0 else WIDTH ** (bucket - 0.5)
    raise IndexError(place)


@transaction.atomic
def _begin(zone: str, at: datetime) -> None:
    """Forget what was counted by days of another time zone: the company has moved its clock, or this is the first time.

    Until all is counted anew, reports add the missing days up from the conversations.
    """
    known = _checkpoint()
    if known is None or known[1] != zone:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM service_days")
            cursor.execute(CHECKPOINT, {"at": at, "zone": zone})


@transaction.atomic
def _count(days: Sequence[date], zone: str) -> None:
    """Count these days, each whole: what was counted before is forgotten first, so that no change falls between."""
    given = _given(days, zone)
    with connection.cursor() as cursor:
        cursor.execute(FORGET, given)
        for grouping in ("all", "agent", "team", "channel"):
            cursor.execute(KEEP.format(**_words(grouping)), {**given, "grouping": grouping})
        cursor.execute(EMPTY, given)


def _words(grouping: str) -> dict[str, str]:
    written_key, join = ALL_WRITTEN[grouping]
    return {"key": ALL_KEYS[grouping], "written_key": written_key, "join": join if join == JOIN else ""}


def _given(days: Sequence[date], zone: str) -> dict[str, Any]:
    """The days, and the stretches that they make."""
    stretches: list[list[date]] = []
    for day in sorted(days):
        if stretches and stretches[-1][1] == day:
            stretches[-1][1] = day + timedelta(days=1)
        else:
            stretches.append([day, day + timedelta(days=1)])
    since, until = ([starts(one[end], zone) for one in stretches] for end in (0, 1))
    return {"days": list(days), "since": since, "until": until, "zone": zone, **SPANS}


def _uncounted(since: date, until: date, zone: str) -> list[date]:
    """The days of a stretch that no line of the table says, or not any more."""
    known = _checkpoint()
    counted: set[date] = set()
    if known is not None and known[1] == zone:
        with connection.cursor() as cursor:
            cursor.execute(COUNTED, {"first": since, "last": min(until, _last(zone))})
            counted = {row[0] for row in cursor.fetchall()} - _changed(known[0], zone)
    days = (since + timedelta(days=n) for n in range((until - since).days + 1))
    return [day for day in days if day not in counted]


def _changed(since: datetime, zone: str) -> set[date]:
    with connection.cursor() as cursor:
        cursor.execute(CHANGED, {"since": since, "zone": zone})
        return {row[0] for row in cursor.fetchall()}


def _checkpoint() -> tuple[datetime, str] | None:
    """Up to when changes have been counted, and by the days of which time zone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT at, zone FROM service_days_counted")
        row: tuple[datetime, str] | None = cursor.fetchone()
    return row


def _last(zone: str) -> date:
    """The last day that is over and at rest."""
    return timezone.localdate(timezone=ZoneInfo(zone)) - REST
