"""Work for later, by name; it runs in the worker and never here."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued


def defer(name: str, *, after_seconds: int = 0, once: str = "", **arguments: Any) -> bool:
    """Queue the job `name` ("campaigns.plan_audience") with JSON arguments; False when it waits there already.

    It goes through Django's own connection, so a rolled-back action leaves no job behind. once: what this job is
    about; while one with the same words waits in the queue no second one is added.
    """
    when = {"seconds": after_seconds} if after_seconds else None
    job = app.configure_task(name, schedule_in=when, queueing_lock=f"{name} {once}" if once else None)
    try:
        # A savepoint: finding the job there already must not spoil the caller's transaction.
        with transaction.atomic():
            job.defer(**arguments)
    except AlreadyEnqueued:
        return False
    return True
