"""Staff, their teams, programs’ keys, and their deeds.

Tables: staff, staff_rights, teams, team_members, team_settings, invitations, staff_sessions, api_keys, audit_log,
changes.
"""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .changes import kept
from .hour_tables import OpeningException as OpeningException
from .hour_tables import OpeningHours as OpeningHours
from .hour_tables import ServiceChange as ServiceChange


class Transaction(models.Func):
    """The number of the transaction that writes: what has the same was done at once."""

    template = "(pg_current_xact_id()::text::bigint)"
    output_field = models.BigIntegerField()


class Begun(models.Func):
    """When the transaction that writes began: the same for all that it writes, unlike Django's Now."""

    template = "transaction_timestamp()"
    output_field = models.DateTimeField()


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
        triggers = [kept(hot=("last_login", "seen_at", "present", "language"), secret=("password",))]

    def __str__(self) -> str:
        return self.name or self.email


class Team(models.Model):
    """People who answer together: "Sales", "Returns"."""

    name = models.CharField(max_length=80, unique=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "teams"
        triggers = [kept()]

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
        triggers = [kept(key=("team_id", "staff_id"))]

    def __str__(self) -> str:
        return f"{self.staff_id} in {self.team_id}"


class StaffRight(models.Model):
    """A right that one person has beside their role's (`granted`), or has not although their role has it."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="custom_rights", db_index=False)
    right = models.CharField(max_length=40)
    granted = models.BooleanField()

    class Meta:
        db_table = "staff_rights"
        constraints = [models.UniqueConstraint("staff", "right", name="staff_right_once")]
        triggers = [kept(key=("staff_id", "right"))]

    def __str__(self) -> str:
        return f"{self.staff_id} {'+' if self.granted else '-'}{self.right}"


class TeamSettings(models.Model):
    """What the company asks of everybody who signs in; one row, or none for what is set from the start.

    two_step_roles: who has to have two-step verification; since when, and how many days they have to set it up.
    canned_seconds: what a canned reply saves its writer, as the service report counts it.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    two_step_roles = ArrayField(models.CharField(max_length=20), default=list, db_default=models.Value("{}"))
    two_step_days = models.PositiveSmallIntegerField(default=7, db_default=7)
    two_step_since = models.DateTimeField(null=True)
    canned_seconds = models.PositiveSmallIntegerField(default=60, db_default=60)

    class Meta:
        db_table = "team_settings"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="team_settings_one_row")]
        triggers = [kept()]

    def __str__(self) -> str:
        return ", ".join(self.two_step_roles) or "nobody"


class Invitation(models.Model):
    """A link by which somebody comes onto the team, or one of the staff (`staff`) chooses a new password.

    The link is a signature over the id and `turn`: sending it anew raises `turn`, which ends the one before. Nothing in
    this row opens anything.
    """

    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=120, blank=True, default="")
    role = models.CharField(max_length=20, choices=Staff.Role.choices)
    teams = ArrayField(models.BigIntegerField(), default=list, db_default=models.Value("{}"))
    language = models.CharField(max_length=12, default="en")
    staff = models.ForeignKey(Staff, null=True, on_delete=models.CASCADE, related_name="+")
    turn = models.IntegerField(default=1, db_default=1)
    made_by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "invitations"
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                condition=models.Q(accepted_at=None, revoked_at=None, staff=None),
                name="invitation_open_once",
            )
        ]
        triggers = [kept(hot=("mailed_at",))]

    def __str__(self) -> str:
        return self.email


class StaffSession(models.Model):
    """One browser in which somebody is signed in. The row outlives its session by nothing: ending one deletes both."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="+")
    session_key = models.CharField(max_length=40, unique=True)
    device = models.CharField(max_length=200, blank=True, default="")
    address = models.CharField(max_length=45, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())
    last_seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "staff_sessions"

    def __str__(self) -> str:
        return f"{self.staff_id} {self.device}"


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
        triggers = [kept(hot=("last_used_at",), secret=("digest",))]

    def __str__(self) -> str:
        return self.name


class AuditEntry(models.Model):
    """Who did what, kept for good. Written by team.actions.note. `key`: through which API key.

    deed: the transaction in which it was done, by which its `changes` are found; minus the id for what is older than
    that column.
    """

    at = models.DateTimeField(db_default=Begun())
    staff = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+")
    key = models.ForeignKey(ApiKey, null=True, on_delete=models.SET_NULL, related_name="+")
    verb = models.CharField(max_length=60)
    subject = models.CharField(max_length=120)
    detail = models.JSONField(default=dict)
    deed = models.BigIntegerField(db_default=Transaction())

    class Meta:
        db_table = "audit_log"
        indexes = [
            models.Index(fields=["subject", "-id"], name="audit_by_subject"),
            models.Index(fields=["-at", "-deed"], name="audit_by_time"),
            models.Index(fields=["staff", "-at", "-deed"], name="audit_by_staff"),
            models.Index(fields=["verb", "-at", "-deed"], name="audit_by_verb"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject}"


class Change(models.Model):
    """One row of a small table made, changed or deleted: which columns, from what to what. Written by triggers alone.

    place: the table. No foreign keys: what happened stays when those who did it, and the row itself, are gone.
    deed: the transaction, as in audit_log: a change and its verb are one deed.
    """

    at = models.DateTimeField(db_default=Begun())
    deed = models.BigIntegerField(db_default=Transaction())
    place = models.CharField(max_length=63)
    row_key = models.CharField(max_length=200)
    what = models.CharField(max_length=6)
    was = models.JSONField(null=True)
    became = models.JSONField(null=True)
    staff_id = models.BigIntegerField(null=True)
    key_id = models.BigIntegerField(null=True)
    request = models.CharField(max_length=40, blank=True, default="", db_default="")
    way = models.CharField(max_length=12, blank=True, default="", db_default="")

    class Meta:
        db_table = "changes"
        indexes = [
            models.Index(fields=["-at", "-deed"], name="changes_by_time"),
            models.Index(fields=["place", "row_key", "-at"], name="changes_by_row"),
            models.Index(fields=["staff_id", "-at", "-deed"], name="changes_by_staff"),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.place}/{self.row_key}"
