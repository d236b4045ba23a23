"""Automatic replies. Tables: reply_rules, reply_settings, auto_answers, rule_firings, promo_pools, promo_codes,
reply_calls, faq_entries.

What happened to one customer leads with contact_id (docs/decisions/0005); a pool's codes lead with their pool, where
they are taken.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ..contacts.models import Contact
from ..team.changes import kept
from ..team.models import Staff


class ReplyRule(models.Model):
    """One rule: what a message must be (`trigger`), what must be true (`conditions`), what is done (`actions`).

    position: rules are asked from the lowest to the highest; `stops`: no other is asked after this one fired; settles:
    what it says is an answer, so that nobody has to answer any more. The three JSON columns are described in rules.py
    and doing.py. channels, teams: only these, none means all. ready: the ready-made rule that it was made from.
    """

    name = models.CharField(max_length=120, unique=True)
    position = models.IntegerField()
    enabled = models.BooleanField(default=True, db_default=True)
    stops = models.BooleanField(default=True, db_default=True)
    settles = models.BooleanField(default=True, db_default=True)
    trigger = models.JSONField()
    conditions = models.JSONField(default=dict)
    actions = models.JSONField(default=list)
    channels = ArrayField(models.BigIntegerField(), default=list, db_default=models.Value("{}"))
    teams = ArrayField(models.BigIntegerField(), default=list, db_default=models.Value("{}"))
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    ready = models.CharField(max_length=40, blank=True, default="", db_default="")
    made_by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "reply_rules"
        triggers = [kept(hot=("changed_at",))]

    def __str__(self) -> str:
        return self.name


class ReplySettings(models.Model):
    """What holds for all rules. One row, or none yet.

    per_hour: automatic answers to one customer in an hour, at most. silent_minutes: how long rules are silent in a
    conversation after a person answered there; silent_until_closed: until it is closed, however long that takes.
    suggest: agents are offered answers from the FAQ. secret: what calls are signed with, sealed. version: moves with
    every change of a rule or of this row, so that each process knows when to read them again.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    per_hour = models.PositiveSmallIntegerField(default=5, db_default=5)
    silent_minutes = models.PositiveIntegerField(default=120, db_default=120)
    silent_until_closed = models.BooleanField(default=False, db_default=False)
    suggest = models.BooleanField(default=False, db_default=False)
    secret = models.BinaryField(null=True)
    version = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        db_table = "reply_settings"
        triggers = [kept(hot=("version",), secret=("secret",))]
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="reply_settings_one_row")]

    def __str__(self) -> str:
        return str(self.version)


class AutoAnswer(models.Model):
    """That rules have dealt with a customer's message: at most once, however often its webhook comes.

    held: why nothing was said though a rule fired ("too_many" in an hour, the "same" again and again), else "".
    """

    pk = models.CompositePrimaryKey("contact_id", "message_id")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False)
    message_id = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())
    held = models.CharField(max_length=16, blank=True, default="", db_default="")

    class Meta:
        db_table = "auto_answers"

    def __str__(self) -> str:
        return f"{self.contact_id}-{self.message_id}"


class RuleFiring(models.Model):
    """This rule fired for this message. The rule may be gone since."""

    pk = models.CompositePrimaryKey("contact_id", "message_id", "rule_id")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False)
    message_id = models.BigIntegerField()
    rule_id = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "rule_firings"
        indexes = [models.Index("rule_id", "at", "contact", name="firings_of_rule")]

    def __str__(self) -> str:
        return f"{self.rule_id}: {self.contact_id}-{self.message_id}"


class PromoPool(models.Model):
    """One-time codes of one offer. again: what somebody gets who asks a second time. low_at: warn when fewer are left.

    empty: what is said when none is left, as texts by language (doing.py). told: what staff have been told of it since
    codes were last added (pool_alarms): that few are left, or none.
    """

    class Told(models.TextChoices):
        NOTHING = ""
        LOW = "low"
        EMPTY = "empty"

    class Again(models.TextChoices):
        SAME = "same", _("The code that they got before")
        NEW = "new", _("A new code each time")

    name = models.CharField(max_length=120, unique=True)
    again = models.CharField(max_length=4, choices=Again.choices, default=Again.SAME, db_default=Again.SAME)
    low_at = models.PositiveIntegerField(default=100, db_default=100)
    empty = models.JSONField(default=list)
    told = models.CharField(max_length=5, choices=Told.choices, blank=True, default="", db_default="")
    made_by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "promo_pools"
        triggers = [kept(hot=("told",))]

    def __str__(self) -> str:
        return self.name


class PromoCode(models.Model):
    """One code. It is somebody's for good once contact_id is set: no code is given to two people."""

    pk = models.CompositePrimaryKey("pool_id", "id")
    pool = models.ForeignKey(PromoPool, on_delete=models.PROTECT, related_name="codes", db_index=False)
    id = models.BigIntegerField(db_default=models.Func(models.Value("promo_codes_id_seq"), function="nextval"))
    code = models.CharField(max_length=60)
    contact_id = models.BigIntegerField(null=True)
    message_id = models.BigIntegerField(null=True)
    taken_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "promo_codes"
        constraints = [models.UniqueConstraint("pool", "code", name="promo_code_once")]
        indexes = [
            models.Index("pool", "id", condition=models.Q(contact_id__isnull=True), name="promo_codes_left"),
            models.Index(
                fields=["contact_id", "pool", "-id"],
                condition=models.Q(contact_id__isnull=False),
                name="promo_codes_of_contact",
            ),
            models.Index(
                fields=["pool", "-taken_at"], condition=models.Q(taken_at__isnull=False), name="promo_codes_taken"
            ),
            models.Index("code", name="promo_codes_by_code"),
        ]

    def __str__(self) -> str:
        return self.code


class ReplyCall(models.Model):
    """A webhook that a rule calls: what is said to whom, and how that went. The worker makes the calls (calling.py)."""

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("state of a call", "Waiting")
        DONE = "done", pgettext_lazy("state of a call", "Taken")
        FAILED = "failed", pgettext_lazy("state of a call", "Failed")

    pk = models.CompositePrimaryKey("contact_id", "id")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False)
    id = models.BigIntegerField(db_default=models.Func(models.Value("reply_calls_id_seq"), function="nextval"))
    rule_id = models.BigIntegerField()
    message_id = models.BigIntegerField()
    url = models.CharField(max_length=2000)
    body = models.JSONField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING, db_default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    reason = models.CharField(max_length=500, blank=True, default="", db_default="")
    at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "reply_calls"
        indexes = [
            models.Index(fields=["rule_id", "-at"], name="calls_of_rule"),
            models.Index("due_at", condition=models.Q(state="waiting"), name="calls_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.url} {self.state}"


class FaqEntry(models.Model):
    """A question that customers ask, and the company's answer, in one language."""

    question = models.CharField(max_length=500)
    answer = models.TextField()
    language = models.CharField(max_length=12, blank=True, default="", db_default="")
    made_by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "faq_entries"
        triggers = [kept()]

    def __str__(self) -> str:
        return self.question
