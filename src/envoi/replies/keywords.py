"""Keywords of thousands of rules, found in one text by look-ups: what a text costs depends on the text.

Whole words and phrases are found by their first word, parts of words by their first letters. One typo spoils only one
half of a keyword, so whoever has the other half in its place is looked at more closely. A long text is read whole for
keywords as they are written (up to folding.LONGEST); typos are looked for in its first MOST_FUZZY_WORDS words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import compress
from typing import NamedTuple

from rapidfuzz.distance import OSA

from .folding import LONGEST, folded, is_unspaced
from .rules import How

# Shorter words are too near to others: “prix” and “pris” are two words. At four letters nothing may stand in another's
# place, but one may be missing, doubled or swapped.
SHORTEST_FUZZY = 4
# Typos are looked for in as many words; long texts are no slips of the thumb around a keyword.
MOST_FUZZY_WORDS = 60
# Parts of words are looked for by five letters of theirs at every second place of the text: of a part with six letters
# and more either the first five or the five after its first letter stand at such a place. Shorter ones are looked for
# by all their letters at every place; where no spaces are written by the first two, which say as much there.
PART = 5
UNSPACED_PART = 2
# The places of a text, made once: cutting it there is then one loop without Python in it. A letter may fold to several.
_PLACES = 4 * LONGEST
_CUTS = {
    (size, step): tuple(slice(place, place + size) for place in range(0, _PLACES, step))
    for size, step in [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (5, 2)]
}


class Hit(NamedTuple):
    """That a keyword was found: `word` as the rule has it, `said` as it stands in the folded text, and how."""

    word: str
    said: str
    how: How


class _Kept(NamedTuple):
    rule: int
    word: str
    folded: str
    tokens: tuple[str, ...]


class _Parts:
    """Keywords found anywhere in a text by some letters of theirs, looked for at every place or every second one."""

    def __init__(self) -> None:
        self._by_letters: dict[tuple[int, int], dict[str, list[tuple[_Kept, int]]]] = {}

    def add(self, kept: _Kept) -> None:
        text = kept.folded
        longest = UNSPACED_PART if is_unspaced(text[:UNSPACED_PART]) else PART
        size, step = (PART, 2) if longest == PART < len(text) else (min(longest, len(text)), 1)
        index = self._by_letters.setdefault((size, step), {})
        for behind in range(step):
            index.setdefault(text[behind : behind + size], []).append((kept, behind))

    def find(self, text: str, hits: dict[int, Hit]) -> None:
        for (size, step), index in self._by_letters.items():
            places = range(0, len(text) - size + 1, step)
            letters = map(text.__getitem__, _CUTS[size, step][: len(places)])
            for place in compress(places, map(index.__contains__, letters)):
                for kept, behind in index[text[place : place + size]]:
                    if kept.rule not in hits and place >= behind and text.startswith(kept.folded, place - behind):
                        hits[kept.rule] = Hit(kept.word, kept.folded, "contains")


class _Halves(NamedTuple):
    """Keywords of one length that may be mistyped, by their first half and by their second."""

    first: defaultdict[str, list[_Kept]]
    second: defaultdict[str, list[_Kept]]


class Keywords:
    """The index. `rule` is whatever number the caller knows a rule by."""

    def __init__(self) -> None:
        self._exact: dict[str, list[_Kept]] = defaultdict(list)
        self._first: dict[str, list[_Kept]] = defaultdict(list)
        self._parts = _Parts()
        # Apart, since most texts have no letter of a script without spaces.
        self._unspaced_parts = _Parts()
        self._halves: dict[int, _Halves] = {}
        # How many words and letters may be a keyword with a typo; the letters with the lengths of such keywords.
        self._widths: set[int] = set()
        self._lengths: defaultdict[int, set[int]] = defaultdict(set)

    def add(self, rule: int, word: str, how: How) -> None:
        """Look for this keyword from now on. One without letters, digits or emoji is never found."""
        text = folded(word)
        if not text:
            return
        kept = _Kept(rule, word, text, tuple(text.split()))
        if how == "exact":
            self._exact[text].append(kept)
        elif how == "contains" or is_unspaced(text):
            # Nothing parts words where no spaces are written, so a whole word is a part there.
            (self._unspaced_parts if is_unspaced(text) else self._parts).add(kept)
        else:
            self._first[kept.tokens[0]].append(kept)
            if how == "fuzzy" and may_be_mistyped(text):
                self._widths.update(width for width in _around(len(kept.tokens)) if width)
                for said in _around(len(text)):
                    self._lengths[said].add(len(text))
                halves = self._halves.setdefault(len(text), _Halves(defaultdict(list), defaultdict(list)))
                halves.first[text[: len(text) // 2]].append(kept)
                halves.second[text[len(text) // 2 :]].append(kept)

    def find(self, text: str) -> dict[int, Hit]:
        """The rules whose keyword stands in a folded text, each with the first that was found."""
        hits: dict[int, Hit] = {}
        if not text:
            return hits
        for kept in self._exact.get(text, ()):
            hits.setdefault(kept.rule, Hit(kept.word, text, "exact"))
        tokens = text.split()
        if self._first:
            self._whole(tokens, hits)
        self._parts.find(text, hits)
        if is_unspaced(text):
            self._unspaced_parts.find(text, hits)
        if self._halves:
            self._mistyped(tokens[:MOST_FUZZY_WORDS], hits)
        return hits

    def _whole(self, tokens: list[str], hits: dict[int, Hit]) -> None:
        first = self._first
        for place, token in enumerate(tokens):
            if token not in first:
                continue
            for kept in first[token]:
                size = len(kept.tokens)
                if kept.rule not in hits and (size == 1 or tuple(tokens[place : place + size]) == kept.tokens):
                    hits[kept.rule] = Hit(kept.word, kept.folded, "word")

    def _mistyped(self, tokens: list[str], hits: dict[int, Hit]) -> None:
        for width in self._widths:
            for place in range(len(tokens) - width + 1):
                said = tokens[place] if width == 1 else " ".join(tokens[place : place + width])
                for length in self._lengths.get(len(said), ()):
                    for kept in _near(said, length, self._halves[length]):
                        if kept.rule not in hits and is_one_typo(kept.folded, said):
                            hits[kept.rule] = Hit(kept.word, said, "fuzzy")


def may_be_mistyped(text: str) -> bool:
    """Whether a typo of this folded keyword still means it: not of a number, not of a short word."""
    return len(text) >= SHORTEST_FUZZY and not any(letter.isdigit() for letter in text)


def is_one_typo(keyword: str, said: str) -> bool:
    """One letter missing, added, swapped with the next or, in words of five letters and more, taken for another.

    Never another first letter: “miscount” is no “discount”. In a phrase only words of six letters and more may have a
    letter taken for another: “my older” is no “my order”.
    """
    if keyword == said:
        return True
    if OSA.distance(keyword, said, score_cutoff=1) > 1:
        return False
    if len(keyword) == len(said) and keyword[0] != said[0] and keyword[1::-1] != said[:2]:
        return False
    shortest = SHORTEST_FUZZY
    ours, theirs = keyword.split(), said.split()
    if len(ours) == len(theirs) > 1:
        keyword, said = next(pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1])
        shortest += 1
    if len(keyword) > shortest or len(keyword) != len(said):
        return True
    return sorted(keyword) == sorted(said)


def _near(said: str, length: int, halves: _Halves) -> Iterator[_Kept]:
    """Keywords of this length that have a half in common with a word: every one that is a typo away is among them."""
    middle = length // 2
    yield from halves.first.get(said[:middle], ())
    yield from halves.second.get(said[middle - length :], ())
    if len(said) == length:
        # The two letters in the middle were swapped: neither half is as it was.
        yield from halves.first.get(said[: middle - 1] + said[middle], ())


def _around(size: int) -> tuple[int, int, int]:
    return (size - 1, size, size + 1)
