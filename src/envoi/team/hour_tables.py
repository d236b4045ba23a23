"""Tables: opening_hours, opening_exceptions, service_changes. Written by team.opening.

Without a team a row is the whole company's.
"""

from __future__ import annotations

from django.db import models

from .changes import kept


class OpeningHours(models.Model):
    """When people are there. A team without a row keeps the company's; a company without one never closes.

    week: seven texts, Monday first, as team.hours.write_spans gives them; "" is closed.
    """

    team = models.ForeignKey("team.Team", null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    zone = models.CharField(max_length=40)
    week = models.JSONField()
    country = models.CharField(max_length=2, blank=True, default="")
    subdivision = models.CharField(max_length=12, blank=True, default="")

    class Meta:
        db_table = "opening_hours"
        triggers = [kept()]
        constraints = [models.UniqueConstraint("team", name="opening_hours_once", nulls_distinct=False)]

    def __str__(self) -> str:
        return f"hours of {self.team_id}"


class OpeningException(models.Model):
    """Other hours on one day: `hours` as a text of spans, "" is closed; `usual`: as on any such weekday.

    What a team sets for a day comes before what the company sets for it.
    """

    team = models.ForeignKey("team.Team", null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    hours = models.CharField(max_length=120, blank=True, default="")
    usual = models.BooleanField(default=False)
    name = models.CharField(max_length=120, blank=True, default="")
    made_by = models.ForeignKey("team.Staff", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)

    class Meta:
        db_table = "opening_exceptions"
        triggers = [kept()]
        constraints = [models.UniqueConstraint("team", "day", name="opening_exception_once", nulls_distinct=False)]

    def __str__(self) -> str:
        return f"{self.day}"


class ServiceChange(models.Model):
    """When something about the service (hours, targets, alarms, assignment) was last set: one row, looked at before
    what every process remembers of it is believed."""

    at = models.CharField(max_length=64)

    class Meta:
        db_table = "service_changes"

    def __str__(self) -> str:
        return self.at
