"""The stored files of imports: where they are, and opening them, whatever they came as."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex

from django.conf import settings
from django.utils.translation import gettext as _

from ..core import clock
from ..core.errors import BadInput
from . import sheets
from .models import Import
from .reading import Table
from .rejects import PART as REJECTS_PART

# Whoever is erased is in no file of ours after this, whatever the file called them (docs/decisions/0017).
KEPT = timedelta(days=30)
RUNNING = (
    Import.State.UNPACKING,
    Import.State.QUEUED,
    Import.State.READING,
    Import.State.WRITING,
    Import.State.UNDOING,
)
# A workbook as CSV, beside the workbook itself.
AS_CSV = "sheet.csv"
# While it is written; an unpacking ends after minutes (sheets.MOST_SECONDS), so an old one is nobody's.
PART = f"{AS_CSV}.{{}}.part"
PART_KEPT = timedelta(hours=1)


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


def forget_parts_of(one: Import) -> int:
    """Delete what a killed unpacking has left of a CSV; only for who has the import in hand. Returns how many."""
    return _unlink(path_of(one).parent.glob(PART.format("*")))


def forget_parts() -> int:
    """Delete the parts at which nobody has written for PART_KEPT: their workers were killed. Returns how many."""
    imports = Path(settings.MEDIA_ROOT) / "imports"
    parts = [*imports.glob(f"*/{PART.format('*')}")]
    # A running import may find its first bad row after hours, and the next worker on it begins this file anew.
    running = set(Import.objects.filter(state__in=RUNNING).values_list("pk", flat=True))
    parts += [one for one in imports.glob(f"*/{REJECTS_PART}") if one.parent.name not in map(str, running)]
    return _unlink(part for part in parts if _age(part) > PART_KEPT)


def _unlink(parts: Iterable[Path]) -> int:
    gone = 0
    for part in parts:
        part.unlink(missing_ok=True)
        gone += 1
    return gone


def _age(part: Path) -> timedelta:
    """How long ago it was last written to; nothing when it has gone meanwhile."""
    try:
        return clock.now() - datetime.fromtimestamp(part.stat().st_mtime, UTC)
    except FileNotFoundError:
        return timedelta()


def table_of(
    one: Import, known: Callable[[str], bool] = bool, tell: Callable[[float], None] = lambda share: None
) -> Table:
    """The rows of an import's file; a workbook is turned into CSV once. Raises BadInput, with the reason.

    tell: hears how far that is (sheets.convert). Pages never call it for what `is_to_unpack`.
    """
    path = path_of(one)
    try:
        if not sheets.is_workbook(path):
            return Table(path, known)
        unpack(one, tell)
    except FileNotFoundError:
        raise BadInput(_("The stored file is gone: send it again.")) from None
    return Table(path.with_name(AS_CSV), known)


def is_to_unpack(one: Import) -> bool:
    """Whether it is a workbook too large to be turned into CSV while a page waits, and not turned yet.

    What is no workbook, or can be read by nobody, is none: whoever opens it says why.
    """
    path = path_of(one)
    try:
        return sheets.is_workbook(path) and not sheets.is_small(path) and not path.with_name(AS_CSV).exists()
    except (BadInput, FileNotFoundError):
        return False


def unpack(one: Import, tell: Callable[[float], None]) -> None:
    """Turn a workbook into CSV, unless that was done. Raises BadInput, FileNotFoundError, and what `tell` raises."""
    path = path_of(one)
    converted = path.with_name(AS_CSV)
    if converted.exists():
        return
    # A name of its own: a worker that was killed may have left a process that still writes.
    draft = path.with_name(PART.format(token_hex(4)))
    sheets.convert(path, draft, tell)
    draft.replace(converted)
    one.bytes_total = converted.stat().st_size
    Import.objects.filter(pk=one.pk).update(bytes_total=one.bytes_total)
