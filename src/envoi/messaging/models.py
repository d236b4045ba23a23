"""Messages and their way out. Tables: messages, message_words, message_events, lanes, outbox, channel_pace,
attachments; more in limit_tables and activity_tables.

Attachments are written by messaging.attachments, the rest by messaging.ledger; pages read through messaging.queries.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from ..channels.models import Channel
from ..contacts.models import Contact
from ..media.models import File
from ..message_templates.models import Template
from .activity_tables import Activity as Activity
from .activity_tables import ActivityCheckpoint as ActivityCheckpoint
from .activity_tables import ActivityHour as ActivityHour
from .activity_tables import ActivityMonth as ActivityMonth
from .limit_tables import LimitSettings as LimitSettings
from .limit_tables import MarketingBar as MarketingBar
from .limit_tables import Pair as Pair
from .limit_tables import Place as Place
from .limit_tables import Portfolio as Portfolio
from .limit_tables import PortfolioMinute as PortfolioMinute
from .limit_tables import PortfolioReturn as PortfolioReturn
from .limit_tables import PortfolioWrite as PortfolioWrite


class State(models.TextChoices):
    """Where a message stands; the order of the first six is the order in which they may follow each other."""

    QUEUED = "queued", _("Queued")
    SENDING = "sending", _("Sending")
    ACCEPTED = "accepted", _("Accepted")
    SENT = "sent", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    READ = "read", _("Read")
    UNCERTAIN = "uncertain", _("Uncertain")
    FAILED = "failed", _("Failed")
    SKIPPED = "skipped", _("Skipped")
    CANCELLED = "cancelled", _("Cancelled")
    RECEIVED = "received", _("Received")


class Message(models.Model):
    """One message, in or out. A campaign's recipient is its message: `campaign_id` and at most one per contact."""

    class Direction(models.TextChoices):
        IN = "in", _("In")
        OUT = "out", _("Out")

    pk = models.CompositePrimaryKey("contact_id", "id")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="messages", db_index=False)
    id = models.BigIntegerField(db_default=models.Func(models.Value("messages_id_seq"), function="nextval"))
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+", db_index=False)
    # Campaigns live higher on the street, so this points there without a foreign key.
    campaign_id = models.BigIntegerField(null=True)
    direction = models.CharField(max_length=3, choices=Direction.choices)
    kind = models.CharField(max_length=16)
    category = models.CharField(max_length=16)
    state = models.CharField(max_length=10, choices=State.choices)
    reason = models.CharField(max_length=60, blank=True, default="", db_default="")
    text = models.TextField(blank=True, default="", db_default="")
    template = models.ForeignKey(Template, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    values = ArrayField(models.TextField(), null=True)
    content = models.JSONField(null=True)
    reply_to = models.TextField(blank=True, default="", db_default="")
    provider_id = models.TextField(null=True)  # noqa: DJ001  (unique where known, as long as its provider likes)
    error_code = models.TextField(blank=True, default="", db_default="")
    error_title = models.TextField(blank=True, default="", db_default="")
    error_detail = models.TextField(blank=True, default="", db_default="")
    pricing = models.JSONField(null=True)
    # What it really cost, WhatsApp's price and the provider's: written once, after it was delivered.
    price = models.DecimalField(max_digits=14, decimal_places=6, null=True)
    currency = models.CharField(max_length=3, blank=True, default="", db_default="")
    # The second message of one campaign to one person: they were two contacts then, and have been merged since.
    twin = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(db_default=Now())
    accepted_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "messages"
        constraints = [
            models.UniqueConstraint(
                "contact",
                "campaign_id",
                condition=models.Q(campaign_id__isnull=False, twin=False),
                name="recipient_once",
            ),
            models.UniqueConstraint(
                "contact",
                "provider_id",
                condition=models.Q(provider_id__isnull=False),
                name="provider_message_once",
            ),
        ]
        indexes = [
            models.Index(
                "campaign_id",
                "state",
                "contact",
                condition=models.Q(campaign_id__isnull=False),
                name="messages_by_campaign",
            ),
            # The breaker's: what became of a campaign's messages in a stretch of time.
            models.Index(
                "campaign_id",
                Coalesce("accepted_at", "sent_at", "delivered_at", "failed_at"),
                condition=models.Q(
                    campaign_id__isnull=False, state__in=["accepted", "sent", "delivered", "read", "failed"]
                ),
                name="messages_by_outcome",
            ),
            models.Index("provider_id", condition=models.Q(provider_id__isnull=False), name="messages_by_provider_id"),
            models.Index("contact", "created_at", condition=models.Q(direction="in"), name="messages_received"),
            BrinIndex(fields=["created_at"], name="messages_by_day"),
            # A queue: an entry comes with the delivery and goes with the price.
            models.Index(
                "currency",
                "id",
                condition=models.Q(direction="out", delivered_at__isnull=False, price__isnull=True),
                name="messages_to_price",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.kind} {self.state}"


class MessageWords(models.Model):
    """By which words a message is found (ledger.lexemes); none: no row. `seq` is the order in which they came.

    Apart from `messages`: an index there would be written to with every receipt.

    It names its contact without a constraint in the database, as what is derived does.
    """

    pk = models.CompositePrimaryKey("contact_id", "message_id")
    contact_id = models.BigIntegerField()
    message_id = models.BigIntegerField()
    seq = models.BigIntegerField(db_default=models.Func(models.Value("message_words_seq"), function="nextval"))
    words = SearchVectorField()

    class Meta:
        db_table = "message_words"
        # Without a list of what is pending: every search would read through it.
        indexes = [GinIndex(fields=["words"], fastupdate=False, name="message_words_search")]

    def __str__(self) -> str:
        return f"{self.contact_id}-{self.message_id}"


class MessageEvent(models.Model):
    """One line of a message's trace: what happened, when, by which rule, until when."""

    pk = models.CompositePrimaryKey("contact_id", "id")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False)
    id = models.BigIntegerField(db_default=models.Func(models.Value("message_events_id_seq"), function="nextval"))
    message_id = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())
    what = models.CharField(max_length=24)
    detail = models.JSONField(null=True)

    class Meta:
        db_table = "message_events"
        indexes = [
            models.Index("contact", "message_id", name="events_by_message"),
            # The roll-up of messaging.activity: what has happened since it last looked.
            BrinIndex(fields=["at"], name="events_by_time", pages_per_range=16),
        ]

    def __str__(self) -> str:
        return self.what


