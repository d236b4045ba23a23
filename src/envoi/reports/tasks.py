"""The worker's part in the reports: the days of the service report are counted, and again when something changed."""

from __future__ import annotations

from procrastinate.contrib.django import app

from . import service_days


@app.periodic(cron="*/5 * * * *")
@app.task(name="reports.count_days", queueing_lock="reports.count_days", lock="reports.service_days")
def count_days(timestamp: int = 0) -> None:
    """Every five minutes: days that are over, and those of which a conversation has changed since."""
    service_days.count()


@app.periodic(cron="41 2 * * *")
@app.task(name="reports.count_year", queueing_lock="reports.count_year", lock="reports.service_days")
def count_year(timestamp: int = 0) -> None:
    """Each night the whole year anew: what leaves no event (records merged or erased, a team that went) counts too."""
    service_days.count_year()
