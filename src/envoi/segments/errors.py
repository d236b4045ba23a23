"""What can be wrong with a rule or a segment, as sentences that a person can act on."""

from __future__ import annotations

from ..core.errors import BadInput, Problem


class BadRule(BadInput):
    """The rule can't be meant; the sentence says which part."""


class Circle(BadRule):
    """The segment would be made of itself."""


class NameTaken(Problem):
    """Another segment has this name."""


class StillUsed(Problem):
    """Something needs the segment; the sentence says what."""


class TooSlow(Problem):
    """Counting takes longer than a page may wait; `about` is PostgreSQL's own estimate."""

    status = 503

    def __init__(self, sentence: str, about: int) -> None:
        super().__init__(sentence)
        self.about = about


class Superseded(Problem):
    """A newer question from the same page has taken this one's place."""
