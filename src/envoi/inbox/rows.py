"""Conversations as rows of the list: what stands where, in words. It reads nothing by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from .asked import VIEWS, Asked
from .models import Conversation
from .places import url_of
from .queries import MOST_COUNTED
from .seeing import shows
from .speech import kind_word

Alarm, Priority = Conversation.Alarm, Conversation.Priority
TONES = {Alarm.NONE: "", Alarm.LATE: "warn", Alarm.BREACH: "bad", Alarm.RED: "bad"}
PRIORITY_TONES = {Priority.NORMAL: "", Priority.HIGH: "warn", Priority.URGENT: "bad"}


@dataclass(slots=True)
class Row:
    """One conversation of the list. hit: the passage of a message that was searched for, with its words marked."""

    key: str
    href: str
    name: str
    at: datetime
    last_text: str
    last_ours: bool
    hit: SafeString | None
    unread: int
    unread_shown: str
    state: str
    snoozed_until: datetime | None
    waits_since: datetime | None
    waits: timedelta | None
    wait_tone: str
    priority_word: str
    priority_tone: str
    channel: str
    assignee: str
    assignee_id: int | None
    team: str


@dataclass(frozen=True, slots=True)
class Tab:
    """One view with how many it holds: "" for none, "999+" for more than are counted."""

    name: str
    words: str
    count: str
    href: str
    tone: str


def tabs(asked: Asked, counted: dict[str, int]) -> list[Tab]:
    """Every view. Filters stay when another is chosen, a page's place does not."""
    return [
        Tab(
            name,
            view_words()[name],
            "" if name == "closed" else shown(counted.get(name, 0)),
            asked.href(view=name, after=""),
            "bad" if name == "red" and counted.get("red") else "",
        )
        for name in VIEWS
    ]


def view_words() -> dict[str, str]:
    """The views' names."""
    return {
        "mine": pgettext("inbox view", "Mine"),
        "unassigned": pgettext("inbox view", "Unassigned"),
        "all": pgettext("inbox view", "All"),
        "waiting": pgettext("inbox view", "Waiting"),
        "red": pgettext("inbox view", "Red alert"),
        "snoozed": pgettext("inbox view", "Snoozed"),
        "closed": pgettext("inbox view", "Closed"),
    }


def row_of(one: Conversation, asked: Asked, *, many_channels: bool, hit: SafeString | None = None) -> Row:
    """One row. many_channels: whether the number has to be named, since there are several."""
    now = timezone.now()
    waits = one.waiting_since if one.state == Conversation.State.OPEN else None
    return Row(
        key=f"{one.contact_id}-{one.id}",
        href=url_of(one.contact_id, one.id) + asked.query(),
        name=str(one.contact),
        at=one.last_at,
        last_text=_last(one),
        last_ours=one.last_direction == "out",
        hit=hit,
        unread=one.unread,
        unread_shown="99+" if one.unread > 99 else str(one.unread),
        state=one.state,
        snoozed_until=one.snoozed_until,
        waits_since=waits,
        waits=now - waits if waits else None,
        wait_tone=TONES.get(one.alarm, "") if waits else "",  # type: ignore[call-overload]
        priority_word=priority_word(one.priority),
        priority_tone=PRIORITY_TONES.get(one.priority, ""),  # type: ignore[call-overload]
        channel=one.channel.name if many_channels else "",
        assignee=str(one.assignee) if one.assignee else "",
        assignee_id=one.assignee_id,
        team=str(one.team) if one.team else "",
    )


def _last(one: Conversation) -> str:
    """What the list shows of the newest message: its words, or what it is."""
    if shows(one.last_text):
        return one.last_text
    if one.last_text and one.last_kind in ("text", "button", "interactive"):
        return _("Message without visible characters")
    return kind_word(one.last_kind) if one.last_kind else ""


def priority_word(priority: int) -> str:
    """What is out of the ordinary, in a word; "" for the ordinary."""
    return {int(Priority.HIGH): _("High"), int(Priority.URGENT): _("Urgent")}.get(priority, "")


def priorities() -> list[tuple[int, Any]]:
    """All priorities, the most urgent first."""
    return [(value, label) for value, label in reversed(Priority.choices)]


def shown(count: int) -> str:
    """How many there are, as the inbox says it: "" for none, "999+" for more than are counted."""
    if not count:
        return ""
    return f"{MOST_COUNTED - 1}+" if count >= MOST_COUNTED else str(count)
