"""A workbook (XLSX) written as it is sent: the first bytes leave with the first rows, and memory stays the same.

Every text stands in its own cell as text, so nothing in it can run. A sheet takes as many rows as the format allows;
what is left goes on in another one, under the same titles.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain, islice
from math import isfinite
from typing import Any

from .tables import Cell

# What the format allows.
MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
LONGEST = 32_767  # in units of UTF-16
# A sheet that grew beyond 2 GiB would need ZIP64, at which some programs balk.
MOST_BYTES = 1_500 * 1_024 * 1_024
CHUNK = 1_000

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
# The numbers of the styles below.
_BOLD, _DAY, _MOMENT = 1, 2, 3
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
_SHEET = (
    f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2"'
    ' activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
)
_SHEET_END = "</sheetData></worksheet>"

_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# What XML can't hold is written as Excel does, and so is what already looks like that.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]|_(?=x[0-9A-Fa-f]{4}_)")
# Day 0 of a workbook.
_FIRST_DAY = date(1899, 12, 30)
# Before it workbooks count a day that never was; what is older is a text.
_RELIABLE = date(1900, 3, 1)


class _Buffer:
    """What a ZIP file is written into, and taken from in pieces."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: Any) -> int:
        """Keep some bytes."""
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def take(self) -> bytes:
        """What was written since the last time."""
        data = b"".join(self._parts)
        self._parts.clear()
        return data


def as_xlsx(header: Sequence[str], rows: Iterable[Sequence[Cell]], *, most_rows: int = MOST_ROWS) -> Iterator[bytes]:
    """The bytes of a workbook, in pieces. most_rows: of a sheet, its titles included."""
    buffer = _Buffer()
    letters = [_letters(place) for place in range(min(len(header), MOST_COLUMNS))]
    left = iter(rows)
    sheets = 0
    # A ZIP file that is sent as it is made: sizes follow the members.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:  # type: ignore[call-overload]
        first = next(left, None)
        while first is not None or not sheets:
            sheets += 1
            with archive.open(f"xl/worksheets/sheet{sheets}.xml", "w") as part:
                part.write((_SHEET + _titles(header, letters)).encode())
                lines = chain([] if first is None else [first], left)
                number, size = 1, 0
                while size < MOST_BYTES and (some := list(islice(lines, min(CHUNK, most_rows - number)))):
                    text = "".join(_row(number + place, row, letters) for place, row in enumerate(some, 1)).encode()
                    number += len(some)
                    size += len(text)
                    part.write(text)
                    yield buffer.take()
                part.write(_SHEET_END.encode())
            first = next(left, None)
        for name, content in _around(sheets):
            archive.writestr(name, content)
    yield buffer.take()


def _titles(header: Sequence[str], letters: Sequence[str]) -> str:
    cells = "".join(_text(f"{letter}1", title, _BOLD) for letter, title in zip(letters, header, strict=False) if title)
    return f'<row r="1">{cells}</row>'


def _row(number: int, row: Sequence[Cell], letters: Sequence[str]) -> str:
    cells = "".join(
        _cell(f"{letter}{number}", cell)
        for letter, cell in zip(letters, row, strict=False)
        if cell is not None and cell != ""
    )
    return f'<row r="{number}">{cells}</row>'


def _cell(at: str, cell: Cell) -> str:
    match cell:
        case str():
            return _text(at, cell)
        case bool():
            return f'<c r="{at}" t="b"><v>{int(cell)}</v></c>'
        case int() | float() | Decimal():
            # Nothing that is no number can stand as one.
            return f'<c r="{at}"><v>{cell}</v></c>' if isfinite(cell) else _text(at, str(cell))
        case datetime():
            # Workbooks know no time zone: it is UTC, as in the CSV.
            here = cell.astimezone(UTC)
            if here.date() < _RELIABLE:
                return _text(at, here.isoformat(sep=" ", timespec="seconds"))
            seconds = here.hour * 3600 + here.minute * 60 + here.second + here.microsecond / 1e6
            return f'<c r="{at}" s="{_MOMENT}"><v>{(here.date() - _FIRST_DAY).days + seconds / 86_400}</v></c>'
        case date() if cell < _RELIABLE:
            return _text(at, cell.isoformat())
        case date():
            return f'<c r="{at}" s="{_DAY}"><v>{(cell - _FIRST_DAY).days}</v></c>'
    return ""


def _text(at: str, text: str, style: int = 0) -> str:
    if len(text) > LONGEST // 2:
        text = text.encode("utf-16-le", "surrogatepass")[: LONGEST * 2].decode("utf-16-le", "ignore")
    if _FORBIDDEN.search(text):
        text = _FORBIDDEN.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    styled = f' s="{style}"' if style else ""
    return f'<c r="{at}"{styled} t="inlineStr"><is><t xml:space="preserve">{text.translate(_ESCAPED)}</t></is></c>'


def _letters(place: int) -> str:
    """The letters of a column, counted from 0: A … Z, AA …"""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _around(sheets: int) -> Iterator[tuple[str, str]]:
    """What a workbook has beside its sheets."""
    numbers = range(1, sheets + 1)
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>' for n in numbers
    )
    yield (
        "[Content_Types].xml",
        f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>{parts}'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>',
    )
    yield (
        "_rels/.rels",
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    )
    named = "".join(f'<sheet name="Sheet{n}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    yield (
        "xl/workbook.xml",
        f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><bookViews><workbookView/></bookViews>'
        f"<sheets>{named}</sheets></workbook>",
    )
    targets = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    yield (
        "xl/_rels/workbook.xml.rels",
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{targets}'
        f'<Relationship Id="rId{sheets + 1}" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    )
    yield "xl/styles.xml", _STYLES
