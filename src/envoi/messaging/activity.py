"""Customers' habits, kept as things happen: what they write at once, receipts by a roll-up every few seconds.

Receipts leave one line each in message_events, once however often they come. The roll-up counts the lines since its
checkpoint and moves it in the same transaction. A line carries the start of its transaction as its time, so everything
before the start of the oldest transaction that still runs is here for good: that is how far each roll-up goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from .ledger.pairs import SAID_BY_NOBODY

# A reply answers what was sent at most this long before; later they write for reasons of their own.
ANSWERS_WITHIN = "3 days"
# A transaction that has written nothing for so long is a look at the database (a backup, a report), not a receipt.
IDLE_FOR = "2 minutes"

HORIZON = f"""
SELECT LEAST(now(), min(xact_start) FILTER (WHERE backend_xid IS NOT NULL
                                                OR xact_start > now() - interval '{IDLE_FOR}'))
  FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
"""  # noqa: S608  (our own text)

# The hour of the week where the customer is: their zone, else the phone's, else the country's, else the company's.
# contact_id, at -> hour; the zone is looked up only for these rows.
HOUR = """(extract(isodow FROM {at} AT TIME ZONE z.zone)::int - 1) * 24
           + extract(hour FROM {at} AT TIME ZONE z.zone)::int"""
ZONE = """
  JOIN contacts c ON c.id = {contact}
  LEFT JOIN places own ON own.key = c.timezone
  LEFT JOIN places area ON area.key = left(c.phone, 5)
  LEFT JOIN places land ON land.key = c.country
  LEFT JOIN limit_settings home ON true
 CROSS JOIN LATERAL (SELECT COALESCE(own.west, NULLIF(area.west, ''), NULLIF(land.west, ''), home.timezone, 'UTC')
                            AS zone) z
"""

# What has been told of messages of ours, line by line; the message says what it was and when it really happened.
TOLD = """
SELECT e.contact_id, e.what, m.category, COALESCE(m.read_at, e.at) AS read_at,
       date_trunc('month', e.at AT TIME ZONE 'UTC')::date AS month
  FROM message_events e JOIN messages m ON m.contact_id = e.contact_id AND m.id = e.message_id
 WHERE e.what IN ('sent', 'delivered', 'read', 'failed') AND {which}
"""
# What was written to us, with what it answers: the last thing before it, when that was ours and not long ago.
WROTE = f"""
SELECT m.contact_id, m.created_at AS at, date_trunc('month', m.created_at AT TIME ZONE 'UTC')::date AS month,
       CASE WHEN said.direction = 'out' AND said.at > m.created_at - interval '{ANSWERS_WITHIN}'
            THEN GREATEST(0, extract(epoch FROM m.created_at - said.at))::bigint END AS delay
  FROM messages m
  LEFT JOIN LATERAL (
        SELECT b.direction, COALESCE(b.accepted_at, b.sent_at, b.created_at) AS at
          FROM messages b
         WHERE b.contact_id = m.contact_id AND b.id <> m.id
           AND (b.direction = 'out' AND b.state IN ('accepted', 'sent', 'delivered', 'read')
                OR b.direction = 'in' AND b.kind <> ALL(%(nobody)s))
           AND COALESCE(b.accepted_at, b.sent_at, b.created_at) <= m.created_at
         ORDER BY 2 DESC, b.direction LIMIT 1
       ) AS said ON true
 WHERE m.direction = 'in' AND m.kind <> ALL(%(nobody)s) AND {{which}}
