"""Answers from the FAQ for a customer's question, for agents to choose from: by shared words and parts of words.

With the extra `suggestions` also by what the question means (`meaning`). Nothing is sent by itself
(docs/decisions/0023). Off until somebody switches it on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..team.models import Staff
from ..team.rights import require
from . import book
from .faq import SHELF, Faq, Near
from .matching import speaks
from .models import FaqEntry

# What an entry must reach of what the question itself would: less is chance.
LEAST = 0.25
# The cosine of two questions below which they have to do with each other by chance only.
LEAST_CLOSE = 0.35


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An entry that may answer; `score` is its share of a perfect match in words or in meaning, 0 to 1."""

    entry: FaqEntry
    score: float


def suggest(text: str, *, language: str = "", limit: int = 3, by: Staff | None) -> list[Suggestion]:
    """The entries nearest to a question, the best first; none while suggestions are off."""
    require(by, "replies.read")
    said = book.settings()
    if not said.suggest:
        return []

    def wanted(one: FaqEntry) -> bool:
        return not language or not one.language or speaks(language, [one.language.partition("-")[0]])

    return _best(SHELF.near(text, wanted, version=said.version), limit)


def nearest(text: str, entries: Sequence[FaqEntry], *, limit: int = 3) -> list[Suggestion]:
    """The same from these entries alone."""
    faq = Faq()
    faq.become(dict(enumerate(entries)))
    return _best(faq.near(text), limit)


def _best(found: Iterable[Near], limit: int) -> list[Suggestion]:
    """The best first, by whichever says more: shared words, or meaning where its model is installed."""
    kept = [
        Suggestion(one.entry, max(one.words, one.meaning))
        for one in found
        if one.words >= LEAST or one.meaning >= LEAST_CLOSE
    ]
    return sorted(kept, key=lambda one: -one.score)[:limit]
