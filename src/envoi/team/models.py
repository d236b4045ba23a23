"""Staff, their teams, programs’ keys, and their deeds. Tables: staff, teams, team_members, api_keys, audit_log."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .hour_tables import OpeningException as OpeningException
from .hour_tables import OpeningHours as OpeningHours
from .hour_tables import ServiceChange as ServiceChange


class StaffManager(BaseUserManager["Staff"]):
    """Fetches staff by e-mail for sign-in; creation is actions.add_staff."""


class Staff(AbstractBaseUser):
    """Someone who works here and may sign in.

    capacity: how many open conversations they are given at most. skills: words that rules and teams name ("returns");
    speaks: the languages in which they answer, as codes ("fr"). present: "online", "away" or "offline", as they chose;
    seen_at is when a page of theirs last called: who has not called for two minutes is not there, whatever they chose.
    """

    class Presence(models.TextChoices):
        ONLINE = "online", pgettext_lazy("presence", "Online")
        AWAY = "away", pgettext_lazy("presence", "Away")
        OFFLINE = "offline", pgettext_lazy("presence", "Offline")

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
    capacity = models.PositiveSmallIntegerField(default=20, db_default=20)
    skills = ArrayField(models.CharField(max_length=40), default=list, db_default=models.Value("{}"))
    speaks = ArrayField(models.CharField(max_length=12), default=list, db_default=models.Value("{}"))
    present = models.CharField(
        max_length=8, choices=Presence.choices, default=Presence.ONLINE, db_default=Presence.ONLINE
    )
    seen_at = models.DateTimeField(null=True)
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


class Team(models.Model):
    """People who answer together: "Sales", "Returns"."""

    name = models.CharField(max_length=80, unique=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "teams"

    def __str__(self) -> str:
        return self.name


class TeamMember(models.Model):
    """One of the staff in a team. Who leads it is told of its alarms."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="members", db_index=False)
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="memberships")
    leads = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "team_members"
        constraints = [models.UniqueConstraint("team", "staff", name="team_member_once")]

    def __str__(self) -> str:
        return f"{self.staff_id} in {self.team_id}"


class ApiKey(models.Model):
    """What a program shows to use the API. Of its secret only a hash is here, and the first letters (`shown`).

    made_by: whose rights bound it, None for the operator at the command line. It goes when its maker's row goes: a key
    without a maker has the operator's rights.
    """

    name = models.CharField(max_length=120)
    shown = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=40))
    made_by = models.ForeignKey(Staff, null=True, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        db_table = "api_keys"

    def __str__(self) -> str:
        return self.name


class AuditEntry(models.Model):
    """Who did what, kept for good. Written by team.actions.note. `key`: through which API key."""

    at = models.DateTimeField(db_default=Now())
    staff = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+")
    key = models.ForeignKey(ApiKey, null=True, on_delete=models.SET_NULL, related_name="+")
    verb = models.CharField(max_length=60)
    subject = models.CharField(max_length=120)
    detail = models.JSONField(default=dict)

    class Meta:
        db_table = "audit_log"
        indexes = [models.Index(fields=["subject", "-id"], name="audit_by_subject")]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject}"
