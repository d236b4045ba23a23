"""The opaque token that travels with every message, so that its receipt finds the row again."""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = re.compile(r"e1\.(\d{1,18})\.(\d{1,18})")


class MessageKey(NamedTuple):
    """The primary key of a message: the contact leads (house rule 1)."""

    contact_id: int
    message_id: int


def token_of(contact_id: int, message_id: int) -> str:
    """The text sent as Meta's `biz_opaque_callback_data` (at most 512 characters; Meta sheet, A.1)."""
    return f"e1.{contact_id}.{message_id}"


def parse_token(text: str | None) -> MessageKey | None:
    """The key behind a token, or None for anything that we did not make."""
    match = _TOKEN.fullmatch(text or "")
    return MessageKey(int(match[1]), int(match[2])) if match else None
