"""Files that somebody adds to a message: kept in the library as an upload on its own page would be."""

from __future__ import annotations

from typing import Any

from ..media import actions as media
from ..media.models import File
from ..team.models import Staff


def kept(given: Any, *, by: Staff) -> File:
    """The file of an upload (django.core.files.UploadedFile). Raises BadInput for what WhatsApp would not carry."""
    told = given.content_type or ""
    return media.upload(given, name=given.name or "file", size=given.size or 0, told=told, by=by)
