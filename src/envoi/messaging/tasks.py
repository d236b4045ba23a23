"""The worker's part in messaging: customers' files, and outcomes that can be asked for again."""

from __future__ import annotations

from procrastinate.contrib.django import app

from . import attachments, settling


@app.task(name="messaging.fetch_attachment")
def fetch_attachment(contact_id: int, attachment_id: int) -> None:
    """Fetch one file of a customer; its own row says when it is tried again."""
    attachments.fetch(contact_id, attachment_id)


@app.periodic(cron="* * * * *")
@app.task(name="messaging.take_up_attachments", queueing_lock="messaging.take_up_attachments")
def take_up_attachments(timestamp: int) -> None:
    """Files whose job was lost."""
    attachments.take_up()


@app.periodic(cron="41 3 * * *")
@app.task(name="messaging.let_go_of_files", queueing_lock="messaging.let_go_of_files")
def let_go_of_files(timestamp: int) -> None:
    """Files whose customer was erased."""
    attachments.let_go()


@app.periodic(cron="* * * * *")
@app.task(name="messaging.repeat_safely", queueing_lock="messaging.repeat_safely")
def repeat_safely(timestamp: int) -> None:
    """Each minute: unknown outcomes at a provider that honours Idempotency-Keys are asked for again."""
    settling.repeat_safely()
