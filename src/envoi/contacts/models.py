"""People. Tables: contacts, identities, consents, tags, contact_tags, notes, contact_events, imports, import_changes;
and, small and led by no contact: attributes, keywords, suppressions, merges, contact_settings, import_columns.

Every row that belongs to a customer leads with contact_id (docs/decisions/0005).
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Now, Reverse, Upper
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ..team.changes import kept
from ..team.models import Staff


class Consent(models.TextChoices):
    """What is known of somebody's consent to one purpose. `pending`: said once, to be confirmed (double opt-in)."""

    UNKNOWN = "unknown", _("Unknown")
    PENDING = "pending", _("To be confirmed")
    GRANTED = "granted", _("Granted")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Source(models.TextChoices):
    """How somebody came to be known first. What was made before this was noted has none."""

    IMPORT = "import", pgettext_lazy("source of a contact", "a file")
    INBOUND = "inbound", pgettext_lazy("source of a contact", "their first message")
    LINK = "link", pgettext_lazy("source of a contact", "a link")
    STAFF = "staff", pgettext_lazy("source of a contact", "staff")
    API = "api", pgettext_lazy("source of a contact", "the API")


class Contact(models.Model):
    """A customer, as the company knows them. `phone` is E.164 and may be missing (identities hold every key).

    `username` is what they call themselves on WhatsApp at the moment: shown and searched, never a key. Who is blocked
    is never written to, whatever for. `erased_at`: nothing is known of them any more; the row keeps statistics whole.
    `marketing` and `service` repeat the newest entry of `consents`, so that a send can check them in one row.
    `held_at` is when the provider's cap was met last, for the `held_times`-th time in a row, and `held_until` how long
    promotions rest for it. messaging.ledger alone writes these three (Meta sheet E.3).
    """

    phone = models.CharField(max_length=20, null=True, blank=True)  # noqa: DJ001  (unknown is not empty)
    username = models.CharField(max_length=60, blank=True, default="", db_default="")
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
    held_until = models.DateTimeField(null=True)
    held_at = models.DateTimeField(null=True)
    held_times = models.PositiveSmallIntegerField(default=0, db_default=0)
    owner = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    blocked_at = models.DateTimeField(null=True)
    blocked_reason = models.CharField(max_length=200, blank=True, default="", db_default="")
    erased_at = models.DateTimeField(null=True)
    # The database's default is a file's: imports write most contacts, and need not say it a million times.
    source = models.CharField(max_length=8, choices=Source.choices, blank=True, default="", db_default=Source.IMPORT)
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
            models.Index("username", condition=~models.Q(username=""), name="contacts_by_username"),
            # Empty where everybody has a phone, so it costs their import nothing: who is written to by an id alone.
            models.Index("id", condition=models.Q(phone__isnull=True), name="contacts_without_phone"),
            models.Index("owner", "id", condition=models.Q(owner__isnull=False), name="contacts_by_owner"),
            # The list by language, by consent or by both, newest first (contacts.walking). It holds all that a count
            # needs, and nobody who was erased.
            models.Index(
                "language", "marketing", "id", condition=models.Q(erased_at__isnull=True), name="contacts_by_language"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.phone or (f"@{self.username}" if self.username else f"#{self.pk}")


class Identity(models.Model):
    """One way to know a person: (kind, value, scope) names exactly one contact.

    phone: in the one form of core.phone.line_of, whatever variant was written. user_id: byte for byte as the provider
    wrote it; it holds within one business portfolio, which is its `scope` (channels.queries.portfolio_key). The others
    have no scope.
    """

    class Kind(models.TextChoices):
        PHONE = "phone", _("Phone")
        USER_ID = "user_id", _("WhatsApp user id")
        CUSTOMER = "customer", _("Customer number")

    pk = models.CompositePrimaryKey("kind", "value", "scope")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    value = models.CharField(max_length=160)
    scope = models.CharField(max_length=140, blank=True, default="", db_default="")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="identities")

    class Meta:
        db_table = "identities"

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class ConsentEntry(models.Model):
    """One line of the consent ledger: append-only. `text` is what the person saw or wrote, `by` who wrote it down."""

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
    by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)

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
    """A word that the company puts on people. import_id: the file that brought it first, for its undo."""

    name = models.CharField(max_length=60, unique=True)
    import_id = models.BigIntegerField(null=True)

    class Meta:
        db_table = "tags"
        triggers = [kept()]

    def __str__(self) -> str:
        return self.name


class ContactTag(models.Model):
    """This contact has this tag, since `at`. `by_rule`: a rule put it, and may take it off again (segments.tagging)."""

    pk = models.CompositePrimaryKey("contact_id", "tag_id")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="tagged", db_index=False)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="tagged", db_index=False)
    at = models.DateTimeField(db_default=Now())
    by_rule = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "contact_tags"
        indexes = [models.Index("tag", "contact", name="contact_tags_by_tag")]

    def __str__(self) -> str:
        return f"{self.contact_id} {self.tag_id}"


class Note(models.Model):
    """What one of the staff wrote down about a contact. Only staff sees it."""

    pk = models.CompositePrimaryKey("contact_id", "id")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="notes", db_index=False)
    id = models.BigIntegerField(db_default=models.Func(models.Value("notes_id_seq"), function="nextval"))
    text = models.TextField()
    at = models.DateTimeField(db_default=Now())
    by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)

    class Meta:
        db_table = "notes"

    def __str__(self) -> str:
        return self.text[:60]


