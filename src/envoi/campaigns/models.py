"""Campaigns: one template to one segment through one channel. Tables: campaigns, breaker_events, forecasts."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ..channels.models import Channel
from ..message_templates.models import Template
from ..messaging.models import Lane
from ..segments.models import Segment
from ..team.changes import kept
from ..team.models import ApiKey, Staff
from .policy import Policy, policy_of
from .sentences import sentence


class Campaign(models.Model):
    """`variables` maps each of the template's variables to {"field": …} or {"text": …}, with an optional fallback."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        FINISHED = "finished", _("Finished")
        CANCELLED = "cancelled", _("Cancelled")

    class Canary(models.TextChoices):
        NONE = "", _("No trial")
        WATCHING = "watching", _("Trial is watched")
        PASSED = "passed", _("Trial went well")
        STOPPED = "stopped", _("Trial went badly")

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
    # When it leaves by itself; who said so, a person or an API key (campaigns.plans: neither of them, and it does not
    # leave); and why it did not, when its time came.
    scheduled_at = models.DateTimeField(null=True)
    scheduled_by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    scheduled_key = models.ForeignKey(ApiKey, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    schedule_problem = models.TextField(blank=True, default="", db_default="")
    launched_by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+")
    launched_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # What differs from the defaults of campaigns.policy.
    policy = models.JSONField(default=dict, db_default={})
    # The trial: a share of the audience, drawn when its size (canary_total) is known.
    canary_state = models.CharField(max_length=10, choices=Canary.choices, blank=True, default="", db_default="")
    canary_share = models.FloatField(null=True)
    canary_total = models.BigIntegerField(null=True)
    canary_sent_at = models.DateTimeField(null=True)
    # The breaker's: when it looked last, and from when on the figures count.
    judged_at = models.DateTimeField(null=True)
    judged_from = models.DateTimeField(null=True)
    # The most it may cost, in the account's currency; what its planned messages will cost at most; and whether
    # planning waits since the next ones would cost more than what is left.
    budget = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    committed = models.DecimalField(max_digits=18, decimal_places=6, default=0, db_default=0)
    out_of_budget = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "campaigns"
        triggers = [
            kept(
                hot=(
                    "lane_id",
                    "planned_to",
                    "planned_at",
                    "committed",
                    "judged_at",
                    "judged_from",
                    "canary_total",
                    "canary_sent_at",
                )
            )
        ]
        indexes = [
            models.Index("scheduled_at", condition=models.Q(state="draft"), name="campaigns_scheduled"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(budget__isnull=True) | models.Q(budget__gte=0), name="campaign_budget_not_negative"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_planned(self) -> bool:
        """Whether it is a draft that leaves by itself."""
        return self.state == self.State.DRAFT and self.scheduled_at is not None

    @property
    def standing(self) -> str:
        """Its state as people read it: a draft that leaves by itself is "planned"."""
        return "planned" if self.is_planned else self.state

    @property
    def dated(self) -> datetime:
        """The moment of its line in a list: of its launch, of the planned one, else of its making."""
        return self.launched_at or (self.scheduled_at if self.is_planned else None) or self.created_at

    @property
    def trial(self) -> Policy:
        """Its policy, with the defaults filled in."""
        return policy_of(self.policy)


class BreakerEvent(models.Model):
    """One stop by the breaker: what was stopped, on which sign, by what figures, and how it went on.

    `events` of `of` crossed `threshold` (a share of 1); `paused` are the campaigns that were running then.
    """

    class Scope(models.TextChoices):
        CAMPAIGN = "campaign", _("Campaign")
        TEMPLATE = "template", _("Template")
        CHANNEL = "channel", _("Channel")

    class Resumes(models.TextChoices):
        BY_ITSELF = "itself", _("By itself, ten minutes after the cause is gone")
        BY_A_PERSON = "person", _("When a person resumes it")

    scope = models.CharField(max_length=10, choices=Scope.choices)
    sign = models.CharField(max_length=24)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="+")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    events = models.IntegerField()
    of = models.IntegerField()
    threshold = models.FloatField()
    figures = models.JSONField(default=dict)
    paused = models.JSONField(default=list)
    at = models.DateTimeField(db_default=Now())
    resumes = models.CharField(max_length=8, choices=Resumes.choices)
    gone_at = models.DateTimeField(null=True)
    resumed_at = models.DateTimeField(null=True)
    resumed_by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+")
    resumed_itself = models.BooleanField(default=False)

    class Meta:
        db_table = "breaker_events"
        indexes = [models.Index("id", condition=models.Q(resumed_at=None), name="breaker_events_open")]

    def __str__(self) -> str:
        return f"{self.scope} {self.sign}"

    @property
    def sentence(self) -> str:
        """Why, in the reader's language."""
        return sentence(self.sign, self.events, self.of, self.threshold)


class Forecast(models.Model):
    """What was last computed for a draft (preflight.Forecast as JSON). `basis` names what it was computed from."""

    campaign = models.OneToOneField(Campaign, primary_key=True, on_delete=models.CASCADE, related_name="forecast")
    basis = models.CharField(max_length=64)
    asked_at = models.DateTimeField(db_default=Now())
    computed_at = models.DateTimeField(null=True)
    seconds = models.FloatField(null=True)
    data = models.JSONField(null=True)
    problem = models.TextField(blank=True, default="", db_default="")

    class Meta:
        db_table = "forecasts"

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.computed_at}"
