"""The worker's part in intake: letting go of webhooks that have been worked through for long."""

from __future__ import annotations

from django.conf import settings
from django.db import connection
from procrastinate.contrib.django import app

AT_ONCE = 5_000


@app.periodic(cron="17 * * * *")
@app.task(name="intake.forget_old", queueing_lock="intake.forget_old")
def forget_old(timestamp: int) -> None:
    """Delete webhooks done and received more than WEBHOOK_DAYS ago, in small steps; broken ones wait for a person."""
    with connection.cursor() as cursor:
        while True:
            # webhook_events_by_day, a BRIN index: only the oldest pages are read. A row that somebody replays at this
            # moment is locked, and left alone.
            cursor.execute(
                """
                DELETE FROM webhook_events
                 WHERE id IN (SELECT id FROM webhook_events
                               WHERE state = 'done' AND received_at < now() - make_interval(days => %(days)s)
                               LIMIT %(limit)s
                                 FOR UPDATE SKIP LOCKED)
                """,
                {"days": settings.WEBHOOK_DAYS, "limit": AT_ONCE},
            )
            if cursor.rowcount < AT_ONCE:
                return
