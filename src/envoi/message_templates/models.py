"""Wordings approved (or not) by the provider, and when they were last compared. Tables: templates, template_syncs."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ..channels.models import Account
from ..team.changes import kept


class Template(models.Model):
    """One wording in one language. `components` keeps Meta's shape (Meta sheet, C.1).

    A wording begins as a draft of ours, without provider_id. For one that the provider has, `components` and `category`
    are the provider's; what somebody wants instead waits in `draft` until the provider has taken it. `work` is what the
    worker is asked to do, `trouble` the sentence of its last failure, `edits` when an approved one was changed.
    """

    class Category(models.TextChoices):
        MARKETING = "marketing", _("Marketing")
        UTILITY = "utility", _("Utility")
        AUTHENTICATION = "authentication", _("Authentication")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PENDING = "pending", _("In review")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        PAUSED = "paused", _("Paused")
        DISABLED = "disabled", _("Disabled")
        GONE = "gone", _("Deleted at the provider")

    class Work(models.TextChoices):
        NONE = "", _("Nothing")
        HANDING_IN = "handing_in", _("Handing in")
        DELETING = "deleting", _("Deleting")

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="templates")
    name = models.CharField(max_length=512)
    language = models.CharField(max_length=16)
    category = models.CharField(max_length=16, choices=Category.choices)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    components = models.JSONField()
    provider_id = models.CharField(max_length=600, blank=True, default="")
    quality = models.CharField(max_length=12, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    draft = models.JSONField(null=True, blank=True, help_text="A new wording that waits: {category, components}.")
    work = models.CharField(max_length=12, choices=Work.choices, blank=True, default=Work.NONE)
    trouble = models.TextField(blank=True, default="")
    edits = models.JSONField(default=list, blank=True, help_text="When an approved wording was changed, RFC 3339.")
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "templates"
        triggers = [kept(hot=("work", "trouble", "edits", "updated_at"))]
        constraints = [models.UniqueConstraint("account", "name", "language", name="template_once")]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"


class TemplateSync(models.Model):
    """The last comparison of an account's templates with its provider; one row for each account."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        FINISHED = "finished", _("Finished")
        FAILED = "failed", _("Failed")

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="template_sync")
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    asked_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    found = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    gone = models.PositiveIntegerField(default=0)
    trouble = models.TextField(blank=True, default="")

    class Meta:
        db_table = "template_syncs"

    def __str__(self) -> str:
        return f"{self.account_id}: {self.state}"
