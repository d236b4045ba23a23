"""What the inbox's functions take and give. Frozen values without behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final


class _Keep:
    """Leave a value as it is; None would take it away."""


KEEP: Final = _Keep()
Keep = _Keep


@dataclass(frozen=True, slots=True)
class Arrived:
    """A customer's message, kept a moment ago; `at` is the provider's time of it.

    asks: whether somebody should answer it. A STOP is heeded by itself, for instance.
    """

    contact_id: int
    channel_id: int
    message_id: int
    at: datetime
    text: str
    kind: str
    asks: bool = True


@dataclass(frozen=True, slots=True)
class Opened:
    """The conversation that a message belongs to; is_new: it began with this message, or with one beside it."""

    conversation_id: int
    is_new: bool
    assignee_id: int | None


def path_of(contact_id: int, conversation_id: int) -> str:
    """The page of a conversation."""
    return f"{customer_path(contact_id)}{conversation_id}/"


def customer_path(contact_id: int) -> str:
    """How the paths of all conversations of one customer begin."""
    return f"/inbox/{contact_id}-"
