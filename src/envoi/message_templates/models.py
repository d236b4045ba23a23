"""Wordings approved (or not) by the provider. Table: templates."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ..channels.models import Account


class Template(models.Model):
    """One wording in one language. `components` keeps Meta's shape (Meta sheet, C.1)."""

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

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="templates")
    name = models.CharField(max_length=512)
    language = models.CharField(max_length=16)
    category = models.CharField(max_length=16, choices=Category.choices)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    components = models.JSONField()
    provider_id = models.CharField(max_length=64, blank=True, default="")
    quality = models.CharField(max_length=12, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "templates"
        constraints = [models.UniqueConstraint("account", "name", "language", name="template_once")]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"