class ContactEvent(models.Model):
    """Something that was done to a contact's record: tagged, given to somebody, blocked, moved, merged, …

    What has a table of its own (messages, consents, orders, notes) is not repeated here. `by`: none for the machine.
    """

    pk = models.CompositePrimaryKey("contact_id", "id")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False)
    id = models.BigIntegerField(db_default=models.Func(models.Value("contact_events_id_seq"), function="nextval"))
    at = models.DateTimeField(db_default=Now())
    what = models.CharField(max_length=24)
    detail = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)

    class Meta:
        db_table = "contact_events"

    def __str__(self) -> str:
        return self.what


class ChangedContact(models.Model):
    """Somebody's record was changed at `at`, by hand or by a program, in a way that leaves no row with its own time.

    What follows facts (segments.tagging) looks here each minute, and lets go of what it has seen.
    """

    pk = models.CompositePrimaryKey("contact_id", "at")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "changed_contacts"

    def __str__(self) -> str:
        return f"{self.contact_id} {self.at}"


class Attribute(models.Model):
    """What the company notes about its customers beside the columns: the kind of one key of contacts.attributes.

    There: text and choice as text, number as number, date as "2026-03-01", boolean as true or false. A key without a
    row here is text that came with a file.
    """

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        NUMBER = "number", _("Number")
        DATE = "date", _("Date")
        BOOLEAN = "boolean", _("Yes or no")
        CHOICE = "choice", _("Choice")

    key = models.CharField(max_length=60, primary_key=True)
    label = models.CharField(max_length=60)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    choices = ArrayField(models.CharField(max_length=60), default=list, db_default=[])
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "attributes"
        triggers = [kept(key=("key",))]

    def __str__(self) -> str:
        return self.label


class Keyword(models.Model):
    """What the company changed about the words of optout: a word of its own, or one of ours that means nothing here.

    `word` is folded (optout.folded): capitals, accents and punctuation do not matter.
    """

    class Means(models.TextChoices):
        STOP = "stop", _("Stops promotions")
        START = "start", _("Asks for promotions")
        CONFIRM = "confirm", _("Confirms")
        NOTHING = "nothing", _("Means nothing")

    word = models.CharField(max_length=100, primary_key=True)
    shown = models.CharField(max_length=100)
    language = models.CharField(max_length=12, blank=True, default="", db_default="")
    means = models.CharField(max_length=8, choices=Means.choices)
    at = models.DateTimeField(db_default=Now())
    by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)

    class Meta:
        db_table = "keywords"
        triggers = [kept(key=("word",))]

    def __str__(self) -> str:
        return self.shown


class Suppression(models.Model):
    """Somebody erased had withdrawn: a keyed hash of one of their keys, so that they stay unwritten if they come back.

    Nobody can read the key out of it; whoever brings the same key in again meets the withdrawal (contacts.erased).
    """

    pk = models.CompositePrimaryKey("hash", "purpose")
    hash = models.CharField(max_length=64)
    purpose = models.CharField(max_length=10, choices=ConsentEntry.Purpose.choices)
    withdrawn_at = models.DateTimeField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "suppressions"

    def __str__(self) -> str:
        return f"{self.purpose} {self.hash[:8]}"


class Merge(models.Model):
    """Two contacts that became one: `gone_id` is now `kept_id`. `saved` is all that an undo needs (records.merging).

    A receipt that still names the one who is gone finds its message through this table.
    """

    kept_id = models.BigIntegerField()
    gone_id = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())
    by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    saved = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)

    class Meta:
        db_table = "merges"
        constraints = [
            models.UniqueConstraint("gone_id", condition=models.Q(undone_at__isnull=True), name="gone_once"),
        ]
        indexes = [models.Index("kept_id", name="merges_by_kept")]

    def __str__(self) -> str:
        return f"{self.gone_id} → {self.kept_id}"


class DifferentPeople(models.Model):
    """Somebody looked at these two records and said that they are two people: they are never suggested again."""

    first_id = models.BigIntegerField()
    second_id = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())
    by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)

    class Meta:
        db_table = "different_people"
        constraints = [
            models.UniqueConstraint(fields=("first_id", "second_id"), name="different_people_once"),
            models.CheckConstraint(
                condition=models.Q(first_id__lt=models.F("second_id")), name="different_people_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} ≠ {self.second_id}"


class ContactSettings(models.Model):
    """What the installation has set about people: one row, made when somebody first changes something.

    double_opt_in: who asks for promotions is `pending` until they confirm. questions: what they are asked, by language
    ("fr"); `question`, when there is one, in every other language.
    hash_key: the sealed key of `suppressions`.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    double_opt_in = models.BooleanField(default=False, db_default=False)
    question = models.TextField(blank=True, default="", db_default="")
    questions = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    hash_key = models.BinaryField(null=True)

    class Meta:
        db_table = "contact_settings"
        triggers = [kept(secret=("hash_key",))]
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="contact_settings_one_row")]

    def __str__(self) -> str:
        return "double opt-in" if self.double_opt_in else "single opt-in"


class Import(models.Model):
    """One file brought in: where it stands and what came of it. All or nothing: a failed one changed no contact.

    rows_read = created + updated + unchanged + duplicate (the file has the same person again) + rejected.
    unseen: the ids that it has given to people whom nobody sees before its end (contacts.unseen).
    """

    class Kind(models.TextChoices):
        CONTACTS = "contacts", _("Contacts")
        ORDERS = "orders", _("Orders")

    class State(models.TextChoices):
        UNPACKING = "unpacking", _("Reading the workbook")
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
    unseen = ArrayField(models.BigIntegerField(), default=list, db_default=[])
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
