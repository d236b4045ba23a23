"""Work for later, by name; it runs in the worker and never here."""

from __future__ import annotations

from typing import Any

from procrastinate.contrib.django import app


def defer(name: str, *, after_seconds: int = 0, **arguments: Any) -> int:
    """Queue the job `name` ("campaigns.plan_audience") with JSON arguments; returns the job's id.

    It goes through Django's own connection, so a rolled-back action leaves no job behind.
    """
    when = {"seconds": after_seconds} if after_seconds else None
    return app.configure_task(name, schedule_in=when).defer(**arguments)
