"""Whether a text shows anything at all: people send, and paste, characters that nobody can see."""

from __future__ import annotations

import unicodedata

# Neither spaces nor marks by their category, and yet nothing to see.
BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# Controls, formats, and marks that only change the letter before them.
UNSEEN = ("Cc", "Cf", "Cs", "Mn", "Me", "Zs", "Zl", "Zp")


def shows(text: str) -> bool:
    """Whether at least one character of it can be seen."""
    return any(letter not in BLANK and unicodedata.category(letter) not in UNSEEN for letter in text)
