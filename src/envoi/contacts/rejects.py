"""The CSV of what was not brought in, made so that a spreadsheet shows it and never runs it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

from django.utils.translation import gettext as _

from ..core.tables import guarded, unguarded

# The file's name, beside what was sent.
REJECTS = "rejects.csv"
# While it is written.
PART = "rejects.part"


class Rejects:
    """Writes rows as they are refused; the file appears under its name only when `keep` is called.

    Beside line and reason it has the columns of the original, so that it can be mended and imported as it is.
    """

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self.count = 0
        self._path = path
        self._draft = path.with_name(PART)
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


def rejected_rows(path: Path) -> Iterator[list[str]]:
    """The rows of a file of rejects as they were, its titles first: for a workbook, which needs no guard."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.reader(file):
            yield [unguarded(cell) for cell in row]
