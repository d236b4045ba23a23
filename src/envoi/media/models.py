"""Stored files, and what each account's provider calls them. Tables: files, uploads.

`files` is written by media.actions, `uploads` by media.uploads, which dispatch calls.
"""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ..channels.models import Account
from ..team.models import Staff


class File(models.Model):
    """A file whose bytes are in the storage under `path`. `mime_type` is what its bytes are, not what was claimed."""

    class Source(models.TextChoices):
        UPLOAD = "upload", _("Uploaded by staff")
        INBOUND = "inbound", _("Sent by a customer")

    class Kind(models.TextChoices):
        IMAGE = "image", _("Image")
        VIDEO = "video", _("Video")
        AUDIO = "audio", _("Audio")
        DOCUMENT = "document", _("Document")
        STICKER = "sticker", _("Sticker")

    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    mime_type = models.CharField(max_length=120)
    size = models.BigIntegerField()
    path = models.CharField(max_length=255)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    source = models.CharField(max_length=8, choices=Source.choices)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(Staff, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        db_table = "files"
        constraints = [
            models.UniqueConstraint("path", name="file_path_once"),
            models.UniqueConstraint("sha256", condition=models.Q(source="upload"), name="file_uploaded_once"),
        ]
        indexes = [models.Index("source", "id", name="files_newest")]

    def __str__(self) -> str:
        return self.name


class Upload(models.Model):
    """A file at an account's provider. Without `provider_id` somebody is uploading it, until `claimed_until`."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    file = models.ForeignKey(File, on_delete=models.CASCADE, related_name="uploads")
    provider_id = models.TextField(blank=True, default="", db_default="")
    uploaded_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "uploads"
        constraints = [models.UniqueConstraint("account", "file", name="upload_once")]

    def __str__(self) -> str:
        return self.provider_id
