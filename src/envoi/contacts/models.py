"""People. Tables: contacts, identities, consents, tags, contact_tags, imports, import_changes, import_columns.

Every row that belongs to a customer leads with contact_id (docs/decisions/0005).
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Now, Reverse, Upper
from django.utils.translation import gettext_lazy as _

from ..team.models import Staff


class Consent(models.TextChoices):
    """What is known of somebody's consent to one purpose."""

    UNKNOWN = "unknown", _("Unknown")
    GRANTED = "granted", _("Granted")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Contact(models.Model):
    """A customer, as the company knows them. `phone` is E.164 and may be missing (identities hold every key).

    `marketing` and `service` repeat the newest entry of `consents`, so that a send can check them in one row.
    `promoted_at` is when the last promotion was reserved for this person, by message `promoted_by`;
    `held_at` is when the provider's cap was met last, for the `held_times`-th time in a row, and `held_until` how long
    promotions rest for it. messaging.ledger alone writes these five (mission M4, Meta sheet E.3).
    """

    phone = models.CharField(max_length=20, null=True, blank=True)  # noqa: DJ001  (unknown is not empty)
    name = models.CharField(max_length=200, blank=True, default="")
    language = models.CharField(max_length=12, blank=True, default="")
    country = models.CharField(max_length=2, blank=True, default="")
    timezone = models.CharField(max_length=40, blank=True, default="")
    attributes = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    marketing = models.CharField(max_length=10, choices=Consent.choices, default=Consent.UNKNOWN)
    service = models.CharField(max_length=10, choices=Consent.choices, default=Consent.UNKNOWN)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    last_inbound_at = models.DateTimeField(null=True)
    window_open_until = models.DateTimeField(null=True)
    promoted_at = models.DateTimeField(null=True)
    promoted_by = models.BigIntegerField(null=True)
    held_until = models.DateTimeField(null=True)
    held_at = models.DateTimeField(null=True)
    held_times = models.PositiveSmallIntegerField(default=0, db_default=0)
    # Which import made this contact: what its undo looks for.
    import_id = models.BigIntegerField(null=True)

    class Meta:
        db_table = "contacts"
        indexes = [
            # Each costs an import of a million 2 to 6 seconds: newest first goes by the primary key, the beginning of a
            # number by `identities`.
            models.Index(fields=["name", "id"], name="contacts_by_name"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="contacts_name_search"),
            models.Index(OpClass(Reverse("phone"), name="text_pattern_ops"), name="contacts_phone_end"),
        ]

    def __str__(self) -> str:
        return self.name or self.phone or f"#{self.pk}"


class Identity(models.Model):
    """One way to know a person: (kind, value) names exactly one contact."""

    class Kind(models.TextChoices):
        PHONE = "phone", _("Phone")
        USER_ID = "user_id", _("WhatsApp user id")
        CUSTOMER = "customer", _("Customer number")

    pk = models.CompositePrimaryKey("kind", "value")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    value = models.CharField(max_length=160)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="identities")

    class Meta:
        db_table = "identities"

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class ConsentEntry(models.Model):
    """One line of the consent ledger: append-only. `text` is what the person saw or wrote."""

    class Purpose(models.TextChoices):
        MARKETING = "marketing", _("Marketing")
        SERVICE = "service", _("Service")

    pk = models.CompositePrimaryKey("contact_id", "id")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="consents", db_index=False)
    id = models.BigIntegerField(db_default=models.Func(models.Value("consents_id_seq"), function="nextval"))
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    state = models.CharField(max_length=10, choices=Consent.choices)
    source = models.CharField(max_length=60)
    text = models.TextField(blank=True, default="")
    proof = models.TextField(blank=True, default="")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "consents"
        indexes = [
            # Those who said stop lately: the breaker's.
            models.Index(
                "at", condition=models.Q(purpose="marketing", state="withdrawn"), name="consents_withdrawn_by_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.state}"


class Tag(models.Model):
    """A word that the company puts on people."""

    name = models.CharField(max_length=60, unique=True)

    class Meta:
        db_table = "tags"

    def __str__(self) -> str:
        return self.name


class ContactTag(models.Model):
    """This contact has this tag."""

    pk = models.CompositePrimaryKey("contact_id", "tag_id")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="tagged", db_index=False)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="tagged", db_index=False)

    class Meta:
        db_table = "contact_tags"
        indexes = [models.Index("tag", "contact", name="contact_tags_by_tag")]

    def __str__(self) -> str:
        return f"{self.contact_id} {self.tag_id}"


class Import(models.Model):
    """One file brought in: where it stands and what came of it. All or nothing: a failed one changed no contact.

    rows_read = created + updated + unchanged + duplicate (the file has the same person again) + rejected.
    """

    class Kind(models.TextChoices):
        CONTACTS = "contacts", _("Contacts")
        ORDERS = "orders", _("Orders")

    class State(models.TextChoices):
        DRAFT = "draft", _("Being prepared")
        QUEUED = "queued", _("Waiting")
        READING = "reading", _("Reading the file")
        WRITING = "writing", _("Writing")
        CHECKED = "checked", _("Checked")
        FINISHED = "finished", _("Finished")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    file_name = models.CharField(max_length=200)
    path = models.CharField(max_length=400, help_text="The stored copy, below ENVOI_HOME.")
    options = models.JSONField(default=dict, help_text="country, tags, consent source, …")
    bytes_total = models.BigIntegerField(default=0)
    bytes_done = models.BigIntegerField(default=0)
    rows_read = models.BigIntegerField(default=0)
    rows_created = models.BigIntegerField(default=0)
    rows_updated = models.BigIntegerField(default=0)
    rows_unchanged = models.BigIntegerField(default=0)
    rows_duplicate = models.BigIntegerField(default=0)
    rows_rejected = models.BigIntegerField(default=0)
    rows_undone = models.BigIntegerField(default=0, db_default=0)
    rows_kept = models.BigIntegerField(default=0, db_default=0)
    problem = models.TextField(blank=True, default="")
    check_only = models.BooleanField(default=False, db_default=False, help_text="Count what it would do, and stop.")
    cancel_requested = models.BooleanField(default=False)
    started_by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "imports"

    def __str__(self) -> str:
        return self.file_name


class ImportChange(models.Model):
    """What an import did to somebody who was known already; enough to take it back, for as long as it can be undone.

    fields: {"name": [before, after], …}; tags: those it put on; keys: [["phone", "+33…"], …] that it gave them;
    marketing: what their consent was before the file spoke, "" when it did not.
    """

    pk = models.CompositePrimaryKey("contact_id", "import_id")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False)
    import_id = models.BigIntegerField()
    fields = models.JSONField(default=dict)
    tags = ArrayField(models.BigIntegerField(), default=list)
    keys = models.JSONField(default=list)
    marketing = models.CharField(max_length=10, blank=True, default="")

    class Meta:
        db_table = "import_changes"

    def __str__(self) -> str:
        return f"{self.import_id}: {self.contact_id}"


class ImportColumns(models.Model):
    """What somebody said the columns of a file are: remembered for the next file with the same first line."""

    kind = models.CharField(max_length=12, choices=Import.Kind.choices)
    titles = models.CharField(max_length=64, help_text="A hash of the titles, folded.")
    columns = models.JSONField(default=list)
    options = models.JSONField(default=dict)
    used_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "import_columns"
        constraints = [models.UniqueConstraint("kind", "titles", name="import_columns_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.titles[:8]}"
