"""Finding conversations by what was written in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..team.models import Staff
from ..team.rights import require
from .models import Conversation


@dataclass(frozen=True, slots=True)
class Hit:
    """One message that has the words, and the conversation in which it is read.

    excerpt: pieces of its text around the words, each with whether it is one of them, to be marked.
    """

    conversation: Conversation
    message_id: int
    at: datetime
    direction: str
    excerpt: tuple[tuple[str, bool], ...]


def search(by: Staff | None, words: str, *, limit: int = 50) -> list[Hit]:
    """Messages that have all these words, the newest first."""
    require(by, "inbox.read")
    return []
