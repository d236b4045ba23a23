"""Which figures stop a campaign and which only warn: pure arithmetic over counts, so that it can be tried with any."""

from __future__ import annotations

from dataclasses import dataclass

# Below these nothing is said: one STOP among two people is no sign of anything.
LEAST_OF = 50
LEAST_EVENTS = 5


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of the messages of one stretch of time.

    failed counts what speaks against us: not who reached WhatsApp's own limit for promotions. aged: accepted at least
    an hour ago, `aged_delivered` of them arrived. day_old: accepted at least a day ago, `day_replied` of them answered.
    restricted: refusals that say that the number itself is restricted for blocks and reports (Meta: 131048).
    """

    accepted: int = 0
    failed: int = 0
    delivered: int = 0
    opted_out: int = 0
    restricted: int = 0
    aged: int = 0
    aged_delivered: int = 0
    day_old: int = 0
    day_replied: int = 0

    @property
    def tried(self) -> int:
        """How many have an outcome that counts."""
        return self.accepted + self.failed


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Shares of 1. A campaign stops above `opted_out` and `failed`; below `delivered` and `replied` it is warned.

    Success under 60 %, delivery under 85 % and replies under 5 % are the mission's lines (M1, M13, M10).
    """

    opted_out: float = 0.02
    failed: float = 0.40
    delivered: float = 0.85
    replied: float = 0.05


@dataclass(frozen=True, slots=True)
class Sign:
    """A share that crossed its threshold: `events` of `of`."""

    name: str
    events: int
    of: int
    threshold: float
    stops: bool = True


def signs(figures: Figures, thresholds: Thresholds) -> list[Sign]:
    """Every sign that these figures give, the gravest first."""
    found: list[Sign] = []
    if figures.restricted:
        # The provider's own verdict, not a sample: once is enough.
        found.append(Sign("restricted", figures.restricted, figures.tried, 0.0))
    if is_above(figures.opted_out, figures.accepted, thresholds.opted_out):
        found.append(Sign("opted_out", figures.opted_out, figures.accepted, thresholds.opted_out))
    if is_above(figures.failed, figures.tried, thresholds.failed):
        found.append(Sign("failed", figures.failed, figures.tried, thresholds.failed))
    if is_below(figures.aged_delivered, figures.aged, thresholds.delivered):
        found.append(Sign("delivered", figures.aged_delivered, figures.aged, thresholds.delivered, stops=False))
    if is_below(figures.day_replied, figures.day_old, thresholds.replied):
        found.append(Sign("replied", figures.day_replied, figures.day_old, thresholds.replied, stops=False))
    return found


def is_above(events: int, of: int, threshold: float) -> bool:
    """Whether a share is over its threshold, with enough behind it to say so."""
    return of >= LEAST_OF and events >= LEAST_EVENTS and events > threshold * of


def is_below(events: int, of: int, threshold: float) -> bool:
    """Whether a share is under its threshold, with enough behind it to say so: of those, LEAST_EVENTS are missing."""
    return of >= LEAST_OF and of - events >= LEAST_EVENTS and events < threshold * of
