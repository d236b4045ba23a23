"""Who gets a new conversation."""

from __future__ import annotations

from .models import Conversation


def choose(conversation: Conversation) -> int | None:
    """The staff member to whom a new conversation goes, None to leave it to whoever takes it.

    Called by intake for every new conversation, in its transaction: it has to be quick.
    """
    return None
