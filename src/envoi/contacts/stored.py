"""The stored files of imports: where they are, and opening them, whatever they came as."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from ..core.errors import BadInput
from . import sheets
from .models import Import
from .reading import Table

# A workbook as CSV, beside the workbook itself.
AS_CSV = "sheet.csv"


def path_of(one: Import) -> Path:
    """Where the file that somebody sent is."""
    return Path(settings.MEDIA_ROOT) / one.path


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
