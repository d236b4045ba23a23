"""Text as rules compare it: without capitals, accents, punctuation, marks of direction and what nobody can see.

What a language tells apart stays apart: the vowel signs of Hindi, the dots of Japanese. Where a language writes no
spaces between words there are none here either, so that a keyword is found wherever it stands.
"""

from __future__ import annotations

import re
import unicodedata

# WhatsApp's longest text has 4,096 characters; who sends more says what matters before that.
LONGEST = 4_096

# Letters that have no accent to take away, and are typed without it all the same.
_ALIKE = str.maketrans(
    {
        "œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "þ": "th",
        # Arabic: the forms of alef, the closed ta, alef maqsura, the carriers of hamza; Persian's kaf and ya.
        "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ة": "ه", "ى": "ي", "ؤ": "و", "ئ": "ي", "ک": "ك", "ی": "ي",
        "ـ": None,
        # Hindi: both ways to write a nasal vowel, and the dot under letters of foreign words.
        "ँ": "ं", "़": None,
        # Skin tones of emoji.
        **{chr(code): None for code in range(0x1F3FB, 0x1F400)},
    }
)  # fmt: skip

# Accents of Latin, Greek and Cyrillic, vowel points of Hebrew and Arabic: left out by writers in a hurry. Marks of
# other scripts are letters (Thai, the scripts of India, Japanese).
_LEFT_OUT: tuple[tuple[int, int], ...] = (
    (0x0300, 0x036F),
    (0x0483, 0x0487),
    (0x0591, 0x05C7),
    (0x0610, 0x061A),
    (0x064B, 0x065F),
    (0x0670, 0x0670),
    (0x06D6, 0x06ED),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0xFE00, 0xFE0F),
    (0xFE20, 0xFE2F),
)

# Scripts without spaces between words: Thai, Lao, Myanmar, Khmer, kana, Han and its extensions.
_UNSPACED: tuple[tuple[int, int], ...] = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3005, 0x3007),
    (0x3040, 0x30FF),
    (0x31F0, 0x31FF),
)
_UNSPACED += ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF))


def folded(text: str) -> str:
    """The words of a text in their one form, a space between two of them; "" when it has none."""
    text = text[:LONGEST]
    if text.isascii():
        # Most texts: letters and digits stay, all else parts words.
        return " ".join(text.translate(_ASCII).split())
    words = " ".join(unicodedata.normalize("NFC", text.translate(_FOLD)).split())
    # “优 惠” is “优惠”.
    return _GLUED.sub("", words) if _UNSPACED_LETTER.search(words) else words


def is_unspaced(text: str) -> bool:
    """Whether a text holds a letter of a script that writes no spaces between words."""
    return not text.isascii() and _UNSPACED_LETTER.search(text) is not None


def _one(letter: str) -> str:
    """What becomes of one character, whatever stands around it."""
    plain = unicodedata.normalize("NFKC", letter).casefold().translate(_ALIKE)
    return "".join(map(_part, unicodedata.normalize("NFD", plain).translate(_ALIKE)))


def _part(letter: str) -> str:
    """What becomes of one character of a decomposed text."""
    code = ord(letter)
    if any(first <= code <= last for first, last in _LEFT_OUT):
        return ""
    category = unicodedata.category(letter)
    if category in ("Cf", "Me", "Cs", "Co", "Cn"):
        return ""  # zero-width characters, marks of direction, what stands for nothing
    if category == "Nd":
        return str(unicodedata.digit(letter))
    if category[0] in "LMN":
        return letter
    # An emoji is a word of its own.
    return f" {letter} " if category == "So" else " "


class _Fold(dict[int, str]):
    """What becomes of each character; asked once for each that was ever seen."""

    def __missing__(self, code: int) -> str:
        found = self[code] = _one(chr(code))
        return found


_ASCII = {code: (chr(code).lower() if chr(code).isalnum() else " ") for code in range(128)}
_FOLD = _Fold()
_LETTERS = "".join(f"{chr(first)}-{chr(last)}" for first, last in _UNSPACED)
_UNSPACED_LETTER = re.compile(f"[{_LETTERS}]")
_GLUED = re.compile(f"(?<=[{_LETTERS}]) (?=[{_LETTERS}])")
