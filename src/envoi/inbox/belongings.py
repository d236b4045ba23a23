"""What of the inbox's tables belongs to one customer (contacts.belongings)."""

from __future__ import annotations

from ..contacts.belongings import Belonging

BELONGINGS = (
    # Times, states and who took care stay for the figures of the service; what was said does not.
    Belonging("conversations", erase={"last_text": "''", "satisfaction_text": "''"}, hidden=("look_at", "worth")),
    Belonging("conversation_events", erase={"detail": "'{}'"}, hidden=("by_id",)),
    Belonging("internal_notes", hidden=("by_id", "mentions")),
    Belonging("drafts", key=("conversation_id", "staff_id"), export=False),
    Belonging("message_authors", key=("message_id",), erase="keep", export=False),
    Belonging("composing", key=("conversation_id", "staff_id"), merge="stay", export=False),
)
