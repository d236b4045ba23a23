"""The worker's part in intake: letting go of webhooks that have been worked through for long."""

from __future__ import annotations

from django.db import connection
from procrastinate.contrib.django import app

KEPT_DAYS = 30  # long enough to replay what a mistaken version made of them
AT_ONCE = 5_000


@app.periodic(cron="17 3 * * *")
@app.task(name="intake.forget_old", queueing_lock="intake.forget_old")
def forget_old(timestamp: int) -> None:
    """Delete webhooks that were done more than KEPT_DAYS ago, in small steps; broken ones are kept for a person."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                """
                DELETE FROM webhook_events
                 WHERE id IN (SELECT id FROM webhook_events
                               WHERE state = 'done' AND received_at < now() - make_interval(days => %(days)s)
                               ORDER BY id LIMIT %(limit)s)
                """,
                {"days": KEPT_DAYS, "limit": AT_ONCE},
            )
            if cursor.rowcount < AT_ONCE:
                return
