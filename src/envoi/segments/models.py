"""Saved rules that choose contacts. Table: segments."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Segment(models.Model):
    """A named rule tree (segments.rules says what it may hold)."""

    name = models.CharField(max_length=120, unique=True)
    rule = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "segments"

    def __str__(self) -> str:
        return self.name
