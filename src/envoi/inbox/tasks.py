"""The worker's part in the inbox: what was snoozed comes back."""

from __future__ import annotations

from procrastinate.contrib.django import app

from . import jotting, steering


@app.periodic(cron="* * * * * */10")
@app.task(name="inbox.wake", queueing_lock="inbox.wake")
def wake(timestamp: int) -> None:
    """Every ten seconds: snoozed conversations whose time has come are open again."""
    while steering.wake_due():
        pass


@app.periodic(cron="23 * * * *")
@app.task(name="inbox.forget_composing", queueing_lock="inbox.forget_composing")
def forget_composing(timestamp: int) -> None:
    """Every hour: who wrote some time ago."""
    jotting.forget_composing()
