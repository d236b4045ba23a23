"""What a rule is made of, as values that nothing can change: trigger, conditions, where and when it holds.

A trigger is what a message must be; conditions are what must be true of the customer and of the moment. All of it is
kept as JSON in the table and read here; what can't be read is refused with a sentence before it is kept (`checking`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Trigger = Literal[
    "keyword", "first", "outside_hours", "payload", "media", "referral", "order", "any", "nothing"
]  # fmt: skip
How = Literal["word", "contains", "exact", "fuzzy"]

# Kinds of file that a trigger may name, by the kinds of messages that carry them.
MEDIA = ("image", "video", "audio", "document", "sticker", "location", "contacts")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as it is matched; its order among the others is that of the list it stands in.

    words: keywords for a keyword trigger, payloads for a payload trigger, kinds for media, sources for a referral;
    none means any. has_tags: one of them; lacks_tags: none of them. hours: "open", "closed" or "". languages: codes of
    the customer's language, "pt" means pt-BR too. with_people: fires although a person is answering this conversation.
    """

    id: int
    name: str = ""
    trigger: Trigger = "keyword"
    how: How = "word"
    words: tuple[str, ...] = ()
    stops: bool = True
    enabled: bool = True
    channels: frozenset[int] = frozenset()
    teams: frozenset[int] = frozenset()
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    has_tags: frozenset[str] = frozenset()
    lacks_tags: frozenset[str] = frozenset()
    segment: int | None = None
    hours: str = ""
    window: bool = False
    languages: tuple[str, ...] = ()
    with_people: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """One message of a customer, as far as rules ask. payload: of a tapped button or a chosen row.

    referral: what is known of the ad or link that led here (source_id, source_url, headline, ctwa_clid …), as texts.
    """

    kind: str
    text: str
    at: datetime
    channel_id: int
    payload: str = ""
    referral: Mapping[str, str] = field(default_factory=dict)


def _nobody(_segment_id: int) -> bool:
    return False


def _no_order(_numbers: Sequence[str]) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Customer:
    """What rules may ask of whoever wrote. in_segment and order_named look it up when a rule asks, and only then.

    order_named: of numbers read in the message, the one that is an order of theirs, or "". person_until: until when
    rules are silent since a person answered, None when nobody did.
    """

    tags: frozenset[str] = frozenset()
    language: str = ""
    is_first: bool = False
    window_open: bool = True
    person_until: datetime | None = None
    team_id: int | None = None
    in_segment: Callable[[int], bool] = _nobody
    order_named: Callable[[Sequence[str]], str] = _no_order


IsOpen = Callable[[datetime, int | None], bool]


def rule_of(row: Mapping[str, Any]) -> Rule:
    """A rule from its columns (models.ReplyRule): `trigger` and `conditions` are JSON."""
    trigger, conditions = row["trigger"], row["conditions"]
    return Rule(
        id=row["id"],
        name=row["name"],
        trigger=trigger["on"],
        how=trigger.get("how", "word"),
        words=tuple(trigger.get("words", ())),
        stops=row["stops"],
        enabled=row["enabled"],
        channels=frozenset(row["channels"]),
        teams=frozenset(row["teams"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        has_tags=frozenset(conditions.get("has_tags", ())),
        lacks_tags=frozenset(conditions.get("lacks_tags", ())),
        segment=conditions.get("segment"),
        hours=conditions.get("hours", ""),
        window=bool(conditions.get("window")),
        languages=tuple(conditions.get("languages", ())),
        with_people=bool(conditions.get("with_people")),
    )
