"""Everything that can be done in the inbox, by its verb; each is one transaction and asks first who may."""

from __future__ import annotations

from ..messaging.sending import What, Words
from .arriving import receive
from .errors import AlreadyOpen, IsClosed
from .happenings import note_event
from .jotting import add_note, delete_note, mark_read, now_composing, save_draft
from .replying import UNDO_SECONDS, answered_by_rule, open_with, reply, take_back
from .steering import assign, close, reopen, set_alarm, set_priority, snooze
from .words import KEEP, Arrived, Keep, Opened

__all__ = [
    "KEEP",
    "UNDO_SECONDS",
    "AlreadyOpen",
    "Arrived",
    "IsClosed",
    "Keep",
    "Opened",
    "What",
    "Words",
    "add_note",
    "answered_by_rule",
    "assign",
    "close",
    "delete_note",
    "mark_read",
    "note_event",
    "now_composing",
    "open_with",
    "receive",
    "reopen",
    "reply",
    "save_draft",
    "set_alarm",
    "set_priority",
    "snooze",
    "take_back",
]
