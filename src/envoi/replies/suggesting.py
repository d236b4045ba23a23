"""Answers from the FAQ for a customer's question, for agents to choose from: by shared words and parts of words.

With the extra `suggestions` also by what the question means (`meaning`). Nothing is sent by itself
(docs/decisions/0023). Off until somebody switches it on.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..team.models import Staff
from ..team.rights import require
from . import book, meaning
from .folding import folded
from .matching import speaks
from .models import FaqEntry

# Parts of three letters find other forms of a word, and words of languages without spaces.
PART = 3
# BM25's usual constants: how soon a part counts no more, and how much longer texts are held back.
SATURATION, LENGTH = 1.2, 0.75
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
    if not book.settings().suggest:
        return []
    entries = [
        one
        for one in FaqEntry.objects.all()
        if not language or not one.language or speaks(language, [one.language.partition("-")[0]])
    ]
    return nearest(text, entries, limit=limit)


def nearest(text: str, entries: Sequence[FaqEntry], *, limit: int = 3) -> list[Suggestion]:
    """The best first, by whichever says more: shared words, or meaning where its model is installed."""
    words = shared(text, entries)
    close = meaning.closeness(text, [one.question for one in entries])
    found = [
        Suggestion(entry, max(word, near))
        for entry, word, near in zip(entries, words, close, strict=True)
        if word >= LEAST or near >= LEAST_CLOSE
    ]
    return sorted(found, key=lambda one: -one.score)[:limit]


def shared(text: str, entries: Sequence[FaqEntry]) -> list[float]:
    """For each entry its share of a perfect match: BM25 over parts of words; a question counts more than its answer."""
    asked = Counter(parts(text))
    documents = [Counter(parts(one.question) * 3 + parts(one.answer)) for one in entries]
    if not asked or not documents:
        return [0.0] * len(documents)
    seen = Counter(part for one in documents for part in one)
    average = sum(map(len, documents)) / len(documents)
    weights = {part: math.log(1 + (len(documents) - seen[part] + 0.5) / (seen[part] + 0.5)) for part in asked}
    best = sum(weights.values()) * (SATURATION + 1) / 2
    scores = []
    for document in documents:
        held_back = SATURATION * (1 - LENGTH + LENGTH * len(document) / average)
        score = sum(
            weights[part] * document[part] * (SATURATION + 1) / (document[part] + held_back)
            for part in asked
            if part in document
        )
        scores.append(min(score / best, 1.0) if best else 0.0)
    return scores


def parts(text: str) -> list[str]:
    """Every three letters in a row of each word, its edges marked; short words whole."""
    found = []
    for word in folded(text).split():
        marked = f"<{word}>"
        found += [marked[place : place + PART] for place in range(len(marked) - PART + 1)]
    return found
