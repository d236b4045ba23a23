"""Rows as CSV or XLSX, written as they come, so that a million of them need no more memory than a thousand.

No cell of either can run: in CSV what a spreadsheet would take for a formula gets an apostrophe before it; in XLSX text
is written as text.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from itertools import chain, islice
from typing import IO, Any

import xlsxwriter

# A worksheet takes 1,048,576 rows; at 100 µs each, this many are ready in the time that people wait for a page.
MOST_XLSX = 100_000
CHUNK = 1_000
LONGEST_XLSX = 32_767

Cell = str | int | float | Decimal | date | datetime | bool | None


class TooLongForXlsx(Exception):
    """There are more rows than a workbook is made for here."""


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


def as_xlsx(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> IO[bytes]:
    """A workbook in a temporary file, at its beginning. Raises TooLongForXlsx beyond MOST_XLSX rows."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  (it is what we return)
    # Row by row to the disk; nothing in a cell is looked at for formulas, links or numbers.
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    workbook = xlsxwriter.Workbook(file, options)
    try:
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        moment = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        bold = workbook.add_format({"bold": True})
        sheet = workbook.add_worksheet()
        sheet.freeze_panes(1, 0)
        for place, title in enumerate(header):
            sheet.write_string(0, place, title[:LONGEST_XLSX], bold)
        for number, row in enumerate(rows, 1):
            if number > MOST_XLSX:
                raise TooLongForXlsx
            for place, cell in enumerate(row):
                _write(sheet, number, place, cell, day, moment)
        workbook.close()
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _plain(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return guarded(cell)
        case datetime() | date():
            return cell.isoformat()
    return str(cell)


def _write(sheet: Any, row: int, place: int, cell: Cell, day: Any, moment: Any) -> None:
    match cell:
        case None | "":
            return
        case str():
            sheet.write_string(row, place, cell[:LONGEST_XLSX])
        case bool():
            sheet.write_boolean(row, place, cell)
        case int() | float() | Decimal():
            sheet.write_number(row, place, cell)
        case datetime():
            # Workbooks know no time zone: it is UTC, as in the CSV.
            sheet.write_datetime(row, place, cell.astimezone(UTC).replace(tzinfo=None), moment)
        case date():
            sheet.write_datetime(row, place, cell, day)
