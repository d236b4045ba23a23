"""Tables: service_days, service_days_counted. What the service report would count over and over, counted once a day."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class ServiceDay(models.Model):
    """One day of the service report, for one agent, team or channel, or for all of them together.

    day: in the company's time zone.
    key: their id as text, "" for nobody's and for all. The counts are those of `service.FIGURES`, and every day that
    has been counted has a line for all. How many answers and closings took how long (`service_days.BUCKET`) stands in
    two arrays of the same length each.
    """

    class Grouping(models.TextChoices):
        ALL = "all"
        AGENT = "agent"
        TEAM = "team"
        CHANNEL = "channel"

    pk = models.CompositePrimaryKey("grouping", "day", "key")
    grouping = models.CharField(max_length=8, choices=Grouping.choices)
    day = models.DateField()
    key = models.TextField()
    began = models.IntegerField()
    answered = models.IntegerField()
    closed = models.IntegerField()
    quick = models.IntegerField()
    late = models.IntegerField()
    asked = models.IntegerField()
    scored = models.IntegerField()
    score_sum = models.IntegerField()
    satisfied = models.IntegerField()
    scored_quick = models.IntegerField()
    scored_middle = models.IntegerField()
    scored_late = models.IntegerField()
    satisfied_quick = models.IntegerField()
    satisfied_middle = models.IntegerField()
    satisfied_late = models.IntegerField()
    written = models.IntegerField()
    canned = models.IntegerField()
    unchanged = models.IntegerField()
    answer_buckets = ArrayField(models.SmallIntegerField())
    answer_counts = ArrayField(models.IntegerField())
    closed_buckets = ArrayField(models.SmallIntegerField())
    closed_counts = ArrayField(models.IntegerField())

    class Meta:
        db_table = "service_days"

    def __str__(self) -> str:
        return f"{self.grouping} {self.key} {self.day}"


class ServiceDaysCounted(models.Model):
    """Up to when changes have been counted into service_days; one row, or none before the first count.

    zone: the time zone whose days they are.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField(db_default=Now())
    zone = models.CharField(max_length=40, default="UTC", db_default="UTC")

    class Meta:
        db_table = "service_days_counted"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="service_days_counted_one_row")]

    def __str__(self) -> str:
        return f"up to {self.at}"
