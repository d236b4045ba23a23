"""Words of a text as they are looked for: folded, whatever the language; and the table that finds messages by them.

Capitals, accents and vowel marks do not count. Scripts without spaces (Chinese, Japanese, Thai…) give every two
characters that follow each other. An Arabic word also stands without its article and endings. Words are not stemmed
here, since nobody knows a message's language: who searches asks for the beginnings of words (inbox.searching).

Every lexeme begins with its row's stretch of STRETCH rows, so that a search walks from the newest stretch to the oldest
and stops when it has enough: a word that everybody writes costs no more than one that nobody does. And new rows go to
one corner of the index.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from .moves import json_rows
from .words import Connection

LONGEST_WORD = 40
MOST_WORDS = 400
LONGEST_TEXT = 20_000
STRETCH_BITS = 15

# Chinese, Japanese, and the scripts of Thailand, Laos, Myanmar and Cambodia.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
)
ARABIC = re.compile("[\u0600-\u06ff]")
# Accents of Latin, Greek and Cyrillic, points of Hebrew, vowels of Arabic, its line that only stretches.
MARK = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
MARKS = re.compile(f"[{MARK}]")
# What is written and not seen; vowels of India's scripts, which are no letters to Python.
UNSEEN = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff"
VOWELS = "\u0900-\u0963\u0966-\u0dff"
# A run without spaces, else a word: in a folded text, and in one as it was written.
PIECE = re.compile(
    rf"(?P<run>[{UNSPACED}]+)|(?P<word>(?:(?![{UNSPACED}])[^\W_])(?:(?![{UNSPACED}])[^\W_]|[{MARK}{UNSEEN}{VOWELS}])*)"
)
# What no decomposition takes apart.
LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ى": "ي", "ة": "ه", "ـ": ""}
)
# The prefixes and endings that Larkey's light10 takes off, the longest first.
BEFORE = ("وال", "بال", "كال", "فال", "ال", "لل", "و")
AFTER = ("ها", "ان", "ات", "ون", "ين", "يه", "ية", "ه", "ي")

INSERT = f"""
INSERT INTO message_words (contact_id, message_id, seq, words)
SELECT contact_id, id, seq,
       array_to_tsvector(ARRAY(SELECT lpad(to_hex(seq >> {STRETCH_BITS}), 6, '0') || word FROM unnest(words) AS word))
  FROM (SELECT r.contact_id, r.id, r.words, nextval('message_words_seq') AS seq
          FROM json_to_recordset(%(rows)s::json) AS r (contact_id bigint, id bigint, words text[])) AS given
    ON CONFLICT DO NOTHING
"""  # noqa: S608  (a number of our own)


def fold(text: str) -> str:
    """A text without capitals, accents and vowel marks; what is invisible is gone."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = MARKS.sub("", plain).casefold().translate(LETTERS)
    plain = "".join(letter for letter in plain if unicodedata.category(letter) != "Cf")
    # Back together what belongs together: が, 한.
    return unicodedata.normalize("NFC", plain)


def light(word: str) -> str:
    """An Arabic word without article and endings, three letters of it at least; any other word as it is."""
    if not ARABIC.match(word):
        return word
    for prefix in BEFORE:
        if word.startswith(prefix) and len(word) - len(prefix) >= 3:
            word = word[len(prefix) :]
            break
    for ending in AFTER:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
    return word


def lexemes(text: str) -> list[str]:
    """All lexemes of a text, each once, in their order; MOST_WORDS at most."""
    found: dict[str, None] = {}
    for piece in PIECE.finditer(fold(text[:LONGEST_TEXT])):
        if len(found) >= MOST_WORDS:
            break
        if run := piece["run"]:
            for place in range(len(run) - 1):
                found[run[place : place + 2]] = None
            # So that a single character is found by the beginnings, wherever it stands.
            found[run[-1]] = None
        else:
            word = piece["word"][:LONGEST_WORD]
            found[word] = None
            found[light(word)] = None
    return list(found)[:MOST_WORDS]


def note_words(db: Connection, said: Iterable[tuple[int, int, str]]) -> None:
    """Have messages found by their texts: (contact_id, message_id, text) each, in the order of their age."""
    rows: Sequence[dict[str, object]] = [
        {"contact_id": contact_id, "id": message_id, "words": words}
        for contact_id, message_id, text in said
        if (words := lexemes(text))
    ]
    if rows:
        db.execute(INSERT, {"rows": json_rows(rows)})
