"""What of the inbox's tables belongs to one customer (contacts.belongings)."""

from __future__ import annotations

from ..contacts.belongings import Belonging

BELONGINGS = (
    # Times, states and who took care stay for the figures of the service; what was said does not.
    # Of two open conversations at one number one stays, with whoever has it: the longer wait, the earlier look.
    Belonging(
        "conversations",
        same=("channel_id",),
        same_where="NOT ({row}.state = 'closed')",
        greatest=("last_at", "inbound_at", "unread", "priority", "alarm", "worth"),
        least=("state", "waiting_since", "first_inbound_at", "look_at"),
        erase={
            "last_text": "''",
            "satisfaction_text": "''",
            "before_reply": "NULL",
            "state": "'closed'",
            "closed_at": "COALESCE(closed_at, now())",
            "waiting_since": "NULL",
            "look_at": "NULL",
        },
        hidden=("look_at", "worth", "before_reply"),
    ),
    Belonging("conversation_events", erase={"detail": "'{}'"}, hidden=("by_id",)),
    Belonging("internal_notes", hidden=("by_id", "mentions")),
    Belonging("drafts", key=("conversation_id", "staff_id"), export=False),
    Belonging("message_authors", key=("message_id",), erase="keep", export=False),
    Belonging("composing", key=("conversation_id", "staff_id"), export=False),
)
