"""Workbooks (XLSX, XLSM, XLSB, XLS, ODS) as CSV, in a process of its own that may use only so much memory and time.

Calamine, the fastest reader there is, holds a whole sheet in memory, and a small file can unpack to anything. So the
process that unpacks has limits that the kernel keeps: when it meets one, a person reads a sentence, and that is all.
"""

from __future__ import annotations

import csv
import resource
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from ..core.errors import BadInput

# Bytes. A sheet of 1,048,576 rows, as many as there may be, with ten filled columns takes 250 MB unpacked.
MOST_PACKED = 300 << 20
MOST_UNPACKED = 1 << 30
MOST_MEMORY = 3 << 29
MOST_SECONDS = 300
MOST_COLUMNS = 501

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"
_INSIDE = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")

# What the process says by its exit code.
_DONE, _PASSWORD, _EMPTY, _BROKEN, _TOO_BIG = 0, 10, 11, 12, 13


class NoSheet(BadInput):
    """It is no workbook that can be read."""


def is_workbook(path: Path) -> bool:
    """Whether a file seems to be a workbook. Raises NoSheet for an archive that holds none."""
    with path.open("rb") as file:
        head = file.read(4)
    if head == _ZIP:
        _look_inside(path)
        return True
    return head == _OLE


def convert(path: Path, target: Path) -> None:
    """Write the first sheet with anything in it as CSV in UTF-8, one line a row. Raises NoSheet, with the reason."""
    if path.stat().st_size > MOST_PACKED:
        raise NoSheet(_too_big())
    try:
        done = subprocess.run(
            [sys.executable, "-m", "envoi.contacts.sheets", str(path), str(target)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=MOST_SECONDS,
        ).returncode
    except subprocess.TimeoutExpired:
        done = _TOO_BIG
    if done != _DONE:
        target.unlink(missing_ok=True)
        raise NoSheet(_sentence(done))


def _sentence(code: int) -> str:
    if code == _PASSWORD:
        return _("The workbook is protected by a password: save it without one.")
    if code == _EMPTY:
        return _("The workbook has no row in any of its sheets.")
    # An allocation that the kernel refuses ends the process by a signal.
    if code == _TOO_BIG or code < 0:
        return _too_big()
    return _("The workbook can’t be read: it is damaged, or no workbook. Open it, save it again and send that file.")


def _too_big() -> str:
    return _("The workbook is too large to be read whole: save its sheet as CSV, which may have any size.")


def _look_inside(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise NoSheet(_sentence(_BROKEN)) from None
    names = {member.filename for member in members}
    if not names.intersection(_INSIDE):
        raise NoSheet(_("This is a ZIP archive without a workbook in it: unpack it and send the file that is inside."))
    if sum(member.file_size for member in members) > MOST_UNPACKED:
        raise NoSheet(_too_big())


def _rows(path: Path) -> Iterator[list[Any]]:
    """The rows of the first sheet that has any, from its first line on."""
    workbook = CalamineWorkbook.from_path(str(path))
    for name in workbook.sheet_names:
        sheet = workbook.get_sheet_by_name(name)
        if sheet.end is not None and sheet.height:
            yield from sheet.iter_rows()
            return


def _text(value: Any) -> str:
    """A cell as it would stand in a CSV: whole numbers without a point, dates as 2026-01-31, one line each."""
    match value:
        case str():
            return " ".join(value.replace("\0", "").splitlines()) if value else ""
        case bool():
            return "yes" if value else "no"
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e18 else repr(value)
        case datetime():
            return value.isoformat(" ") if value.time() != time() else value.date().isoformat()
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
    return "" if value is None else str(value)


def _write(path: Path, target: Path) -> int:
    found = False
    with target.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        for row in _rows(path):
            cells = [_text(value) for value in row[:MOST_COLUMNS]]
            while cells and not cells[-1]:
                cells.pop()
            found = found or bool(cells)
            # An empty row keeps its line, so that the numbers of lines are those of the sheet.
            out.writerow(cells) if cells else file.write("\n")
    return _DONE if found else _EMPTY


def main(source: str, target: str) -> int:
    """Convert within limits; the exit code says how it went."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        return _write(Path(source), Path(target))
    except PasswordError:
        return _PASSWORD
    except MemoryError:
        return _TOO_BIG
    except (CalamineError, OSError, ValueError):
        return _BROKEN


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
