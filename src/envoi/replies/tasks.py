"""The worker's part in automatic replies: calling webhooks, telling that codes run out."""

from __future__ import annotations

from procrastinate.contrib.django import app

from . import calling, pool_alarms


@app.task(name="replies.call")
def call(contact_id: int, call_id: int) -> None:
    """Make one call; what is not taken is put off by itself."""
    calling.make(contact_id, call_id)


@app.periodic(cron="* * * * *")
@app.task(name="replies.take_up_calls", queueing_lock="replies.take_up_calls")
def take_up_calls(timestamp: int) -> None:
    """Take up calls whose job was lost."""
    calling.take_up()


@app.periodic(cron="* * * * *")
@app.task(name="replies.look_at_pools", queueing_lock="replies.look_at_pools")
def look_at_pools(timestamp: int = 0) -> None:
    """Each minute: pools of codes that have become low or empty."""
    pool_alarms.look()
