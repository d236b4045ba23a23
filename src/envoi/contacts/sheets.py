"""Workbooks (XLSX, XLSM, XLSB, XLS, ODS) as CSV, in a process of its own that may use only so much memory and time.

Calamine, the fastest reader there is, holds a whole sheet in memory, and a small file can unpack to anything. So the
process that unpacks has limits that the kernel keeps: when it meets one, a person reads a sentence, and that is all.
"""

from __future__ import annotations

import csv
import os
import resource
import subprocess
import sys
import time as clock
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
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
# What takes longer than a moment to unpack is the worker's.
SMALL_PACKED = 1 << 20
SMALL_UNPACKED = 8 << 20
# The list of an archive's members is read whole: an honest workbook has some dozens.
MOST_LISTED = 4 << 20
LOOK_SECONDS = 0.5

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


def is_small(path: Path) -> bool:
    """Whether a workbook is unpacked in a moment. Raises NoSheet as is_workbook does."""
    if path.stat().st_size > SMALL_PACKED:
        return False
    with path.open("rb") as file:
        return file.read(4) != _ZIP or _look_inside(path) <= SMALL_UNPACKED


def convert(path: Path, target: Path, tell: Callable[[float], None] = lambda share: None) -> None:
    """Write the first sheet with anything in it as CSV in UTF-8, one line a row. Raises NoSheet, with the reason.

    tell: hears twice a second how much is done, 0 to 1; what it raises ends the process, and leaves nothing.
    """
    if path.stat().st_size > MOST_PACKED:
        raise NoSheet(_too_big())
    words = [sys.executable, "-m", "envoi.contacts.sheets", str(path), str(target)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(words, stdin=quiet, stdout=subprocess.PIPE, stderr=quiet) as process:
        try:
            done = _follow(process, tell)
        except BaseException:
            process.kill()
            target.unlink(missing_ok=True)
            raise
    if done != _DONE:
        target.unlink(missing_ok=True)
        raise NoSheet(_sentence(done))


def _follow(process: subprocess.Popen[bytes], tell: Callable[[float], None]) -> int:
    assert process.stdout
    os.set_blocking(process.stdout.fileno(), False)
    end = clock.monotonic() + MOST_SECONDS
    share = 0.0
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(min(LOOK_SECONDS, MOST_SECONDS))
        if clock.monotonic() > end:
            process.kill()
            return _TOO_BIG
        with suppress(BlockingIOError):
            if told := os.read(process.stdout.fileno(), 65_536).split():
                share = float(told[-1])
        tell(share)


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


def _look_inside(path: Path) -> int:
    """How many bytes an archive says that it unpacks to. Raises NoSheet for one that holds no workbook."""
    if path.stat().st_size > MOST_PACKED or _listed(path) > MOST_LISTED:
        raise NoSheet(_too_big())
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise NoSheet(_sentence(_BROKEN)) from None
    names = {member.filename for member in members}
    if not names.intersection(_INSIDE):
        raise NoSheet(_("This is a ZIP archive without a workbook in it: unpack it and send the file that is inside."))
    unpacked = sum(member.file_size for member in members)
    if unpacked > MOST_UNPACKED:
        raise NoSheet(_too_big())
    return unpacked


def _listed(path: Path) -> int:
    """The bytes of an archive's list of members, as its end says; 0 when it has no such end."""
    with path.open("rb") as file:
        file.seek(-min(path.stat().st_size, 66_000), os.SEEK_END)
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    return int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0


def _rows(path: Path) -> Iterator[list[Any]]:
    """The rows of the first sheet that has any, from its first line on; says meanwhile how many of them are read."""
    workbook = CalamineWorkbook.from_path(str(path))
    for name in workbook.sheet_names:
        sheet = workbook.get_sheet_by_name(name)
        if sheet.end is not None and sheet.height:
            next_ = 0.0
            for number, row in enumerate(sheet.iter_rows()):
                yield row
                if number % 1000 == 0 and clock.monotonic() > next_:
                    # Unpacking the sheet was about half of it. Nobody hears it any more: then there is no use in it.
                    print(0.5 + 0.5 * number / sheet.height, flush=True)
                    next_ = clock.monotonic() + LOOK_SECONDS
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
