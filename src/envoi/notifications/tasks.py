"""The worker's part in notifications: e-mail, push, and forgetting what is old."""

from __future__ import annotations

from procrastinate.contrib.django import app

from . import actions, mailing
from . import push as pushing


@app.task(name="notifications.mail")
def mail(staff_id: int, tries: int = 0) -> None:
    """What somebody has not read yet, in one e-mail."""
    mailing.mail(staff_id, tries=tries)


@app.task(name="notifications.push")
def push(notification_id: int, only: list[int] | None = None, tries: int = 0) -> None:
    """One notification, in its person's browsers."""
    pushing.send(notification_id, only=only, tries=tries)


@app.periodic(cron="47 3 * * *")
@app.task(name="notifications.forget_old", queueing_lock="notifications.forget_old")
def forget_old(timestamp: int = 0) -> None:
    """Each night: what is older than two months."""
    actions.forget_old()
