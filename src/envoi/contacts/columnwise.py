"""Reads thousands of rows at once, one column after the other, where every cell is plain.

Going through a file row by row takes 10 µs a row; a column of cells that were met before is a look-up each. Whatever is
not plain (a bad cell, a number that can't be read, a row with too many cells) is left to who reads row by row, so that
each rule and its sentence stands in one place only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..core.errors import BadInput

# Other cells that a column may have before those met are forgotten.
MOST = 50_000


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

    def of(self, column: Iterable[str]) -> list[Any]:
        """The meaning of each cell."""
        return list(map(self.__getitem__, column))


def doubtful(columns: Iterable[Sequence[Any]]) -> set[int]:
    """Which rows have a None in one of these columns."""
    return {place for column in columns if None in column for place, value in enumerate(column) if value is None}


def without(rows: Iterable[Any], places: set[int]) -> list[Any]:
    """The rows at all other places."""
    return [row for place, row in enumerate(rows) if place not in places] if places else list(rows)


def upright(rows: list[list[str]], width: int) -> tuple[list[tuple[str, ...]], set[int]]:
    """The columns of rows, and which of the rows have not as many cells as there are columns (they stand as empty)."""
    odd = {place for place, row in enumerate(rows) if len(row) != width}
    if odd:
        empty = [""] * width
        rows = [empty if place in odd else row for place, row in enumerate(rows)]
    return list(zip(*rows, strict=True)), odd
