"""Keeping and dropping files. Bytes first, row second, under a path that follows from them: a kill leaves no double."""

from __future__ import annotations

import os
from collections.abc import Collection
from functools import partial
from hashlib import sha256
from mimetypes import guess_extension
from typing import BinaryIO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from ..core.errors import BadInput
from ..providers.base import MEBIBYTE, Rejected
from ..providers.meta.media import checked
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from .models import File
from .sniffing import UNKNOWN, kind_of, mime_type_of, plain_name


def most_bytes() -> int:
    """The largest file that is kept, whatever a provider would carry: ENVOI_MOST_FILE_MB, 100 by default."""
    try:
        return max(int(os.environ.get("ENVOI_MOST_FILE_MB") or 100), 1) * MEBIBYTE
    except ValueError:
        return 100 * MEBIBYTE


def upload(file: BinaryIO, *, name: str, size: int, told: str, by: Staff | None) -> File:
    """Keep a file that staff will send; the same bytes again are the same file.

    Raises BadInput for what WhatsApp would not carry: its type by its bytes, and its size for that type.
    """
    require(by, "media.write")
    if size > most_bytes():
        raise BadInput(_("The file has more than %(most)s MB.") % {"most": most_bytes() // MEBIBYTE})
    data = file.read()
    mime_type = mime_type_of(data, told)
    if mime_type == UNKNOWN:
        raise BadInput(_("WhatsApp does not carry files of this type. Its content decides, not its name."))
    try:
        checked(mime_type, data)
    except Rejected as error:
        raise BadInput(_refusal(error, mime_type)) from error
    digest = sha256(data).hexdigest()
    known = File.objects.filter(sha256=digest, source=File.Source.UPLOAD).first()
    if known is not None:
        return known
    path = f"library/{digest[:2]}/{digest}"
    default_storage.save(path, ContentFile(data))
    with transaction.atomic():
        kept, new = File.objects.get_or_create(
            sha256=digest,
            source=File.Source.UPLOAD,
            defaults={
                "name": plain_name(name),
                "mime_type": mime_type,
                "size": len(data),
                "path": path,
                "kind": kind_of(mime_type),
                "created_by": by,
            },
        )
        if new:
            note(by, "media.upload", f"file {kept.pk}", {"name": kept.name})
    return kept


def keep_inbound(data: bytes, *, name: str, told: str, path: str) -> File:
    """Keep what a customer sent. `path` is its own for ever, so that keeping it again replaces it."""
    mime_type = mime_type_of(data, told)
    default_storage.save(path, ContentFile(data))
    kept, _new = File.objects.update_or_create(
        path=path,
        defaults={
            "sha256": sha256(data).hexdigest(),
            "name": plain_name(name, otherwise=f"{kind_of(mime_type)}{guess_extension(mime_type) or ''}"),
            "mime_type": mime_type,
            "size": len(data),
            "kind": kind_of(mime_type),
            "source": File.Source.INBOUND,
        },
    )
    return kept


@transaction.atomic
def drop(file_ids: Collection[int]) -> int:
    """Delete files with their bytes, once the caller's transaction holds; returns how many there were."""
    paths = list(File.objects.filter(pk__in=file_ids).values_list("path", flat=True))
    File.objects.filter(pk__in=file_ids).delete()
    for path in paths:
        transaction.on_commit(partial(default_storage.delete, path), robust=True)
    return len(paths)


def _refusal(error: Rejected, mime_type: str) -> str:
    if error.failure.code == "media_size":
        return _("The file is empty or too large: %(said)s for %(type)s.") % {
            "said": error.failure.detail,
            "type": mime_type,
        }
    return _("WhatsApp does not carry files of this type. Its content decides, not its name.")
