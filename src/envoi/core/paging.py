"""One page of a long list, continued by a cursor instead of an offset, so that page 5,000 costs what page 1 does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


def whole(text: str | None) -> int | None:
    """A cursor or an id out of an address: digits that fit a bigint, None for anything else ("²" is no number here)."""
    if text and text.isascii() and text.isdecimal() and len(text) < 19:
        return int(text)
    return None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """`items` of this page; `next` is the cursor of the one after it, None at the end.

    total: how many there are in all, exact up to `at_most` and then that number with `more` set.
    """

    items: list[T]
    next: str | None = None
    total: int | None = None
    more: bool = False
