"""Reads a CSV or TSV file as a stream of rows with their line numbers, in bounded memory, whatever is in it.

A row that can't be read comes with a reason instead of stopping the file: a line in another encoding, a line or cell
that is too long, a NUL character, a quote that is opened and never closed (then only the line that opens it is lost).
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from django.utils.translation import gettext as _

from ..core.errors import BadInput
from .columnwise import even, upright
from .encodings import decodes, find_encoding, open_text

# A line of a million characters is no customer. A cell may have 131,072 (the limit of Python's csv module).
LONGEST_LINE = 1_000_000
MOST_LINES_OF_A_ROW = 200
MOST_COLUMNS = 500
DELIMITERS = ",;\t|"
SHOWN = 200
SAMPLE = 65_536
# Read at a time: some thousands of rows.
READ = 1 << 19

# UTF-8 within a file of another encoding: in Windows-1252 any such pair is a mistake; in GB18030 two letters of
# Chinese written in UTF-8 are, while shorter sequences occur by chance.
_STRAY_UTF8 = {
    "cp1252": re.compile(rb"[\xc2-\xf4][\x80-\xbf]"),
    "gb18030": re.compile(rb"(?:[\xe4-\xe9][\x80-\xbf]{2}){2}"),
}


class Row(NamedTuple):
    """Cells as they stand in the file, and the line (counted from 1) where they begin. A bad one has a reason."""

    line: int
    cells: list[str]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that lie one to a line, from the line `first` on, without an empty or a bad one among them, by columns.

    odd: by their places, rows with more or fewer cells than the first line of the file; `columns` have "" for them.
    """

    first: int
    columns: Sequence[Sequence[str]]
    odd: Mapping[int, list[str]]

    def __len__(self) -> int:
        return len(self.columns[0])

    def row(self, place: int) -> list[str]:
        """The cells of one row."""
        return self.odd.get(place) or [column[place] for column in self.columns]

    def rows(self) -> list[list[str]]:
        """The cells of all rows."""
        return list(map(self.row, range(len(self))))


class _NeverClosed(Exception):
    """A quoted cell has run over more lines than any row has."""


