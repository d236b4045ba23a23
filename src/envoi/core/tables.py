"""Rows as CSV, written as they come, so that a million of them need no more memory than a thousand; XLSX: workbooks.

No cell can run: what a spreadsheet would take for a formula gets an apostrophe before it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from itertools import chain, islice

CHUNK = 1_000

Cell = str | int | float | Decimal | date | datetime | bool | None


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


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Lines of CSV, some hundred at a time. With the mark at its beginning, Excel reads it as UTF-8."""
    buffer = StringIO()
    out = csv.writer(buffer)
    buffer.write("\ufeff")
    lines = chain([header], rows)
    while some := list(islice(lines, CHUNK)):
        out.writerows([_plain(cell) for cell in row] for row in some)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _plain(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return guarded(cell)
        case datetime() | date():
            return cell.isoformat()
    return str(cell)
