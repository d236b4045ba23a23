"""The CSV of what was not brought in, made so that a spreadsheet shows it and never runs it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType

from django.utils.translation import gettext as _

# The file's name, beside what was sent.
REJECTS = "rejects.csv"


def guarded(cell: str) -> str:
    """A cell that a spreadsheet will not take for a formula: an apostrophe stands before =, +, -, @, tab and return.

    Phones (+33…) and plain numbers (-4.2) stay as they are: they run nothing and are looked up by others.
    """
    if not cell or cell[0] not in "=+-@\t\r":
        return cell
    body = cell[1:].replace(" ", "")
    harmless = cell[0] in "+-" and body.isascii() and body.replace(".", "", 1).isdigit()
    return cell if harmless else "'" + cell


def unguarded(cell: str) -> str:
    """A cell as it was before `guarded`."""
    return cell[1:] if cell[:1] == "'" and guarded(cell[1:]) == cell else cell


class Rejects:
    """Writes rows as they are refused; the file appears under its name only when `keep` is called.

    Beside line and reason it has the columns of the original, so that it can be mended and imported as it is.
    """

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self.count = 0
        self._path = path
        self._draft = path.with_suffix(".part")
        # With the mark, Excel reads it as UTF-8.
        self._file = self._draft.open("w", encoding="utf-8-sig", errors="replace", newline="")
        self._out = csv.writer(self._file)
        self._out.writerow([_("line"), _("reason"), *map(guarded, header)])

    def add(self, line: int, reason: str, cells: Iterable[str]) -> None:
        """One refused row."""
        self.count += 1
        self._out.writerow([line, reason, *map(guarded, cells)])

    def keep(self) -> None:
        """Put the file in place, or nothing when no row was refused."""
        self._file.close()
        if self.count:
            self._draft.replace(self._path)
        else:
            self._path.unlink(missing_ok=True)

    def __enter__(self) -> Rejects:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()
        self._draft.unlink(missing_ok=True)
