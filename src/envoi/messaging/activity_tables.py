"""What is known of each customer's habits. Tables: activity, activity_hours, activity_months,
activity_checkpoint.

Written by messaging.activity alone. Rows name their contact without a constraint in the database, as the limits do.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from ..contacts.models import Contact


class Activity(models.Model):
    """One customer's habits, kept as things happen; a customer without a row has done nothing yet.

    received: what they wrote; replies: of those, what answered a message of ours, after reply_seconds in all;
    delays: replies within a minute, 3 minutes, 30 minutes, a day, later. sent, delivered, read, failed: receipts of
    ours; promotions: marketing that was delivered; last_seen_at: when they last wrote or read.
    """

    contact = models.OneToOneField(
        Contact, primary_key=True, on_delete=models.CASCADE, related_name="activity", db_constraint=False
    )
    received = models.IntegerField(default=0, db_default=0)
    replies = models.IntegerField(default=0, db_default=0)
    reply_seconds = models.BigIntegerField(default=0, db_default=0)
    delays = ArrayField(models.IntegerField(), default=list, db_default=[0, 0, 0, 0, 0])
    sent = models.IntegerField(default=0, db_default=0)
    delivered = models.IntegerField(default=0, db_default=0)
    read = models.IntegerField(default=0, db_default=0)
    failed = models.IntegerField(default=0, db_default=0)
    promotions = models.IntegerField(default=0, db_default=0)
    last_seen_at = models.DateTimeField(null=True)
    last_read_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "activity"

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.received} in, {self.sent} out"


class ActivityHour(models.Model):
    """How often a customer wrote or read in one hour of the week where they are: 0 is Monday 0:00, 167 Sunday 23:00."""

    pk = models.CompositePrimaryKey("contact_id", "hour")
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    hour = models.SmallIntegerField()
    times = models.IntegerField()

    class Meta:
        db_table = "activity_hours"

    def __str__(self) -> str:
        return f"{self.contact_id} {self.hour}: {self.times}"


class ActivityMonth(models.Model):
    """The same counts for one month (UTC), so that any period can be summed."""

    pk = models.CompositePrimaryKey("contact_id", "month")
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    month = models.DateField()
    received = models.IntegerField(default=0, db_default=0)
    replies = models.IntegerField(default=0, db_default=0)
    sent = models.IntegerField(default=0, db_default=0)
    delivered = models.IntegerField(default=0, db_default=0)
    read = models.IntegerField(default=0, db_default=0)
    promotions = models.IntegerField(default=0, db_default=0)

    class Meta:
        db_table = "activity_months"

    def __str__(self) -> str:
        return f"{self.contact_id} {self.month}"


class ActivityCheckpoint(models.Model):
    """Receipts noted before `done_to` are in `activity`: one row, moved together with what it stands for."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    done_to = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "activity_checkpoint"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="activity_checkpoint_one_row")]

    def __str__(self) -> str:
        return str(self.done_to)
