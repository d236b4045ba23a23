"""How near two questions are in meaning, by a small model on this machine: the extra `suggestions`, else nothing.

The model (WordLlama, 16 MB) comes inside its package: nothing is fetched, and no text leaves. It knows English well,
Chinese passably and other languages by chance, hence it only adds to the shared words (docs/decisions/0023).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

try:
    import wordllama
except ImportError:
    wordllama = None

# Long texts drown their question; agents' customers write it near the beginning.
LONGEST = 500


def available() -> bool:
    """Whether the extra is installed."""
    return wordllama is not None


def closeness(text: str, questions: Sequence[str]) -> list[float]:
    """For each question its cosine to the text, at most 1; all 0 without the model, and for texts without a word."""
    asked = _vector(text[:LONGEST])
    if asked is None:
        return [0.0] * len(questions)
    vectors = [_vector(question[:LONGEST]) for question in questions]
    return [0.0 if vector is None else min(float(asked @ vector), 1.0) for vector in vectors]


@lru_cache(maxsize=1)
def _model() -> Any:
    # The package looks for its tokenizer beside itself instead of inside unless it is told where.
    return wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)


@lru_cache(maxsize=4096)
def _vector(text: str) -> Any:
    """Of length 1; None when there is no model or the text has no words."""
    if wordllama is None or not any(letter.isalnum() for letter in text):
        return None
    vector = _model().embed(text, norm=True)[0]
    return vector if vector.any() else None
