"""What staff are told, and how. Tables: notifications, notification_settings, push_subscriptions, push_keys.

Written by notifications.actions, the last two by notifications.push.
"""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import pgettext_lazy

from ..team.models import Staff


class Notification(models.Model):
    """One thing that one of the staff should know. `kind` says what happened, `facts` with what, `link` where to look.

    The sentence is made when it is shown, in the reader's language (notifications.wording). in_page, by_email: where
    this person wanted it at that time; mailed_at: when an e-mail told it.
    """

    class Kind(models.TextChoices):
        ASSIGNED = "assigned", pgettext_lazy("notification", "A conversation was given to you")
        MENTIONED = "mentioned", pgettext_lazy("notification", "A colleague mentioned you")
        WAITING = "waiting", pgettext_lazy("notification", "A customer waits too long")
        RED_ALERT = "red_alert", pgettext_lazy("notification", "Red alert: nobody has answered for hours")
        WINDOW_CLOSING = "window_closing", pgettext_lazy("notification", "A window closes unanswered")
        NEW_MESSAGE = "new_message", pgettext_lazy("notification", "A customer wrote in a conversation of yours")
        CODES_LOW = "codes_low", pgettext_lazy("notification", "Promo codes run out")
        NOT_LAUNCHED = "not_launched", pgettext_lazy("notification", "A planned campaign did not leave")

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    facts = models.JSONField(default=dict)
    link = models.CharField(max_length=200)
    at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True)
    in_page = models.BooleanField(default=True, db_default=True)
    by_email = models.BooleanField(default=False, db_default=False)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notifications"
        indexes = [
            models.Index(fields=["staff", "-id"], name="notifications_of_staff"),
            models.Index("staff", condition=models.Q(read_at__isnull=True), name="notifications_unread"),
            models.Index("at", name="notifications_by_time"),
        ]

    def __str__(self) -> str:
        return self.kind


class NotificationSettings(models.Model):
    """What one of the staff wants to be told where; without a row, what is usual (notifications.wants).

    wants: for each kind a list of "page", "email", "push". Between quiet_from and quiet_to, by the clock of `zone`, no
    e-mail and no push goes; e-mail follows after that. mailed_at: when the last e-mail went.
    """

    staff = models.OneToOneField(Staff, primary_key=True, on_delete=models.CASCADE, related_name="+")
    wants = models.JSONField(default=dict)
    quiet_from = models.TimeField(null=True)
    quiet_to = models.TimeField(null=True)
    zone = models.CharField(max_length=40, default="UTC")
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notification_settings"

    def __str__(self) -> str:
        return f"notifications of {self.staff_id}"


class PushSubscription(models.Model):
    """A browser that shows notifications, as its push service gave it to us. label: which browser, for its owner."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="+")
    endpoint = models.TextField(unique=True)
    p256dh = models.CharField(max_length=120)
    auth = models.CharField(max_length=40)
    label = models.CharField(max_length=80, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "push_subscriptions"

    def __str__(self) -> str:
        return self.label


class PushKey(models.Model):
    """The key by which push services know this installation (VAPID): one row, made when first needed, sealed."""

    public = models.CharField(max_length=120)
    private = models.BinaryField()
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "push_keys"

    def __str__(self) -> str:
        return self.public
