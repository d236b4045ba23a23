"""Campaigns: one template to one segment through one channel. Table: campaigns."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ..channels.models import Channel
from ..message_templates.models import Template
from ..messaging.models import Lane
from ..segments.models import Segment
from ..team.models import Staff


class Campaign(models.Model):
    """`variables` maps each of the template's variables to {"field": …} or {"text": …}, with an optional fallback."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        FINISHED = "finished", _("Finished")
        CANCELLED = "cancelled", _("Cancelled")

    name = models.CharField(max_length=120)
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="campaigns")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="campaigns")
    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="campaigns")
    variables = models.JSONField(default=dict)
    # What was launched: the segment's rule, the template's components and category as they were at that moment.
    plan = models.JSONField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    lane = models.ForeignKey(Lane, null=True, on_delete=models.PROTECT, related_name="+")
    # The checkpoint of the launch: contacts up to this id have been planned; all have, once planned_at is set.
    planned_to = models.BigIntegerField(null=True)
    planned_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    launched_by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+")
    launched_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "campaigns"

    def __str__(self) -> str:
        return self.name
