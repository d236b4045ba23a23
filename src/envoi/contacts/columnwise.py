"""Reads thousands of rows at once, one column after the other, where every cell is plain.

Going through a file row by row takes 10 µs a row; a column of cells that were met before is a look-up each. Whatever is
not plain (a bad cell, a number that can't be read, a row with too many cells) is left to who reads row by row, so that
each rule and its sentence stands in one place only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import compress
from typing import Any

from ..core.errors import BadInput

# Other cells that a column may have before those met are forgotten.
MOST = 50_000
EMPTY = ("",)
# A cell that the csv module takes for a mistake.
LONGEST = 131_072


class Known(dict[str, Any]):
    """What each text of one column means, worked out once; None for one that is refused."""

    def __init__(self, meaning: Callable[[str], Any]) -> None:
        self._meaning = meaning
        self.refuses = False

    def __missing__(self, text: str) -> Any:
        try:
            value = self._meaning(text.strip())
        except BadInput:
            value = None
            self.refuses = True
        if len(self) >= MOST:
            self.clear()
        self[text] = value
        return value

    def of(self, column: Sequence[str]) -> list[Any]:
        """The meaning of each cell."""
        if column == EMPTY * len(column):
            return [self[""]] * len(column)
        return list(map(self.__getitem__, column))


def doubtful(columns: Iterable[list[Any]]) -> set[int]:
    """Which rows have a None in one of these columns."""
    return {place for column in columns for place in _places(column, None)}


def _places(column: list[Any], value: object) -> Iterator[int]:
    place = -1
    with suppress(ValueError):
        while True:
            place = column.index(value, place + 1)
            yield place


def without(rows: Sequence[Any], places: set[int]) -> list[Any]:
    """The rows at all other places."""
    if not places:
        return list(rows)
    kept = bytearray(b"\1") * len(rows)
    for place in places:
        kept[place] = 0
    return list(compress(rows, kept))


def longer(column: Sequence[str], most: int) -> set[int]:
    """Which cells have more than `most` characters."""
    if max(map(len, column), default=0) <= most:
        return set()
    return {place for place, text in enumerate(column) if len(text) > most}


def upright(rows: list[list[str]], width: int) -> tuple[list[tuple[str, ...]], dict[int, list[str]]]:
    """The columns of rows, and those rows that have not as many cells as there are columns (they stand as empty)."""
    odd = {place: row for place, row in enumerate(rows) if len(row) != width}
    if odd:
        empty = [""] * width
        rows = [empty if place in odd else row for place, row in enumerate(rows)]
    return list(zip(*rows, strict=True)), odd


def even(text: str, delimiter: str, width: int) -> list[list[str]] | None:
    """The columns of CSV in which every line has `width` cells and none is quoted; None for any other.

    The csv module makes a list of each row first, which takes three times as long.
    """
    text = text.removesuffix("\n")
    if width < 2 or '"' in text or max(map(len, text.split("\n"))) > LONGEST:
        return None
    # A line's end goes to the first cell of the next line. When each first cell has one, all lines are of one width.
    cells = text.replace("\n", f"{delimiter}\n").split(delimiter)
    first = "".join(cells[::width])
    lines, rest = divmod(len(cells), width)
    if rest or not text.count("\n") == first.count("\n") == lines - 1:
        return None
    return [first.split("\n"), *(cells[place::width] for place in range(1, width))]
