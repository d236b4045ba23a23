"""How near two questions are in meaning, by a small model on this machine: the extra `suggestions`, else nothing.

The model (WordLlama, 16 MB) comes inside its package: nothing is fetched, and no text leaves. It knows English well,
Chinese passably and other languages by chance, hence it only adds to the shared words (docs/decisions/0023).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

try:
    import numpy
    import wordllama
except ImportError:
    wordllama = None

# Long texts drown their question; agents' customers write it near the beginning.
LONGEST = 500


def available() -> bool:
    """Whether the extra is installed."""
    return wordllama is not None


class Questions:
    """The meaning of questions, each kept at its place for as long as it is the same question."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[str, Any]] = {}
        self._places: list[int] = []
        self._vectors: Any = None

    def become(self, questions: Mapping[int, str]) -> None:
        """Hold these, by their places, and no others."""
        if wordllama is None:
            return
        same = {place: one for place, one in self._known.items() if questions.get(place) == one[0]}
        fresh = {place: question for place, question in questions.items() if place not in same}
        for place, question in fresh.items():
            same[place] = question, _vector(question[:LONGEST])
        self._known = same
        self._places = [place for place, (_question, vector) in same.items() if vector is not None]
        self._vectors = numpy.stack([same[place][1] for place in self._places]) if self._places else None

    def closeness(self, text: str, size: int) -> list[float]:
        """For each of so many places the cosine to the text, at most 1; 0 without the model, and without a word."""
        close = [0.0] * size
        if self._vectors is not None and (asked := _vector(text[:LONGEST])) is not None:
            for place, cosine in zip(self._places, (self._vectors @ asked).tolist(), strict=True):
                close[place] = min(cosine, 1.0)
        return close


@lru_cache(maxsize=1)
def _model() -> Any:
    # The package looks for its tokenizer beside itself instead of inside unless it is told where.
    return wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)


def _vector(text: str) -> Any:
    """Of length 1; None when there is no model or the text has no words."""
    if wordllama is None or not any(letter.isalnum() for letter in text):
        return None
    vector = _model().embed(text, norm=True)[0]
    return vector if vector.any() else None
