"""Webhooks as they came. Table: webhook_events; the gateway inserts, intake moves the state."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now


class WebhookEvent(models.Model):
    """One POST of a provider: its body byte for byte, and what else its parser needs."""

    class State(models.TextChoices):
        NEW = "new"
        DONE = "done"
        BROKEN = "broken"

    id = models.BigAutoField(primary_key=True)
    account_id = models.BigIntegerField()
    provider = models.CharField(max_length=20)
    received_at = models.DateTimeField(db_default=Now())
    body = models.BinaryField()
    query = models.TextField(blank=True, default="", db_default="")
    content_type = models.TextField(blank=True, default="", db_default="")
    state = models.CharField(max_length=8, choices=State.choices, default=State.NEW, db_default=State.NEW)
    problem = models.TextField(blank=True, default="", db_default="")
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(db_default=Now())
    # Whether it may carry what a customer wrote: those are worked through apart, so that receipts never delay them.
    urgent = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "webhook_events"
        indexes = [
            models.Index("urgent", "due_at", "id", condition=models.Q(state="new"), name="webhook_events_waiting"),
            BrinIndex(fields=["received_at"], name="webhook_events_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.id}"
