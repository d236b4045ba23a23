"""Chance that can be repeated; it refuses to remember, so the order of questions changes no answer."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

Option = TypeVar("Option")


class Draws:
    """Every draw is a pure function of the seed, what is being decided, and whom or what it is about.

    Arrival order, concurrency and wall time take no part: the same seed gives the same fates.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._key = str(seed).encode()[:64]

    def share(self, what: str, *about: str) -> float:
        """A number in [0, 1) for this decision."""
        return self.number(what, *about) / 2**64

    def number(self, what: str, *about: str) -> int:
        """A whole number in [0, 2**64) for this decision."""
        question = "\x1f".join((what, *about)).encode()
        return int.from_bytes(blake2b(question, digest_size=8, key=self._key).digest(), "big")

    def happens(self, rate: float, what: str, *about: str) -> bool:
        """True in `rate` of all cases; costs nothing when the rate is 0."""
        return rate > 0 and self.share(what, *about) < rate

    def between(self, low: float, high: float, what: str, *about: str) -> float:
        return low + (high - low) * self.share(what, *about)

    def one_of(self, options: Sequence[Option], what: str, *about: str) -> Option:
        return options[int(self.share(what, *about) * len(options))]
