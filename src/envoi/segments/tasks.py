"""The worker's part in segments: tags that follow them."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from . import tagging
from .actions import EVERYBODYS_TAGS

AGAIN = RetryStrategy(max_attempts=20, wait=5)


@app.periodic(cron="* * * * *")
@app.task(name="segments.tag_touched", queueing_lock="segments.tag_touched", lock="segments.tags")
def tag_touched(timestamp: int = 0) -> None:
    """Each minute: the tags of those to whom something happened."""
    tagging.keep_touched()


@app.periodic(cron="37 * * * *")
@app.task(name="segments.tag_hourly", queueing_lock="segments.tag_hourly", lock="segments.tags")
def tag_hourly(timestamp: int = 0) -> None:
    """Each hour: everybody's tags, since time alone moves people in and out."""
    tagging.keep_everybody()


@app.task(name=EVERYBODYS_TAGS, retry=AGAIN, lock="segments.tags")
def tag_everybody() -> None:
    """After a tag begins to follow a segment, or a segment's rule was changed."""
    tagging.keep_everybody()
