"""The FAQ made ready for being asked: what is worked out of each entry is kept until that entry changes.

A few megabytes a process: four bytes for each part of a word in an entry, a kilobyte for its meaning; MOST_ENTRIES of
`actions` bounds how many there are, and only the FAQ as it is now is kept.
"""

from __future__ import annotations

import math
import threading
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .folding import folded
from .meaning import Questions
from .models import FaqEntry

# Parts of three letters find other forms of a word, and words of languages without spaces.
PART = 3
# BM25's usual constants: how soon a part counts no more, and how much longer texts are held back.
SATURATION, LENGTH = 1.2, 0.75


@dataclass(frozen=True, slots=True)
class Near:
    """An entry, its share of a perfect match in words (0 to 1), and its cosine to the question."""

    entry: FaqEntry
    words: float
    meaning: float


class Faq:
    """Entries by their key. Not safe for two threads at once: Shelf sees to that."""

    def __init__(self) -> None:
        self._entries: list[FaqEntry | None] = []
        self._lengths: list[int] = []
        self._place: dict[int, int] = {}
        self._free: list[int] = []
        # By part, in which entries it stands, and how often in each.
        self._places: defaultdict[str, array[int]] = defaultdict(lambda: array("H"))
        self._times: defaultdict[str, array[int]] = defaultdict(lambda: array("H"))
        self._questions = Questions()

    def become(self, entries: Mapping[int, FaqEntry]) -> int:
        """Hold these entries and no others; returns how many had to be worked out."""
        gone = [key for key in self._place if key not in entries]
        changed = [key for key, entry in entries.items() if not self._holds(key, entry)]
        for key in (*gone, *(key for key in changed if key in self._place)):
            self._drop(key)
        for key in changed:
            self._add(key, entries[key])
        self._questions.become({self._place[key]: entry.question for key, entry in entries.items()})
        return len(changed)

    def near(self, text: str, wanted: Callable[[FaqEntry], bool] = lambda entry: True) -> list[Near]:
        """How near each of the wanted entries is, in the order of their places."""
        mask = bytearray(entry is not None and wanted(entry) for entry in self._entries)
        words = self._shared(Counter(parts(text)), mask)
        close = self._questions.closeness(text, len(mask))
        return [
            Near(entry, words.get(place, 0.0), close[place])
            for place, entry in enumerate(self._entries)
            if entry is not None and mask[place]
        ]

    def _shared(self, asked: Counter[str], mask: bytearray) -> dict[int, float]:
        """BM25 over parts of words, as a share of the best that the question could reach, by place."""
        size = sum(mask)
        if not asked or not size:
            return {}
        average = sum(length for length, here in zip(self._lengths, mask, strict=True) if here) / size
        held_back = [SATURATION * (1 - LENGTH + LENGTH * length / average) for length in self._lengths]
        best = 0.0
        scores: defaultdict[int, float] = defaultdict(float)
        for part in asked:
            places = self._places.get(part, ())
            stands = sum(map(mask.__getitem__, places))
            weight = math.log(1 + (size - stands + 0.5) / (stands + 0.5)) * (SATURATION + 1)
            best += weight
            for place, times in zip(places, self._times.get(part, ()), strict=True):
                scores[place] += weight * times / (times + held_back[place])
        best /= 2
        return {place: min(score / best, 1.0) for place, score in scores.items()} if best else {}

    def _holds(self, key: int, entry: FaqEntry) -> bool:
        place = self._place.get(key)
        held = self._entries[place] if place is not None else None
        return held is not None and (held.question, held.answer, held.language) == (
            entry.question,
            entry.answer,
            entry.language,
        )

    def _add(self, key: int, entry: FaqEntry) -> None:
        if self._free:
            place = self._free.pop()
        else:
            place = len(self._entries)
            self._entries.append(None)
            self._lengths.append(0)
        counted = _counted(entry)
        self._place[key], self._entries[place], self._lengths[place] = place, entry, len(counted)
        for part, times in counted.items():
            self._places[part].append(place)
            self._times[part].append(times)

    def _drop(self, key: int) -> None:
        place = self._place.pop(key)
        entry = self._entries[place]
        assert entry is not None
        for part in _counted(entry):
            at = self._places[part].index(place)
            del self._places[part][at], self._times[part][at]
            if not self._places[part]:
                del self._places[part], self._times[part]
        self._entries[place] = None
        self._free.append(place)


class Shelf:
    """Keeps the FAQ of this process ready for one question after the other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._version: int | None = None
        self._faq = Faq()

    def near(self, text: str, wanted: Callable[[FaqEntry], bool], *, version: int) -> list[Near]:
        """As Faq.near, of the entries in the database. `version`: of ReplySettings, read before."""
        with self._lock:
            if self._version != version:
                self._faq.become({entry.pk: entry for entry in FaqEntry.objects.order_by("id")})
                self._version = version
            return self._faq.near(text, wanted)

    def forget(self) -> None:
        """Read it anew whatever the version says: another database, as tests have."""
        with self._lock:
            self._version, self._faq = None, Faq()


def parts(text: str) -> list[str]:
    """Every three letters in a row of each word, its edges marked; short words whole."""
    found = []
    for word in folded(text).split():
        marked = f"<{word}>"
        found += [marked[place : place + PART] for place in range(len(marked) - PART + 1)]
    return found


def _counted(entry: FaqEntry) -> Counter[str]:
    """The parts of an entry; its question counts more than its answer."""
    return Counter(parts(entry.question) * 3 + parts(entry.answer))


SHELF = Shelf()
