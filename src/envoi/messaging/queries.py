"""Reading messages and their traces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from ..core.errors import NotFound
from ..message_templates.wording import Bubble, bubble, filled_by
from .models import Message, MessageEvent


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One line of "why did this customer (not) get it": what happened, when, and the rule or the provider's words."""

    at: datetime
    what: str
    detail: dict[str, Any]


def messages_of(contact_id: int, *, limit: int = 200) -> list[Message]:
    """A contact's messages in and out, newest first."""
    return list(
        Message.objects.filter(contact_id=contact_id)
        .select_related("template", "channel")
        .order_by("-created_at", "-id")[:limit]
    )


def message_for(contact_id: int, message_id: int, *, campaign_id: int | None = None) -> Message:
    """One message, with `campaign_id` only when it is of that campaign. Raises NotFound."""
    found = Message.objects.select_related("template", "channel", "contact")
    if campaign_id is not None:
        found = found.filter(campaign_id=campaign_id)
    try:
        return found.get(contact_id=contact_id, id=message_id)
    except Message.DoesNotExist:
        raise NotFound(_("There is no such message.")) from None


def trace_of(contact_id: int, message_id: int) -> list[TraceLine]:
    """The message's story, oldest first: queued, every wait with its rule, accepted, receipts with price or error."""
    message = message_for(contact_id, message_id)
    lines = [TraceLine(message.created_at, "skipped" if message.state == "skipped" else "queued", _cause(message))]
    events = MessageEvent.objects.filter(contact_id=contact_id, message_id=message_id).order_by("at", "id")
    # A receipt's line carries the provider's time, not ours of reading it: the story is told as it happened.
    own = {"sent": message.sent_at, "delivered": message.delivered_at, "read": message.read_at}
    for event in events:
        detail = dict(event.detail or {})
        if event.what == "skipped" and lines[0].what == "skipped":
            lines[0] = TraceLine(message.created_at, "queued", {})
        if event.what in ("delivered", "read", "sent") and message.pricing:
            detail.setdefault("pricing", message.pricing)
        lines.append(TraceLine(own.get(event.what) or event.at, event.what, detail))
    return sorted(lines, key=lambda line: line.at)


def _cause(message: Message) -> dict[str, Any]:
    return {"reason": message.reason} if message.reason else {}


def bubble_of(message: Message) -> Bubble:
    """The message as its customer saw it."""
    if message.template is None:
        return Bubble("", "", message.text, "", ())
    components = message.template.components
    return bubble(components, filled_by(components, message.values or []))
