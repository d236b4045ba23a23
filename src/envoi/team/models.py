"""Staff and what they did. Tables: staff, audit_log."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _


class StaffManager(BaseUserManager["Staff"]):
    """Fetches staff by e-mail for sign-in; creation is actions.add_staff."""


class Staff(AbstractBaseUser):
    """Someone who works here and may sign in."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        ADMINISTRATOR = "administrator", _("Administrator")
        MARKETER = "marketer", _("Marketer")
        AGENT = "agent", _("Service agent")
        ANALYST = "analyst", _("Analyst")

    email = models.EmailField(_("e-mail"), max_length=254)
    name = models.CharField(max_length=120, blank=True, default="")
    role = models.CharField(max_length=20, choices=Role.choices)
    language = models.CharField(max_length=12, default="en")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = StaffManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        db_table = "staff"
        constraints = [models.UniqueConstraint(Lower("email"), name="staff_email_once")]

    def __str__(self) -> str:
        return self.name or self.email


class AuditEntry(models.Model):
    """Who did what, kept for good. Written by team.actions.note."""

    at = models.DateTimeField(db_default=Now())
    staff = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+")
    verb = models.CharField(max_length=60)
    subject = models.CharField(max_length=120)
    detail = models.JSONField(default=dict)

    class Meta:
        db_table = "audit_log"
        indexes = [models.Index(fields=["subject", "-id"], name="audit_by_subject")]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject}"
