"""Keywords of thousands of rules, found in one text by look-ups: what a text costs depends on the text.

Whole words and phrases are found by their first word, parts of words by their first letters, one typo by what is
left of a word when a letter is taken out (both of two words that are one typo apart have such a rest in common).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rapidfuzz.distance import OSA

from .folding import folded, is_unspaced
from .rules import How

# Shorter words are too near to others: “prix” and “pris” are two words. At four letters nothing may stand in another's
# place, but one may be missing, doubled or swapped.
SHORTEST_FUZZY = 4
# Typos are looked for in as many words; long texts are no slips of the thumb around a keyword.
MOST_FUZZY_WORDS = 60
# A part of a word is looked for where its first three letters stand, or all of them when it has fewer.
PART = 3


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


class Keywords:
    """The index. `rule` is whatever number the caller knows a rule by."""

    def __init__(self) -> None:
        self._exact: dict[str, list[_Kept]] = defaultdict(list)
        self._first: dict[str, list[_Kept]] = defaultdict(list)
        self._parts: dict[str, list[_Kept]] = defaultdict(list)
        self._rests: dict[str, list[_Kept]] = defaultdict(list)
        self._lengths: set[int] = set()
        self._short: frozenset[int] = frozenset()

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
            self._parts[text[:PART]].append(kept)
            if len(text) < PART:
                self._short |= {len(text)}
        else:
            self._first[kept.tokens[0]].append(kept)
            if how == "fuzzy" and may_be_mistyped(text):
                self._lengths.update((len(kept.tokens) - 1, len(kept.tokens), len(kept.tokens) + 1))
                for rest in _rests(text):
                    self._rests[rest].append(kept)

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
        if self._parts:
            self._inside(text, hits)
        if self._rests:
            self._mistyped(tokens, hits)
        return hits

    def _whole(self, tokens: list[str], hits: dict[int, Hit]) -> None:
        first = self._first
        for place, token in enumerate(tokens):
            for kept in first.get(token, ()):
                size = len(kept.tokens)
                if kept.rule not in hits and (size == 1 or tuple(tokens[place : place + size]) == kept.tokens):
                    hits[kept.rule] = Hit(kept.word, kept.folded, "word")

    def _inside(self, text: str, hits: dict[int, Hit]) -> None:
        parts = self._parts
        for size in (PART, *self._short):
            for place in range(len(text) - size + 1):
                beginning = text[place : place + size]
                if beginning not in parts:
                    continue
                for kept in parts[beginning]:
                    if kept.rule not in hits and text.startswith(kept.folded, place):
                        hits[kept.rule] = Hit(kept.word, kept.folded, "contains")

    def _mistyped(self, tokens: list[str], hits: dict[int, Hit]) -> None:
        rests = self._rests
        for said in _windows(tokens[:MOST_FUZZY_WORDS], self._lengths):
            for rest in _rests(said):
                if rest not in rests:
                    continue
                for kept in rests[rest]:
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


def _windows(tokens: list[str], lengths: Iterable[int]) -> Iterator[str]:
    for size in lengths:
        if size > 0:
            for place in range(len(tokens) - size + 1):
                said = " ".join(tokens[place : place + size])
                if len(said) >= SHORTEST_FUZZY - 1:
                    yield said


def _rests(text: str) -> set[str]:
    return {text, *(text[:place] + text[place + 1 :] for place in range(len(text)))}
