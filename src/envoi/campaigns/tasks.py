"""The worker's part in a campaign: planning its recipients, seeing its end, clearing a cancelled one."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from . import actions, breaker, canary, planning, proving, recovery, schedule, unknowns

# While the database is away a try costs nothing; giving up would leave a campaign running with nobody at work on it.
AGAIN = RetryStrategy(max_attempts=500, wait=5)


@app.task(name="campaigns.plan_audience", retry=AGAIN)
def plan_audience(campaign_id: int) -> None:
    """Queue everybody, stretch by stretch; killed, it goes on from the last stretch that was committed."""
    while planning.plan_stretch(campaign_id):
        pass


@app.task(name="campaigns.watch", retry=AGAIN)
def watch(campaign_id: int) -> None:
    """Finish the campaign when nothing of it waits; looks again in a few seconds while something does.

    Before that: whether a sign stops it, and whether its trial went well. Each is a transaction of its own.
    """
    breaker.look(campaign_id)
    recovery.follow_channel(campaign_id)
    canary.look(campaign_id)
    actions.watch(campaign_id)


@app.task(name="campaigns.cancel_rest", retry=AGAIN)
def cancel_rest(campaign_id: int) -> None:
    """Cancel what waits, a few thousand at a time, until nothing of it can come back."""
    while actions.cancel_stretch(campaign_id):
        pass


@app.periodic(cron="* * * * *")
@app.task(name="campaigns.look_after", queueing_lock="campaigns.look_after")
def look_after(timestamp: int) -> None:
    """Each minute: whatever job a campaign should have and lost is queued again; drafts whose time has come leave."""
    actions.look_after()
    recovery.recover()
    schedule.launch_due()


@app.periodic(cron="*/10 * * * *")
@app.task(name="campaigns.decide_unknowns", queueing_lock="campaigns.decide_unknowns")
def decide_unknowns(timestamp: int) -> None:
    """Every ten minutes: what the policies say of outcomes that stayed unknown beyond their time."""
    unknowns.decide()


@app.periodic(cron="23 * * * *")
@app.task(name="campaigns.look_at_new_numbers", queueing_lock="campaigns.look_at_new_numbers")
def look_at_new_numbers(timestamp: int) -> None:
    """Each hour: new numbers that have proven themselves may send at their whole pace."""
    proving.look()


@app.task(name="campaigns.forecast", retry=RetryStrategy(max_attempts=3, wait=2))
def forecast(campaign_id: int) -> None:
    """Count a large audience for its page."""
    actions.compute_forecast(campaign_id)
