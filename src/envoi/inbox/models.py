"""Conversations. Tables: conversations, conversation_events, internal_notes, drafts, message_authors, canned_replies,
composing, satisfaction_settings.

What customers and staff write to each other are messages; a conversation says who takes care of them and how long
somebody waits. All of one customer leads with contact_id (docs/decisions/0005).
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import pgettext_lazy

from ..channels.models import Channel
from ..contacts.models import Contact
from ..team.changes import kept
from ..team.models import Staff, Team
from .service_tables import AlarmRule as AlarmRule
from .service_tables import AssignmentRule as AssignmentRule
from .service_tables import AssignmentTurn as AssignmentTurn
from .service_tables import ServiceTarget as ServiceTarget
from .service_tables import SkillRule as SkillRule


class Conversation(models.Model):
    """One matter of one customer at one of our numbers, from their first message until it is closed.

    At most one of a customer and channel is not closed; what they write after that opens the next.
    waiting_since: since when a message of theirs has no answer, null while they wait for nothing. `first_inbound_at`
    and `first_answer_at` are the conversation's first message and the first answer by a person (`first_answer_by`).
    unread: how many messages came since one of the staff last had it open. worth: what they spent, in whole units of
    the company's currency, when they last wrote: who spends more is answered first among equals (mission M15).
    alarm: the highest alarm raised for the present wait; look_at: when the clock has to look again.
    window_alarm_at: when somebody was last told that their window closes.
    """

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("state of a conversation", "Open")
        SNOOZED = "snoozed", pgettext_lazy("state of a conversation", "Snoozed")
        CLOSED = "closed", pgettext_lazy("state of a conversation", "Closed")

    class Priority(models.IntegerChoices):
        NORMAL = 0, pgettext_lazy("priority of a conversation", "Normal")
        HIGH = 1, pgettext_lazy("priority of a conversation", "High")
        URGENT = 2, pgettext_lazy("priority of a conversation", "Urgent")

    class Alarm(models.IntegerChoices):
        NONE = 0, pgettext_lazy("alarm of a conversation", "None")
        LATE = 1, pgettext_lazy("alarm of a conversation", "Later than the target")
        BREACH = 2, pgettext_lazy("alarm of a conversation", "Much too late")
        RED = 3, pgettext_lazy("alarm of a conversation", "Red alert")

    pk = models.CompositePrimaryKey("contact_id", "id")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="conversations", db_index=False)
    id = models.BigIntegerField(db_default=models.Func(models.Value("conversations_id_seq"), function="nextval"))
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN, db_default=State.OPEN)
    assignee = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    team = models.ForeignKey(Team, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    priority = models.SmallIntegerField(choices=Priority.choices, default=Priority.NORMAL, db_default=Priority.NORMAL)
    worth = models.IntegerField(default=0, db_default=0)
    unread = models.PositiveIntegerField(default=0, db_default=0)
    opened_at = models.DateTimeField(db_default=Now())
    last_at = models.DateTimeField(db_default=Now())
    last_text = models.CharField(max_length=200, blank=True, default="", db_default="")
    last_kind = models.CharField(max_length=16, blank=True, default="", db_default="")
    last_direction = models.CharField(max_length=3, blank=True, default="", db_default="")
    inbound_at = models.DateTimeField(null=True)
    first_inbound_at = models.DateTimeField(null=True)
    first_answer_at = models.DateTimeField(null=True)
    first_answer_by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    waiting_since = models.DateTimeField(null=True)
    alarm = models.SmallIntegerField(choices=Alarm.choices, default=Alarm.NONE, db_default=Alarm.NONE)
    look_at = models.DateTimeField(null=True)
    window_alarm_at = models.DateTimeField(null=True)
    snoozed_until = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    # What the last reply changed, for whoever takes it back: {"message": id, "was": {column: value}}.
    before_reply = models.JSONField(null=True)
    # 1 to 5, and in their words; asked after closing (inbox.satisfaction).
    asked_at = models.DateTimeField(null=True)
    scored_at = models.DateTimeField(null=True)
    satisfaction = models.SmallIntegerField(null=True)
    satisfaction_text = models.TextField(blank=True, default="", db_default="")

    class Meta:
        db_table = "conversations"
        constraints = [
            models.UniqueConstraint(
                "contact", "channel", condition=~models.Q(state="closed"), name="conversation_open_once"
            ),
        ]
        indexes = [
            # Each list goes along one of these from where the page before ended.
            models.Index(fields=["state", "-last_at", "-id"], name="conversations_by_time"),
            models.Index(fields=["channel", "state", "-last_at", "-id"], name="conversations_of_channel"),
            models.Index(
                fields=["team", "state", "-last_at", "-id"],
                condition=models.Q(team__isnull=False),
                name="conversations_of_team",
            ),
            models.Index(
                fields=["assignee", "state", "-last_at", "-id"],
                condition=~models.Q(state="closed"),
                name="conversations_of_staff",
            ),
            # The queue: urgent first, then who spends more, then who waits longest.
            models.Index(
                fields=["-priority", "-worth", "waiting_since", "id"],
                condition=models.Q(state="open", waiting_since__isnull=False),
                name="conversations_waiting",
            ),
            models.Index(
                fields=["waiting_since", "id"], condition=models.Q(state="open", alarm=3), name="conversations_red"
            ),
            models.Index("look_at", condition=models.Q(look_at__isnull=False), name="conversations_to_look_at"),
            models.Index("snoozed_until", "id", condition=models.Q(state="snoozed"), name="conversations_snoozed"),
            models.Index("id", name="conversations_by_id"),
            # The service report: what began in a stretch of time.
            models.Index("first_inbound_at", name="conversations_by_begin"),
        ]

    def __str__(self) -> str:
        return f"#{self.id} {self.state}"


class ConversationEvent(models.Model):
    """One line between the messages: opened, assigned, snoozed, closed, alarmed…; by a person, a rule or the clock."""

    pk = models.CompositePrimaryKey("contact_id", "id")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False)
    id = models.BigIntegerField(db_default=models.Func(models.Value("conversation_events_id_seq"), function="nextval"))
    conversation_id = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())
    what = models.CharField(max_length=24)
    by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    detail = models.JSONField(default=dict)

    class Meta:
        db_table = "conversation_events"
        indexes = [
            models.Index("contact", "conversation_id", name="events_of_conversation"),
            # What has happened of late, for the service report: rows come in the order of time, and stay.
            BrinIndex(fields=["at"], name="conversation_events_by_time"),
        ]

    def __str__(self) -> str:
        return self.what


class InternalNote(models.Model):
    """What staff write to each other beside a conversation; no customer ever sees it."""

    pk = models.CompositePrimaryKey("contact_id", "id")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False)
    id = models.BigIntegerField(db_default=models.Func(models.Value("internal_notes_id_seq"), function="nextval"))
    conversation_id = models.BigIntegerField()
    by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    text = models.TextField()
    mentions = ArrayField(models.BigIntegerField(), default=list)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "internal_notes"
        indexes = [models.Index("contact", "conversation_id", name="notes_of_conversation")]

    def __str__(self) -> str:
        return self.text[:60]


class Draft(models.Model):
    """What one of the staff has begun to write in a conversation."""

    pk = models.CompositePrimaryKey("contact_id", "conversation_id", "staff_id")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False)
    conversation_id = models.BigIntegerField()
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="+", db_index=False)
    text = models.TextField()
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "drafts"

    def __str__(self) -> str:
        return self.text[:60]


class MessageAuthor(models.Model):
    """Who wrote a message to a customer: one of the staff, or a rule (`rule_id`, replies live higher on the street).

    canned_id: the canned reply that it began with; changed: whether it was rewritten after that.
    """

    pk = models.CompositePrimaryKey("contact_id", "message_id")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False)
    message_id = models.BigIntegerField()
    conversation_id = models.BigIntegerField(null=True)
    staff = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    rule_id = models.BigIntegerField(null=True)
    canned_id = models.BigIntegerField(null=True)
    changed = models.BooleanField(default=False, db_default=False)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "message_authors"
        indexes = [
            models.Index("staff", "at", condition=models.Q(staff__isnull=False), name="authors_by_staff"),
            # Rows come in the order of time, and stay: some kilobytes for millions of them.
            BrinIndex(fields=["at"], name="authors_by_time"),
            models.Index("rule_id", "at", condition=models.Q(rule_id__isnull=False), name="authors_by_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id}-{self.message_id}"


class CannedReply(models.Model):
    """An answer kept for common questions, found by `/shortcut`. Variables are those of templates: {{name}}."""

    shortcut = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=120)
    text = models.TextField()
    language = models.CharField(max_length=12, blank=True, default="")
    team = models.ForeignKey(Team, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    made_by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "canned_replies"
        triggers = [kept()]

    def __str__(self) -> str:
        return f"/{self.shortcut}"


class Composing(models.Model):
    """Who is writing in a conversation at this moment: a row counts until `until`, some seconds from its last key."""

    pk = models.CompositePrimaryKey("contact_id", "conversation_id", "staff_id")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False)
    conversation_id = models.BigIntegerField()
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="+", db_index=False)
    until = models.DateTimeField()

    class Meta:
        db_table = "composing"

    def __str__(self) -> str:
        return f"{self.staff_id} until {self.until}"


class SatisfactionSettings(models.Model):
    """The question after closing; one row, or none while nobody has set anything: then nothing is asked.

    wording: by language ("fr") the texts that the company wrote itself, by their names in satisfaction_words; what is
    missing is said as it comes. delay_minutes: from closing to asking. rest_days: nobody is asked twice within these.
    """

    class Scale(models.TextChoices):
        LIST = "list", pgettext_lazy("satisfaction", "A list from 1 to 5")
        BUTTONS = "buttons", pgettext_lazy("satisfaction", "Three buttons: good, fair, bad")

    id = models.SmallIntegerField(primary_key=True, default=1)
    asks = models.BooleanField(default=False, db_default=False)
    scale = models.CharField(max_length=8, choices=Scale.choices, default=Scale.LIST, db_default=Scale.LIST)
    delay_minutes = models.PositiveSmallIntegerField(default=1, db_default=1)
    rest_days = models.PositiveSmallIntegerField(default=7, db_default=7)
    asks_why = models.BooleanField(default=True, db_default=True)
    wording = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))

    class Meta:
        db_table = "satisfaction_settings"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="satisfaction_settings_one_row")]
        triggers = [kept()]

    def __str__(self) -> str:
        return "asks" if self.asks else "does not ask"
