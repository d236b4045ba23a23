"""Saved choices of contacts. Tables: segments, segment_members, auto_tags, auto_tag_checkpoint."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..contacts.models import Contact, Tag
from ..team.changes import kept
from ..team.models import Staff


class Segment(models.Model):
    """A named rule tree (segments.rules says what it may hold), or a list of people chosen by hand.

    A list's rule is membership in itself, so that whoever uses a segment needs to know of one kind only. `ready` names
    the ready-made one that it was made from. `counted` is what was last counted, at `counted_at`.
    """

    class Kind(models.TextChoices):
        RULE = "rule", _("Rule")
        LIST = "list", _("List")

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=4, choices=Kind.choices, default=Kind.RULE, db_default=Kind.RULE)
    rule = models.JSONField()
    ready = models.CharField(max_length=40, null=True, unique=True)  # noqa: DJ001  (most are made by hand)
    counted = models.BigIntegerField(null=True)
    counted_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)

    class Meta:
        db_table = "segments"
        triggers = [kept(hot=("counted", "counted_at"))]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """Its name; of a ready-made one that nobody has named otherwise, in the reader's language."""
        return gettext(self.name) if self.ready and self.name else self.name


class SegmentMember(models.Model):
    """This contact is on this list, since `at`."""

    pk = models.CompositePrimaryKey("contact_id", "segment_id")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False)
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "segment_members"
        indexes = [models.Index("segment", "contact", name="segment_members_by_segment")]

    def __str__(self) -> str:
        return f"{self.contact_id} {self.segment_id}"


class AutoTag(models.Model):
    """Everybody in this segment has this tag, and who leaves the segment loses it (contact_tags.by_rule).

    checked_at: when everybody was last looked at, seconds: how long that took. problem: why it could not be done.
    """

    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="auto_tags")
    tag = models.OneToOneField(Tag, on_delete=models.PROTECT, related_name="auto_tag")
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    checked_at = models.DateTimeField(null=True)
    seconds = models.FloatField(null=True)
    problem = models.TextField(blank=True, default="", db_default="")

    class Meta:
        db_table = "auto_tags"
        triggers = [kept(hot=("checked_at", "seconds", "problem"))]

    def __str__(self) -> str:
        return f"{self.segment_id} → {self.tag_id}"


class AutoTagCheckpoint(models.Model):
    """What happened before `done_to` is in the auto-tags: one row, moved together with what it stands for."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    done_to = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "auto_tag_checkpoint"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="auto_tag_checkpoint_one_row")]

    def __str__(self) -> str:
        return str(self.done_to)
