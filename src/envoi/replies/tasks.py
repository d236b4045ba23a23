"""The worker's part in automatic replies: calling webhooks."""

from __future__ import annotations

from procrastinate.contrib.django import app

from . import calling


@app.task(name="replies.call")
def call(contact_id: int, call_id: int) -> None:
    """Make one call; what is not taken is put off by itself."""
    calling.make(contact_id, call_id)


@app.periodic(cron="* * * * *")
@app.task(name="replies.take_up_calls", queueing_lock="replies.take_up_calls")
def take_up_calls(timestamp: int) -> None:
    """Take up calls whose job was lost."""
    calling.take_up()
