"""What staff are told. Table: notifications. Written by notifications.actions alone."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import pgettext_lazy

from ..team.models import Staff


class Notification(models.Model):
    """One thing that one of the staff should know. `kind` says what happened, `facts` with what, `link` where to look.

    The sentence is made when it is shown, in the reader's language (notifications.wording).
    """

    class Kind(models.TextChoices):
        ASSIGNED = "assigned", pgettext_lazy("notification", "A conversation was given to you")
        MENTIONED = "mentioned", pgettext_lazy("notification", "A colleague mentioned you")
        WAITING = "waiting", pgettext_lazy("notification", "A customer waits too long")
        RED_ALERT = "red_alert", pgettext_lazy("notification", "Red alert: nobody has answered for hours")
        WINDOW_CLOSING = "window_closing", pgettext_lazy("notification", "A window closes unanswered")
        NEW_MESSAGE = "new_message", pgettext_lazy("notification", "A customer wrote in a conversation of yours")

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    facts = models.JSONField(default=dict)
    link = models.CharField(max_length=200)
    at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notifications"
        indexes = [
            models.Index(fields=["staff", "-id"], name="notifications_of_staff"),
            models.Index("staff", condition=models.Q(read_at__isnull=True), name="notifications_unread"),
        ]

    def __str__(self) -> str:
        return self.kind
