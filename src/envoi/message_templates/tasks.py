"""The worker's entry points for templates."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from . import work

# Against the database being away; what a provider answers is handled in `work`.
AGAIN = RetryStrategy(max_attempts=50, wait=5)


@app.task(name="message_templates.hand_in", retry=AGAIN)
def hand_in(template_id: int, tries: int = 0) -> None:
    """Make or change a template at the provider and have it reviewed."""
    work.hand_in(template_id, tries=tries)


@app.task(name="message_templates.delete", retry=AGAIN)
def delete(template_id: int, tries: int = 0) -> None:
    """Delete a template at the provider."""
    work.delete(template_id, tries=tries)


@app.task(name="message_templates.sync", retry=AGAIN)
def sync(account_id: int) -> None:
    """Take over what the provider has."""
    work.sync(account_id)


@app.periodic(cron="7 * * * *")
@app.task(name="message_templates.sync_all", queueing_lock="message_templates.sync_all")
def sync_all(timestamp: int) -> None:
    """Each hour: every account."""
    work.sync_all()


@app.periodic(cron="*/10 * * * *")
@app.task(name="message_templates.sync_reviewed", queueing_lock="message_templates.sync_reviewed")
def sync_reviewed(timestamp: int) -> None:
    """Every ten minutes: accounts with a template in review (Zenvia sheet, 6: it sends no webhook)."""
    work.sync_reviewed()
