"""The stored files of imports: where they are, and opening them, whatever they came as."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from ..core import clock
from ..core.errors import BadInput
from . import sheets
from .models import Import
from .reading import Table

# Whoever is erased is in no file of ours after this, whatever the file called them (docs/decisions/0017).
KEPT = timedelta(days=30)
RUNNING = (Import.State.QUEUED, Import.State.READING, Import.State.WRITING, Import.State.UNDOING)
# A workbook as CSV, beside the workbook itself.
AS_CSV = "sheet.csv"


def path_of(one: Import) -> Path:
    """Where the file that somebody sent is."""
    return Path(settings.MEDIA_ROOT) / one.path


def is_stored(one: Import) -> bool:
    """Whether the file is there still: it is kept for KEPT, and goes when somebody in it is erased."""
    return bool(one.path) and path_of(one).is_file()


def forget(import_ids: Iterable[int]) -> int:
    """Delete the files of imports, those of rejects with them; what an undo needs is in tables. Returns how many."""
    gone = 0
    for path in Import.objects.filter(pk__in=list(import_ids)).exclude(path="").values_list("path", flat=True):
        folder = (Path(settings.MEDIA_ROOT) / path).parent
        gone += folder.is_dir()
        shutil.rmtree(folder, ignore_errors=True)
    return gone


def forget_old() -> int:
    """Delete the files of imports that ended, or were never begun, longer than KEPT ago; returns how many."""
    old = Import.objects.exclude(path="").exclude(state__in=RUNNING)
    return forget(old.filter(created_at__lt=clock.now() - KEPT).values_list("pk", flat=True))


def table_of(one: Import, known: Callable[[str], bool] = bool) -> Table:
    """The rows of an import's file; a workbook is turned into CSV once. Raises BadInput, with the reason."""
    path = path_of(one)
    try:
        if not sheets.is_workbook(path):
            return Table(path, known)
    except FileNotFoundError:
        raise BadInput(_("The stored file is gone: send it again.")) from None
    converted = path.with_name(AS_CSV)
    if not converted.exists():
        draft = path.with_name(AS_CSV + ".part")
        sheets.convert(path, draft)
        draft.replace(converted)
        one.bytes_total = converted.stat().st_size
        Import.objects.filter(pk=one.pk).update(bytes_total=one.bytes_total)
    return Table(converted, known)
