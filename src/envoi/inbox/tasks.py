"""The worker's part in the inbox: what was snoozed comes back, the service clock looks at who waits."""

from __future__ import annotations

from contextlib import suppress

from procrastinate.contrib.django import app

from ..core.errors import NotFound
from . import alarms, callouts, jotting, satisfaction, sharing, steering


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


@app.periodic(cron="* * * * * */5")
@app.task(name="inbox.look", queueing_lock="inbox.look")
def look(timestamp: int = 0) -> None:
    """Every five seconds: alarms that are due, then conversations that nobody has."""
    while alarms.look() == alarms.BATCH:
        pass
    sharing.share_out()


@app.task(name="inbox.call_out")
def call_out(rule_id: int) -> None:
    """A WhatsApp template to the phones that an alarm calls."""
    callouts.send(rule_id)


@app.task(name="inbox.ask_satisfaction")
def ask_satisfaction(contact_id: int, conversation_id: int) -> None:
    """Some time after closing: how satisfied they were."""
    # Merged away or erased meanwhile: there is nobody to ask.
    with suppress(NotFound):
        satisfaction.ask(contact_id, conversation_id)
