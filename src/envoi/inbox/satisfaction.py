"""The question after closing, and its answer."""

from __future__ import annotations

from ..core.events import MessageReceived
from .models import Conversation


def after_closing(conversation: Conversation) -> None:
    """What follows when a conversation was closed, in that transaction."""


def heard(fact: MessageReceived, *, contact_id: int, channel_id: int) -> bool:
    """Whether a new message is the answer to the question; then it is written down and opens no conversation.

    Called by intake for every message of words, before the conversation is looked for: it has to be quick.
    """
    return False
