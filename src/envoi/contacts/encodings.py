"""Finds out how a text file is encoded. It never guesses from a sample what a whole pass can know.

1. A byte order mark says it (UTF-8, UTF-16). Zero bytes at every second place mean UTF-16 without its mark.
2. A file that decodes as UTF-8 from the first byte to the last is UTF-8: other text hardly ever does by accident.
3. Else its lines vote. When at least half of the lines with a byte above 127 are UTF-8, the file is UTF-8 with some
   bad lines, which are rejected one by one.
4. Else it is Windows-1252 or GB18030, and almost any bytes are valid in both, so the shape of what is not ASCII
   decides. In Western words accented letters stand alone, or in twos, between ASCII letters (Noël, Conceição). In
   Chinese text every letter takes two bytes, so that runs of them are even, long, or stand apart from ASCII letters.
   Each letter is one vote, and those for Chinese count double when every line could be GB18030: in Western text
   some accented letter stands before a comma or at the end of a line, which GB18030 does not allow.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _

from ..core.errors import BadInput

BLOCK = 1 << 20
# Lines that vote, at most: enough to know, whatever the size of the file.
VOTERS = 200_000

_HIGH = re.compile(rb"[\x80-\xff]")
_WESTERN = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])|[A-Za-z][\x80-\xff]{2}(?![\x80-\xff])")
_CHINESE = re.compile(rb"(?<![A-Za-z\x80-\xff])(?:[\x80-\xff]{2})+(?![A-Za-z\x80-\xff])|[\x80-\xff]{4,}")

# What starts a file that is no text, and its name for the person who sent it.
NOT_TEXT = {
    b"PK\x03\x04": "XLSX, ZIP",
    b"\xd0\xcf\x11\xe0": "XLS",
    b"%PDF": "PDF",
    b"\x1f\x8b": "GZIP",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
}


class NotText(BadInput):
    """The file is no text."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """`codec` is Python's name; `skip` the bytes of the mark before the text."""

    codec: str
    skip: int = 0

    @property
    def title(self) -> str:
        """As people know it."""
        titles = {"utf-8": "UTF-8", "cp1252": "Windows-1252", "gb18030": "GB18030"}
        return titles.get(self.codec, "UTF-16")


def find_encoding(path: Path) -> Encoding:
    """The encoding of a text file, read in blocks. Raises NotText."""
    with path.open("rb") as file:
        head = file.read(4096)
        for start, name in NOT_TEXT.items():
            if head.startswith(start):
                raise NotText(_("This is no CSV but another kind of file (%(name)s): save it as CSV.") % {"name": name})
        if marked := _marked(head):
            return marked
        if _is_utf8(file):
            return Encoding("utf-8")
        return Encoding(_vote(file))


def open_text(path: Path, encoding: Encoding) -> Utf8Reader | BinaryIO:
    """The bytes of a file after its mark; UTF-16 comes as UTF-8, so that a line always ends in one byte."""
    file = path.open("rb")
    file.seek(encoding.skip)
    return Utf8Reader(file, encoding.codec) if encoding.title == "UTF-16" else file


class Utf8Reader:
    """UTF-16 as UTF-8. Halves of surrogate pairs stay broken, and so fail with their own line, not with the file."""

    def __init__(self, file: BinaryIO, codec: str) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(codec)("surrogatepass")
        self._ended = False

    def read(self, size: int) -> bytes:
        """About `size` bytes of text; empty at the end."""
        if self._ended:
            return b""
        raw = self._file.read(size)
        self._ended = not raw
        try:
            return self._decoder.decode(raw, final=self._ended).encode("utf-8", "surrogatepass") or (
                b"" if self._ended else self.read(size)
            )
        except UnicodeDecodeError:
            # Half a letter, or one cut by the end of the file: a byte that no line can hold in UTF-8.
            self._decoder.reset()
            return b"\xff"

    def tell(self) -> int:
        """Bytes of the file that were read."""
        return self._file.tell()

    def close(self) -> None:
        """Close the file below."""
        self._file.close()


def _marked(head: bytes) -> Encoding | None:
    if head.startswith(codecs.BOM_UTF8):
        return Encoding("utf-8", 3)
    if head.startswith(codecs.BOM_UTF16_LE):
        return Encoding("utf-16-le", 2)
    if head.startswith(codecs.BOM_UTF16_BE):
        return Encoding("utf-16-be", 2)
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) * 4 < len(head) or min(even, odd) * 4 > max(even, odd):
        return None
    return Encoding("utf-16-le" if odd > even else "utf-16-be")


def _is_utf8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while block := file.read(BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _vote(file: BinaryIO) -> str:
    utf8 = other = western = chinese = impossible = 0
    for line in _telling_lines(file):
        if decodes(line, "utf-8"):
            utf8 += 1
        else:
            other += 1
            western += len(_WESTERN.findall(line))
            impossible += not decodes(line, "gb18030")
            chinese += sum(len(run) // 2 for run in _CHINESE.findall(line))
        if utf8 + other >= VOTERS:
            break
    if utf8 >= other:
        return "utf-8"
    return "gb18030" if chinese * (1 if impossible else 2) > western else "cp1252"


def decodes(line: bytes, codec: str) -> bool:
    """Whether these bytes are text in that encoding."""
    try:
        line.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _telling_lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines with a byte above 127, each cut to a block at most."""
    file.seek(0)
    buffered = io.BufferedReader(file, BLOCK)  # type: ignore[type-var]
    while line := buffered.readline(BLOCK):
        if _HIGH.search(line):
            yield line
    buffered.detach()