class Lane(models.Model):
    """A queue of one channel that can be held as one: each campaign has its own, replies share one.

    `form` is what all its messages have in common (providers.base.Form), null where each message is whole.
    """

    class Priority(models.IntegerChoices):
        """Service and authentication before utility, utility before marketing (house: the five limiters)."""

        SERVICE = 0, _("Service")
        UTILITY = 1, _("Utility")
        MARKETING = 2, _("Marketing")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        HELD = "held", _("Held")
        CLOSED = "closed", _("Closed")

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="lanes")
    priority = models.SmallIntegerField(choices=Priority.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN, db_default=State.OPEN)
    reason = models.TextField(blank=True, default="", db_default="")
    form = models.JSONField(null=True)

    class Meta:
        db_table = "lanes"

    def __str__(self) -> str:
        return f"{self.channel_id}/{self.pk}"


class Outbox(models.Model):
    """A message that has still to leave, or may have left (`uncertain`). Its row goes when the outcome is known."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        UNCERTAIN = "uncertain", _("Uncertain")

    pk = models.CompositePrimaryKey("channel_id", "id")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+", db_index=False)
    id = models.BigIntegerField(help_text="The message's id.")
    lane = models.ForeignKey(Lane, on_delete=models.PROTECT, related_name="+", db_index=False)
    contact_id = models.BigIntegerField()
    recipient = models.CharField(max_length=160)
    promotional = models.BooleanField()
    values = ArrayField(models.TextField(), null=True)
    content = models.JSONField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED, db_default=State.QUEUED)
    due_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "outbox"
        indexes = [
            models.Index("channel", "lane", "due_at", "id", condition=models.Q(state="queued"), name="outbox_due"),
            models.Index("channel", "lease_until", condition=models.Q(state="sending"), name="outbox_leased"),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.state}"


class ChannelPace(models.Model):
    """How fast a channel goes, one row a channel, shared by all dispatchers; limits.throughput says what it means.

    free_at: when the next message may leave, bulk_at: when the next one of a campaign may. rests_until: until when
    nothing may, as the provider asked. share and cut_at: what was left of the pace after the last "too fast", and
    when that was. talked_at: when a reply last left. taken_by: which dispatcher took slots last; company_until: until
    when there is believed to be another one; alone_until: until when it may use slots late (limits.sharing).
    """

    channel = models.OneToOneField(Channel, primary_key=True, on_delete=models.CASCADE, related_name="+")
    free_at = models.DateTimeField(db_default=Now())
    bulk_at = models.DateTimeField(db_default=Now())
    rests_until = models.DateTimeField(null=True)
    share = models.FloatField(default=1.0, db_default=1.0)
    cut_at = models.DateTimeField(null=True)
    talked_at = models.DateTimeField(null=True)
    taken_by = models.BigIntegerField(null=True)
    company_until = models.DateTimeField(null=True)
    alone_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "channel_pace"

    def __str__(self) -> str:
        return str(self.free_at)


class Attachment(models.Model):
    """A file that a customer sent. `ref` is what its provider's download takes; the file is here once it is stored."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Being fetched")
        STORED = "stored", _("Stored")
        GONE = "gone", _("No longer at the provider")
        REFUSED = "refused", _("Refused")
        FAILED = "failed", _("Could not be fetched")

    pk = models.CompositePrimaryKey("contact_id", "id")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False)
    id = models.BigIntegerField(db_default=models.Func(models.Value("attachments_id_seq"), function="nextval"))
    message_id = models.BigIntegerField()
    place = models.PositiveSmallIntegerField(help_text="Which of the message's files this is, from 0.")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=16)
    ref = models.JSONField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING, db_default=State.WAITING)
    file = models.ForeignKey(File, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.TextField(blank=True, default="", db_default="")
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "attachments"
        constraints = [models.UniqueConstraint("contact", "message_id", "place", name="attachment_once")]
        indexes = [models.Index("due_at", condition=models.Q(state="waiting"), name="attachments_waiting")]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"
