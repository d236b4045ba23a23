"""A piece of a message around the words that were looked for, with these marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..messaging.ledger.lexemes import PIECE, fold, light

BEFORE, LENGTH = 40, 160
MORE = "…"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One word of a search: a run of a script without spaces, or the beginnings of which a word has to have one."""

    run: str
    beginnings: tuple[str, ...]

    def is_in(self, word: str) -> bool:
        """Whether a folded word is meant."""
        return any(
            form.startswith(one) if len(one) > 2 else form == one
            for one in self.beginnings
            for form in (word, light(word))
        )


def has_runs(text: str, wanted: Sequence[Wanted]) -> bool:
    """Whether all runs stand in the text whole."""
    runs = [one.run for one in wanted if one.run]
    folded = fold(text) if runs else ""
    return all(run in folded for run in runs)


def excerpt(text: str, wanted: Sequence[Wanted]) -> tuple[tuple[str, bool], ...]:
    """Pieces of the text, one after the other, each with whether it was looked for; from shortly before the first."""
    places = list(_places(text, wanted))
    start = 0
    if places and places[0][0] > BEFORE:
        start = places[0][0] - BEFORE
        # At a word's beginning, where there is one near.
        start = next((at + 1 for at in range(start, places[0][0]) if text[at].isspace()), start)
    end = min(len(text), start + LENGTH)
    pieces: list[tuple[str, bool]] = [(MORE, False)] if start else []
    at = start
    for begin, stop in places:
        if begin >= end:
            break
        pieces += [(text[at:begin], False), (text[begin : min(stop, end)], True)]
        at = min(stop, end)
    pieces.append((text[at:end] + (MORE if end < len(text) else ""), False))
    return tuple((" ".join(piece.split("\n")), marked) for piece, marked in pieces if piece)


def _places(text: str, wanted: Sequence[Wanted]) -> Iterator[tuple[int, int]]:
    """Where the words stand, from left to right, none over another."""
    last = 0
    for piece in PIECE.finditer(text):
        if piece.start() < last:
            continue
        if piece["word"]:
            if any(one.is_in(fold(piece["word"])) for one in wanted if not one.run):
                last = piece.end()
                yield piece.span()
            continue
        for at in range(piece.start(), piece.end()):
            found = next((one.run for one in wanted if one.run and fold(text[at:]).startswith(one.run)), "")
            if found and at >= last:
                last = at + len(found)
                yield at, last
