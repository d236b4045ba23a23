"""Accounts at a provider and the numbers under them. Tables: accounts, channels, channel_pace."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ..providers.table import PROVIDERS
from ..team.changes import kept


def provider_choices() -> list[tuple[str, str]]:
    """Every provider of the table with its name for people; a function, so that a new one needs no migration."""
    return [(name, name.capitalize()) for name in sorted(PROVIDERS)]


class Account(models.Model):
    """One contract with a provider: on Meta a WhatsApp Business Account (WABA) with its token and app secret.

    `problem` is what the last look at the provider met, in a sentence; `said` the provider's latest word to a person.
    `work` is what a job does for the account at this moment ("check" or "hooks"), "" when none does.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        RESTRICTED = "restricted", _("Restricted")
        SUSPENDED = "suspended", _("Suspended")
        UNREACHABLE = "unreachable", _("Unreachable")
        OFF = "off", _("Disconnected")

    provider = models.CharField(max_length=20, choices=provider_choices)
    name = models.CharField(max_length=120)
    provider_id = models.CharField(max_length=120, help_text="The provider's id of the account (Meta: WABA id).")
    credentials = models.BinaryField(help_text="Sealed by core.vault; the keys depend on the provider.")
    base_url = models.URLField(blank=True, default="", help_text="Only honoured with ENVOI_PROVIDER_URLS=1.")
    hook_key = models.CharField(max_length=64, unique=True)
    portfolio = models.CharField(
        max_length=120,
        blank=True,
        default="",
        db_default="",
        help_text="Meta's id of the business: accounts of one business share its limit of people a day.",
    )
    state = models.CharField(max_length=12, choices=State.choices, default=State.ACTIVE, db_default=State.ACTIVE)
    state_reason = models.TextField(blank=True, default="", db_default="")
    state_until = models.DateTimeField(null=True)
    tier = models.CharField(max_length=24, blank=True, default="", db_default="")
    problem = models.TextField(blank=True, default="", db_default="")
    said = models.TextField(blank=True, default="", db_default="")
    said_at = models.DateTimeField(null=True)
    work = models.CharField(max_length=8, blank=True, default="", db_default="")
    work_since = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    hooks_state = models.CharField(max_length=10, blank=True, default="", db_default="")
    hooks_set_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "accounts"
        triggers = [
            kept(
                hot=("said", "said_at", "work", "work_since", "checked_at", "problem"),
                secret=("credentials", "hook_key"),
            )
        ]
        constraints = [models.UniqueConstraint("provider", "provider_id", name="account_once")]

    def __str__(self) -> str:
        return self.name


class Channel(models.Model):
    """A number (or sender) that customers see. `throughput_per_second` is the provider's limit for it.

    `problems` are sentences of the provider's on what limits it, `said` its latest word about it.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        SUSPENDED = "suspended", _("Suspended")

    class PaceBy(models.TextChoices):
        # What each means: channels.proving. Pages say it in sentences of their own.
        NOBODY = ""
        NEW = "new"
        TIER = "tier"
        RATED = "rated"
        SENT = "sent"
        PERSON = "person"

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="channels")
    name = models.CharField(max_length=120)
    address = models.CharField(max_length=40, help_text="What customers see: E.164.")
    provider_id = models.CharField(max_length=120, help_text="The provider's id (Meta: phone_number_id).")
    state = models.CharField(max_length=12, choices=State.choices, default=State.ACTIVE)
    state_reason = models.TextField(blank=True, default="")
    quality = models.CharField(max_length=12, blank=True, default="")
    tier = models.CharField(max_length=24, blank=True, default="")
    throughput_per_second = models.PositiveIntegerField(default=80)
    provider_throughput = models.PositiveIntegerField(null=True, help_text="What the provider said last.")
    provider_state = models.CharField(max_length=40, blank=True, default="", db_default="")
    problems = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    said = models.TextField(blank=True, default="", db_default="")
    said_at = models.DateTimeField(null=True)
    per_minute = models.PositiveIntegerField(
        null=True, help_text="Our own ceiling for campaigns: 30 for a number that has yet to prove itself."
    )
    # What decided about per_minute, and when (channels.proving).
    pace_by = models.CharField(max_length=8, choices=PaceBy.choices, blank=True, default="", db_default="")
    pace_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "channels"
        triggers = [kept(hot=("said", "said_at", "problems", "provider_throughput", "pace_at"))]
        constraints = [
            models.UniqueConstraint("account", "provider_id", name="channel_once"),
            models.CheckConstraint(condition=models.Q(throughput_per_second__gt=0), name="channel_throughput_positive"),
            models.CheckConstraint(condition=models.Q(per_minute__gt=0), name="channel_per_minute_positive"),
        ]

    def __str__(self) -> str:
        return self.name
