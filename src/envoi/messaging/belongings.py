"""What of the messages' tables belongs to one customer (contacts.belongings)."""

from __future__ import annotations

from ..contacts.belongings import Belonging

BELONGINGS = (
    # States, times and prices stay for the figures of campaigns; what was said does not.
    Belonging(
        "messages",
        same=("campaign_id",),
        mark="twin",
        erase={
            "text": "''",
            "values": "NULL",
            "content": "NULL",
            "reply_to": "''",
            "provider_id": "NULL",
            "error_detail": "''",
        },
        hidden=("content", "twin", "template_id"),
    ),
    Belonging("message_words", key=("message_id",), export=False),
    Belonging("message_events", erase={"detail": "detail - 'detail'"}, hidden=("detail",)),
    Belonging("attachments", hidden=("ref", "attempts", "due_at", "file_id")),
    Belonging("outbox", key=("channel_id", "id"), merge="point", erase="keep", export=False),
    Belonging(
        "pairs",
        key=("channel_id",),
        same=("channel_id",),
        greatest=("window_open_until", "borrowed_until", "blocked_until", "blocked_times", "promoted_at"),
        along={"promoted_by": "promoted_at"},
        export=False,
    ),
    # Both were written to, so both count until their day is over.
    Belonging("portfolio_writes", key=("portfolio_id",), merge="stay", erase="keep", export=False),
    Belonging("portfolio_returns", key=("message_id",), merge="stay", erase="keep", export=False),
    Belonging("activity", key=("contact_id",), merge="derive"),
    Belonging("activity_hours", key=("hour",), merge="derive", export=False),
    Belonging("activity_months", key=("month",), merge="derive"),
)