"""  # noqa: S608  (our own text)
BUCKETS = ", ".join(
    f"COALESCE(count(*) FILTER (WHERE {test}), 0)::int"
    for test in (
        "delay < 60",
        "delay >= 60 AND delay < 180",
        "delay >= 180 AND delay < 1800",
        "delay >= 1800 AND delay < 86400",
        "delay >= 86400",
    )
)

COUNT_TOLD = """
WITH told AS MATERIALIZED ({told}),
sums AS (
    INSERT INTO activity AS a (contact_id, sent, delivered, read, failed, promotions, last_seen_at, last_read_at)
    SELECT contact_id, count(*) FILTER (WHERE what = 'sent'), count(*) FILTER (WHERE what = 'delivered'),
           count(*) FILTER (WHERE what = 'read'), count(*) FILTER (WHERE what = 'failed'),
           count(*) FILTER (WHERE what = 'delivered' AND category = 'marketing'),
           max(read_at) FILTER (WHERE what = 'read'), max(read_at) FILTER (WHERE what = 'read')
      FROM told GROUP BY contact_id ORDER BY contact_id
        ON CONFLICT (contact_id) DO UPDATE
       SET sent = a.sent + excluded.sent, delivered = a.delivered + excluded.delivered, read = a.read + excluded.read,
           failed = a.failed + excluded.failed, promotions = a.promotions + excluded.promotions,
           last_seen_at = GREATEST(a.last_seen_at, excluded.last_seen_at),
           last_read_at = GREATEST(a.last_read_at, excluded.last_read_at)
),
months AS (
    INSERT INTO activity_months AS a (contact_id, month, sent, delivered, read, promotions)
    SELECT contact_id, month, count(*) FILTER (WHERE what = 'sent'), count(*) FILTER (WHERE what = 'delivered'),
           count(*) FILTER (WHERE what = 'read'),
           count(*) FILTER (WHERE what = 'delivered' AND category = 'marketing')
      FROM told WHERE what <> 'failed' GROUP BY contact_id, month ORDER BY contact_id, month
        ON CONFLICT (contact_id, month) DO UPDATE
       SET sent = a.sent + excluded.sent, delivered = a.delivered + excluded.delivered, read = a.read + excluded.read,
           promotions = a.promotions + excluded.promotions
),
{hours}
SELECT count(*) FROM told
"""
COUNT_WROTE = """
WITH wrote AS MATERIALIZED ({wrote}),
sums AS (
    INSERT INTO activity AS a (contact_id, received, replies, reply_seconds, delays, last_seen_at)
    SELECT contact_id, count(*), count(delay), COALESCE(sum(delay), 0), ARRAY[{buckets}], max(at)
      FROM wrote GROUP BY contact_id ORDER BY contact_id
        ON CONFLICT (contact_id) DO UPDATE
       SET received = a.received + excluded.received, replies = a.replies + excluded.replies,
           reply_seconds = a.reply_seconds + excluded.reply_seconds,
           delays = (SELECT array_agg(COALESCE(old, 0) + new ORDER BY n)
                       FROM unnest(a.delays, excluded.delays) WITH ORDINALITY AS d (old, new, n)),
           last_seen_at = GREATEST(a.last_seen_at, excluded.last_seen_at)
),
months AS (
    INSERT INTO activity_months AS a (contact_id, month, received, replies)
    SELECT contact_id, month, count(*), count(delay) FROM wrote GROUP BY contact_id, month ORDER BY contact_id, month
        ON CONFLICT (contact_id, month) DO UPDATE
       SET received = a.received + excluded.received, replies = a.replies + excluded.replies
),
{hours}
SELECT count(*) FROM wrote
"""
HOURS = f"""
hours AS (
    INSERT INTO activity_hours AS a (contact_id, hour, times)
    SELECT s.contact_id, {HOUR.format(at="s.at")} AS hour, count(*)
      FROM ({{struck}}) AS s (contact_id, at) {ZONE.format(contact="s.contact_id")}
     GROUP BY 1, 2 ORDER BY 1, 2
        ON CONFLICT (contact_id, hour) DO UPDATE SET times = a.times + excluded.times
)
"""  # noqa: S608  (our own text)
READ = "SELECT contact_id, read_at FROM told WHERE what = 'read'"
WRITTEN = "SELECT contact_id, at FROM wrote"


def _told(which: str) -> str:
    return COUNT_TOLD.format(told=TOLD.format(which=which), hours=HOURS.format(struck=READ))


def _wrote(which: str) -> str:
    return COUNT_WROTE.format(wrote=WROTE.format(which=which), buckets=BUCKETS, hours=HOURS.format(struck=WRITTEN))


ROLL_UP = _told("e.at >= %(since)s AND e.at < %(to)s")
RECEIVED = _wrote("(m.contact_id, m.id) IN (SELECT * FROM unnest(%(contacts)s::bigint[], %(ids)s::bigint[]))")
ALL_TOLD = _told("e.contact_id = ANY(%(contacts)s) AND e.at < %(to)s")
ALL_WROTE = _wrote("m.contact_id = ANY(%(contacts)s)")


@transaction.atomic
def roll_up() -> int:
    """Count the receipts since the last time; returns how many. Somebody else at it: 0, at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT done_to FROM activity_checkpoint WHERE id = 1 FOR UPDATE SKIP LOCKED")
        row = cursor.fetchone()
        if row is None:
            return 0
        cursor.execute(HORIZON)
        to: datetime = cursor.fetchone()[0]
        if to <= row[0]:
            return 0
        cursor.execute(ROLL_UP, {"since": row[0], "to": to})
        counted = int(cursor.fetchone()[0])
        cursor.execute("UPDATE activity_checkpoint SET done_to = %(to)s WHERE id = 1", {"to": to})
    return counted


def note_received(keys: Sequence[tuple[int, int]]) -> None:
    """Count messages just kept, (contact_id, id) each, in the caller's transaction."""
    if not keys:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            RECEIVED,
            {
                "contacts": [contact_id for contact_id, _id in keys],
                "ids": [message_id for _contact_id, message_id in keys],
                "nobody": list(SAID_BY_NOBODY),
            },
        )


@transaction.atomic
def recompute(contact_ids: Sequence[int]) -> None:
    """Work these contacts' habits out anew from their messages: after a merge, or when their time zone is another."""
    ids = sorted(set(contact_ids))
    with connection.cursor() as cursor:
        # Behind the checkpoint's row: what the roll-up has still to count is not counted here.
        cursor.execute("SELECT done_to FROM activity_checkpoint WHERE id = 1 FOR UPDATE")
        row = cursor.fetchone()
        for table in ("activity", "activity_hours", "activity_months"):
            cursor.execute(f"DELETE FROM {table} WHERE contact_id = ANY(%(ids)s)", {"ids": ids})  # noqa: S608
        nobody = list(SAID_BY_NOBODY)
        cursor.execute(ALL_TOLD, {"contacts": ids, "to": row[0] if row else None})
        cursor.execute(ALL_WROTE, {"contacts": ids, "nobody": nobody})
