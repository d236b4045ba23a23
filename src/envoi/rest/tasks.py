"""The worker's part: letting go of answers that nobody will ask for again."""

from __future__ import annotations

from procrastinate.contrib.django import app

from . import repeats

AT_ONCE = 5_000


@app.periodic(cron="41 * * * *")
@app.task(name="rest.forget_answers", queueing_lock="rest.forget_answers")
def forget_answers(timestamp: int) -> None:
    """Delete kept answers after their 24 hours, in small steps."""
    while repeats.forget(AT_ONCE) == AT_ONCE:
        pass
