"""Everything that can be done in the inbox, by its verb; each is one transaction and asks first who may."""

from __future__ import annotations

from ..messaging.sending import What, Words
from .arriving import receive
from .crossing import not_crossing
from .errors import AlreadyOpen, IsClosed, JustAnswered
from .happenings import note_event
from .jotting import add_note, delete_note, mark_read, now_composing, save_draft
from .replying import UNDO_SECONDS, ByRule, answered_by_rule, answered_by_rules, open_with, reply, take_back
from .steering import assign, close, reopen, set_priority, snooze
from .words import KEEP, Arrived, Keep, Opened

__all__ = [
    "KEEP",
    "UNDO_SECONDS",
    "AlreadyOpen",
    "Arrived",
    "ByRule",
    "IsClosed",
    "JustAnswered",
    "Keep",
    "Opened",
    "What",
    "Words",
    "add_note",
    "answered_by_rule",
    "answered_by_rules",
    "assign",
    "close",
    "delete_note",
    "mark_read",
    "not_crossing",
    "note_event",
    "now_composing",
    "open_with",
    "receive",
    "reopen",
    "reply",
    "save_draft",
    "set_priority",
    "snooze",
    "take_back",
]
