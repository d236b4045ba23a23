"""A conversation as its page shows it: who, the window, who has it, what may be done. Built from queries alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from ..contacts.lookup import with_tags
from ..contacts.models import Contact
from ..team.models import Staff
from ..team.rights import may
from . import queries
from .asked import Asked
from .models import Conversation
from .places import url_of
from .rows import PRIORITY_TONES, TONES, priorities, priority_word


@dataclass(frozen=True, slots=True)
class Open:
    """What the page of a conversation needs. `back` leads to the list as it was asked for.

    window_until: until when free words may go, None when they may not; ever_wrote: whether they ever have;
    answered: whether the last word is ours.
    """

    contact_id: int
    id: int
    key: str
    url: str
    back: str
    contact: Contact
    channel: str
    channel_id: int
    state: str
    snoozed_until: datetime | None
    waits_since: datetime | None
    waits: timedelta | None
    wait_tone: str
    why: list[str]
    assignee_id: int | None
    team_id: int | None
    priority: int
    priority_word: str
    priority_tone: str
    priorities: list[tuple[int, Any]]
    window_until: datetime | None
    window_left: timedelta | None
    window_is_open: bool
    ever_wrote: bool
    answered: bool
    may_write: bool
    composing: str

    @property
    def began_by_us(self) -> bool:
        """Whether the customer has not written in it."""
        return not self.ever_wrote

    @property
    def wants_template(self) -> bool:
        """Whether it is our turn to write, and only a template may go."""
        return not self.window_is_open and self.state != Conversation.State.CLOSED and not self.answered


def opened(by: Staff, contact_id: int, conversation_id: int, asked: Asked) -> Open:
    """One conversation for its page. Raises NotFound, NotAllowed."""
    one: Conversation = queries.conversation_for(by, contact_id, conversation_id)
    with_tags([one.contact])
    now = timezone.now()
    until: datetime | None = vars(one).get("window_open_until")
    waits = one.waiting_since if one.state == Conversation.State.OPEN else None
    return Open(
        contact_id=contact_id,
        id=conversation_id,
        key=f"{contact_id}-{conversation_id}",
        url=url_of(contact_id, conversation_id),
        back=asked.href(),
        contact=one.contact,
        channel=one.channel.name,
        channel_id=one.channel_id,
        state=one.state,
        snoozed_until=one.snoozed_until,
        waits_since=waits,
        waits=now - waits if waits else None,
        wait_tone=TONES.get(one.alarm, "") if waits else "",  # type: ignore[call-overload]
        why=queries.why_here(one),
        assignee_id=one.assignee_id,
        team_id=one.team_id,
        priority=one.priority,
        priority_word=priority_word(one.priority),
        priority_tone=PRIORITY_TONES.get(one.priority, ""),  # type: ignore[call-overload]
        priorities=priorities(),
        window_until=until,
        window_left=until - now if until else None,
        window_is_open=until is not None and until > now,
        ever_wrote=one.inbound_at is not None,
        answered=one.last_direction == "out",
        may_write=may(by, "inbox.write") and not one.contact.erased_at,
        composing=", ".join(str(staff) for staff in queries.composing_now(by, contact_id, conversation_id)),
    )