class Table:
    """An opened file: `header` is its first row; iterating gives the others once, without empty ones.

    encoding, delimiter: what was found; bytes_read: how far the reading is, for a progress bar.
    known: whether a title of a column is one that the reader looks for; it decides between delimiters.
    Raises BadInput for a file without a header, NotText for something that is no text.
    """

    def __init__(self, path: Path, known: Callable[[str], bool] = bool) -> None:
        self.path = path
        self.encoding = find_encoding(path)
        self._file = open_text(path, self.encoding)
        self._codec = "utf-8" if self.encoding.title == "UTF-16" else self.encoding.codec
        self._separator = b"\n"
        self._bad: dict[int, str] = {}
        self._pending: list[str] = []
        self._again: deque[str] = deque()
        self._source = self._blocks()
        self._raw: deque[str] = deque()
        self._number = 0
        self._line = 1
        self.delimiter = self._find_delimiter(path, known)
        self._rows = self._read()
        first = next(self._rows, None)
        if first is None or first.reason:
            self.close()
            raise BadInput(
                _("The first line of the file can't be read: %(reason)s") % {"reason": first.reason}
                if first
                else _("The file is empty.")
            )
        self.header = [cell.strip() for cell in first.cells]
        if len(self.header) > MOST_COLUMNS:
            self.close()
            raise BadInput(_("The file has more than %(most)s columns.") % {"most": MOST_COLUMNS})

    def __iter__(self) -> Iterator[Row]:
        return self._rows

    def batches(self) -> Iterator[Batch | Row]:
        """The same rows: most of them thousands at a time, and one by one wherever something is out of the ordinary."""
        while True:
            # What is left of a block that was begun row by row is ended so.
            while self._raw or self._again:
                row = next(self._rows, None)
                if row is None:
                    return
                yield row
            block = next(self._source, None)
            if block is None:
                return
            if batch := self._plain(block):
                self._line += len(batch)
                self._number += len(batch)
                yield batch
            else:
                self._raw.extend(self._lines(*block))

    def __enter__(self) -> Table:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def bytes_read(self) -> int:
        """Bytes of the file that were read so far."""
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read(self) -> Iterator[Row]:
        pending, bad = self._pending, self._bad
        while True:
            reader = csv.reader(self._feed(), delimiter=self.delimiter, strict=True)
            try:
                for cells in reader:
                    line = self._line
                    self._line += len(pending)
                    reason = self._reason(line) if bad else ""
                    pending.clear()
                    if reason or any(cells):
                        yield Row(line, cells, reason)
                return
            except (csv.Error, _NeverClosed) as error:
                # Only the first line is given up: what follows is read again on its own.
                yield self._give_up(error)

    def _feed(self) -> Iterator[str]:
        pending, again = self._pending, self._again
        while again:
            pending.append(again.popleft())
            if len(pending) > MOST_LINES_OF_A_ROW:
                raise _NeverClosed
            yield pending[-1]
        while self._more():
            line = self._raw.popleft()
            pending.append(line)
            if len(pending) > MOST_LINES_OF_A_ROW:
                raise _NeverClosed
            yield line

    def _more(self) -> bool:
        """Whether there is another line."""
        while not self._raw:
            block = next(self._source, None)
            if block is None:
                return False
            self._raw.extend(self._lines(*block))
        return True

    def _plain(self, block: tuple[bytes, bool]) -> Batch | None:
        """The rows of a block in which every line is one good row; None for any other."""
        data, too_long = block
        text = None if too_long or self._separator == b"\r" else self._decoded(data)
        if text is None or len(text) > LONGEST_LINE or "\r" in (text := text.replace("\r\n", "\n")):
            return None
        if columns := even(text, self.delimiter, len(self.header)):
            return Batch(self._line, columns, {})
        lines = text.count("\n") + (not text.endswith("\n"))
        try:
            rows = list(csv.reader(StringIO(text, newline="\n"), delimiter=self.delimiter, strict=True))
        except csv.Error:
            return None
        if len(rows) != lines or not all(rows):
            return None
        return Batch(self._line, *upright(rows, len(self.header)))

    def _reason(self, line: int) -> str:
        """Why the row of the pending lines is bad, "" when none of them is."""
        reasons = [self._bad.pop(number, "") for number in range(line, line + len(self._pending))]
        return next(filter(None, reasons), "")

    def _give_up(self, error: Exception) -> Row:
        first, *others = self._pending
        self._pending.clear()
        self._again.extendleft(reversed(others))
        reason = self._bad.pop(self._line, "")
        if not reason and "field larger" in str(error) and not others:
            reason = _("A cell is longer than 131,072 characters.")
        elif not reason:
            reason = _("A quotation mark is missing or out of place.")
        self._line += 1
        return Row(self._line - 1, [first.rstrip("\r\n")[:SHOWN]], reason)

    def _lines(self, block: bytes, too_long: bool) -> Iterator[str]:
        """Decoded lines with their ends; bad ones are noted by number and go on as far as they can be shown."""
        if too_long:
            self._number += 1
            self._bad[self._number] = _too_long()
            yield _shown(block.decode(self._codec, "replace"))
            return
        text = self._decoded(block)
        if text is None:
            for raw in block.splitlines(keepends=True) if self._separator == b"\r" else _split(block):
                self._number += 1
                yield self._decoded_line(raw, self._number)
            return
        for line in StringIO(text, newline=self._separator.decode()):
            self._number += 1
            if len(line) > LONGEST_LINE:
                self._bad[self._number] = _too_long()
                line = _shown(line)
            yield line

    def _decoded(self, block: bytes) -> str | None:
        """The whole block at once, when nothing in it needs a look at single lines."""
        stray = _STRAY_UTF8.get(self._codec)
        if b"\0" in block or (stray and stray.search(block)):
            return None
        try:
            return block.decode(self._codec)
        except UnicodeDecodeError:
            return None

    def _decoded_line(self, raw: bytes, number: int) -> str:
        stray = _STRAY_UTF8.get(self._codec)
        if stray and stray.search(raw) and decodes(raw, "utf-8"):
            self._bad[number] = _("The line is written in UTF-8, the rest of the file in %(title)s.") % {
                "title": self.encoding.title
            }
            return raw.decode("utf-8").replace("\0", "")
        try:
            text = raw.decode(self._codec)
        except UnicodeDecodeError:
            self._bad[number] = _("The line is not written in %(title)s as the rest of the file.") % {
                "title": self.encoding.title
            }
            return raw.decode(self._codec, "replace").replace("\0", "")
        if "\0" in text:
            self._bad[number] = _("The line has a NUL character.")
            return text.replace("\0", "")
        if len(text) > LONGEST_LINE:
            self._bad[number] = _too_long()
            return _shown(text)
        return text

    def _blocks(self) -> Iterator[tuple[bytes, bool]]:
        """Whole lines, about half a megabyte at a time; (its beginning, True) for a line that never seems to end."""
        rest, skipping = b"", False
        while chunk := self._file.read(READ):
            if skipping:
                end = chunk.find(self._separator) + 1
                if not end:
                    continue
                chunk, skipping = chunk[end:], False
            data = rest + chunk
            cut = data.rfind(self._separator) + 1
            if cut:
                yield data[:cut], False
            rest = data[cut:]
            # No encoding takes more than four bytes a character: this line is too long for certain.
            if len(rest) > 4 * LONGEST_LINE:
                yield rest[: 4 * SHOWN], True
                rest, skipping = b"", True
        if rest:
            yield rest, False

    def _find_delimiter(self, path: Path, known: Callable[[str], bool]) -> str:
        """The delimiter that makes the most known titles of the first line, then the most cells.

        Excel's own first line (`sep=;`) is believed, and left out.
        """
        opened = open_text(path, self.encoding)
        sample = opened.read(SAMPLE)
        opened.close()
        if b"\n" not in sample and b"\r" in sample:
            self._separator = b"\r"
        lines = [line for line in sample.decode(self._codec, "replace").splitlines() if line.strip()]
        if lines and (told := re.fullmatch(r'"?sep=(.)"?', lines[0].strip(), re.IGNORECASE)):
            self._more()
            self._raw.popleft()
            self._line = 2
            return told[1]

        def merit(delimiter: str) -> tuple[int, int]:
            cells = next(csv.reader(lines[:1], delimiter=delimiter), [])
            return sum(map(known, cells)), len(cells)

        return max(DELIMITERS, key=merit)


def _too_long() -> str:
    return _("The line is longer than a million characters.")


def _split(block: bytes) -> list[bytes]:
    lines = [line + b"\n" for line in block.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _shown(text: str) -> str:
    """The beginning of a line that is too long, as a line that opens no quote."""
    return text[:SHOWN].replace('"', "").replace("\n", " ").replace("\r", " ") + "\n"
