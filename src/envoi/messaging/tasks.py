"""The worker's part in messaging: customers' files, a look at providers, outcomes asked for again, prices."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from ..core import jobs
from ..rates.queries import changed_since
from . import activity, attachments, pricing, settling

AGAIN = RetryStrategy(max_attempts=500, wait=5)

# outbox_due (channel, lane, due_at, id): one index look a channel. Whoever sends nothing is looked at more seldom.
WAITING_FOR = """
SELECT DISTINCT c.account_id
  FROM channels c
 WHERE c.state = 'active'
   AND EXISTS (SELECT 1 FROM outbox o WHERE o.channel_id = c.id)
"""


@app.task(name="messaging.fetch_attachment")
def fetch_attachment(contact_id: int, attachment_id: int) -> None:
    """Fetch one file of a customer; its own row says when it is tried again."""
    attachments.fetch(contact_id, attachment_id)


@app.periodic(cron="* * * * *")
@app.task(name="messaging.take_up_attachments", queueing_lock="messaging.take_up_attachments")
def take_up_attachments(timestamp: int) -> None:
    """Files whose job was lost."""
    attachments.take_up()


@app.periodic(cron="41 3 * * *")
@app.task(name="messaging.let_go_of_files", queueing_lock="messaging.let_go_of_files")
def let_go_of_files(timestamp: int) -> None:
    """Files whose customer was erased."""
    attachments.let_go()


@app.periodic(cron="* * * * *")
@app.task(name="messaging.look_at_providers", queueing_lock="messaging.look_at_providers")
def look_at_providers(timestamp: int) -> None:
    """Each minute, one look at every account for which something waits: a provider that ails is stopped by name."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING_FOR)
        for (account_id,) in cursor.fetchall():
            jobs.defer("channels.check_account", once=str(account_id), account_id=account_id)


@app.periodic(cron="* * * * *")
@app.task(name="messaging.repeat_safely", queueing_lock="messaging.repeat_safely")
def repeat_safely(timestamp: int) -> None:
    """Each minute: unknown outcomes at a provider that honours Idempotency-Keys are asked for again."""
    settling.repeat_safely()


@app.periodic(cron="* * * * *")
@app.task(name="messaging.price_delivered", queueing_lock="messaging.price_delivered", retry=AGAIN)
def price_delivered(timestamp: int = 0) -> None:
    """Each minute: price what was delivered since, stretch by stretch."""
    while pricing.price_stretch():
        pass


@app.periodic(cron="7 * * * *")
@app.task(name="messaging.price_again", queueing_lock="messaging.price_again", retry=AGAIN)
def price_again(timestamp: int = 0) -> None:
    """Each hour, when a card was changed: price what no card had a price for."""
    if not changed_since(timezone.now() - timedelta(minutes=65)):
        return
    last = 0
    while last := pricing.price_stretch(after=last, again=True):
        pass


@app.periodic(cron="* * * * * */5")
@app.task(name="messaging.roll_up_activity", queueing_lock="messaging.roll_up_activity")
def roll_up_activity(timestamp: int = 0) -> None:
    """Every five seconds: count the receipts since the last time."""
    activity.roll_up()
