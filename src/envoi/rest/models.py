"""What was answered to a write that may be sent twice. Table: kept_answers, written by rest.repeats."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from ..team.models import ApiKey


class KeptAnswer(models.Model):
    """The answer to one Idempotency-Key of one API key. It commits with the write itself, or not at all."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+", db_index=False)
    word = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.BinaryField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "kept_answers"
        constraints = [models.UniqueConstraint("key", "word", name="answer_once")]
        indexes = [models.Index("created_at", name="kept_answers_by_age")]

    def __str__(self) -> str:
        return self.word
