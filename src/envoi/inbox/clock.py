"""The service clock: when a waiting conversation is looked at again, and what is found then."""

from __future__ import annotations

from datetime import datetime, timedelta

from .models import Conversation

# Since when somebody waits -> the alarm that this is.
AFTER = (
    (timedelta(minutes=5), Conversation.Alarm.LATE),
    (timedelta(minutes=30), Conversation.Alarm.BREACH),
    (timedelta(hours=2), Conversation.Alarm.RED),
)


def next_look(conversation: Conversation) -> datetime | None:
    """When the clock has to look at this conversation again, None while nobody waits.

    Called by intake for every message that begins a wait: it has to be quick.
    """
    if conversation.waiting_since is None:
        return None
    return next((conversation.waiting_since + after for after, alarm in AFTER if alarm > conversation.alarm), None)
