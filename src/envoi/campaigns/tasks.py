"""The worker's part in a campaign: planning its recipients, seeing its end, clearing a cancelled one."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from ..core import jobs
from . import actions

AGAIN = RetryStrategy(max_attempts=20, exponential_wait=2)
WATCH_SECONDS = 2


@app.task(name="campaigns.plan_audience", retry=AGAIN, pass_context=False)
def plan_audience(campaign_id: int) -> None:
    """Queue everybody, stretch by stretch; killed, it goes on from the last stretch that was committed."""
    while actions.plan_stretch(campaign_id):
        pass


@app.task(name="campaigns.watch", retry=AGAIN)
def watch(campaign_id: int) -> None:
    """Finish the campaign when nothing of it waits; looks again in two seconds while something does."""
    if actions.finish_if_done(campaign_id):
        jobs.defer("campaigns.watch", after_seconds=WATCH_SECONDS, campaign_id=campaign_id)


@app.task(name="campaigns.cancel_rest", retry=AGAIN)
def cancel_rest(campaign_id: int) -> None:
    """Cancel what waits, a few thousand at a time."""
    while actions.cancel_stretch(campaign_id):
        pass
    if actions.cancelling(campaign_id):
        # What dispatch held just now may come back to the queue: nobody else would look at it again.
        jobs.defer("campaigns.cancel_rest", after_seconds=WATCH_SECONDS, campaign_id=campaign_id)
