"""Words as people type them, found whatever their accents and their order: what a search makes of them for PostgreSQL.

A word becomes a pattern in which each letter stands for itself with any accent. It is asked of upper(name), whose
trigrams PostgreSQL finds patterns by; nothing of what somebody typed is a pattern itself.
"""

from __future__ import annotations

import re
import unicodedata

# More words than these narrow nothing any further.
MOST_WORDS = 6
# The accents that people leave out. With those of every language a word of three letters would be hundreds of trigrams:
# PostgreSQL would read all names instead of its index.
_ACCENTED = "ÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝŠŽ"


def words_of(text: str) -> list[str]:
    """The words of a search, each once, the longest first."""
    return sorted(dict.fromkeys(text.split()), key=len, reverse=True)[:MOST_WORDS]


def pattern_of(word: str) -> str:
    """A regular expression that finds a word in upper(name), with any accents."""
    return "".join(_letters(letter) for letter in _plain(word))


def _plain(word: str) -> str:
    """Without accents, in capitals as PostgreSQL's upper() makes them: one for one."""
    bare = (letter for letter in unicodedata.normalize("NFKD", word) if not unicodedata.combining(letter))
    return "".join(large if len(large := letter.upper()) == 1 else letter for letter in bare)


def _letters(letter: str) -> str:
    others = _OTHERS.get(letter, "")
    return f"[{letter}{others}]" if others else re.escape(letter)


_OTHERS: dict[str, str] = {}
for _one in _ACCENTED:
    _OTHERS[_plain(_one)] = _OTHERS.get(_plain(_one), "") + _one
