"""What becomes of a conversation as a whole: who has it, closed, snoozed, open again, more urgent."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.errors import BadInput
from ..notifications.actions import notify
from ..notifications.models import Notification
from ..team.models import Staff, Team
from ..team.rights import require
from . import clock, satisfaction
from .errors import AlreadyOpen, IsClosed
from .happenings import note_event
from .holding import change, held, tell
from .models import Conversation
from .words import KEEP, Keep, path_of

State = Conversation.State
LONGEST_SNOOZE = timedelta(days=366)


@transaction.atomic
def assign(
    contact_id: int,
    conversation_id: int,
    *,
    staff_id: int | Keep | None = KEEP,
    team_id: int | Keep | None = KEEP,
    by: Staff | None,
    why: str = "",
    told: bool = False,
) -> None:
    """Give a conversation to somebody, to a team, or back to nobody (None). `why`: in a word, for the event.

    told: whoever gets it hears of it in another way, with others.

    Everybody who answers may take one over, or let go of their own; giving it to others is a right of its own.
    Raises NotFound, NotAllowed, BadInput for people who can't take it.
    """
    require(by, "inbox.write")
    conversation = held(contact_id, conversation_id)
    values: dict[str, int | None] = {}
    if not isinstance(staff_id, Keep) and staff_id != conversation.assignee_id:
        values["assignee_id"] = staff_id
    if not isinstance(team_id, Keep) and team_id != conversation.team_id:
        values["team_id"] = team_id
    if not values:
        return
    if by is not None and not _is_own(conversation, values, by):
        require(by, "inbox.assign")
    detail: dict[str, object] = {"why": why} if why else {}
    if "assignee_id" in values:
        staff = _takes(values["assignee_id"])
        detail |= {"to": staff.pk if staff else None, "name": str(staff) if staff else ""}
    if "team_id" in values:
        team = _team(values["team_id"])
        detail |= {"team": team.pk if team else None, "team_name": team.name if team else ""}
    change(conversation, **values)
    change(conversation, look_at=_next_look(conversation))
    note_event(contact_id, conversation_id, "assigned", by=by, detail=detail)
    given = values.get("assignee_id")
    if given and not told and (by is None or by.pk != given):
        facts = {"contact": str(conversation.contact), "by": str(by) if by else "", "why": why}
        link = path_of(contact_id, conversation_id)
        notify([given], Notification.Kind.ASSIGNED, link=link, facts=facts)
    tell(conversation, "state", by=by.pk if by else None)


@transaction.atomic
def close(contact_id: int, conversation_id: int, *, by: Staff | None, why: str = "") -> None:
    """End a conversation; closed already: nothing happens. What the customer writes next opens another one."""
    require(by, "inbox.write")
    conversation = held(contact_id, conversation_id)
    if conversation.state == State.CLOSED:
        return
    detail: dict[str, object] = {"why": why} if why else {}
    if conversation.waiting_since:
        detail["waited_since"] = conversation.waiting_since.isoformat()
    change(
        conversation,
        state=State.CLOSED,
        closed_at=timezone.now(),
        closed_by_id=by.pk if by else None,
        waiting_since=None,
        look_at=None,
        alarm=Conversation.Alarm.NONE,
        snoozed_until=None,
        unread=0,
        before_reply=None,
    )
    note_event(contact_id, conversation_id, "closed", by=by, detail=detail)
    satisfaction.after_closing(conversation)
    tell(conversation, "state", by=by.pk if by else None)


@transaction.atomic
def reopen(contact_id: int, conversation_id: int, *, by: Staff | None, why: str = "") -> None:
    """Open a closed or snoozed conversation again. Raises AlreadyOpen when the customer has another open one there."""
    require(by, "inbox.write")
    conversation = held(contact_id, conversation_id)
    if conversation.state == State.OPEN:
        return
    if conversation.state == State.CLOSED and other_open(conversation) is not None:
        raise AlreadyOpen(_("This customer has another open conversation at this number: go on there."))
    change(conversation, state=State.OPEN, closed_at=None, closed_by_id=None, snoozed_until=None)
    change(conversation, look_at=_next_look(conversation))
    note_event(contact_id, conversation_id, "reopened", by=by, detail={"why": why} if why else {})
    tell(conversation, "state", by=by.pk if by else None)


@transaction.atomic
def snooze(contact_id: int, conversation_id: int, *, until: datetime, by: Staff | None) -> None:
    """Put a conversation aside until a time, or until the customer writes. Raises IsClosed, BadInput."""
    require(by, "inbox.write")
    if not timezone.now() < until <= timezone.now() + LONGEST_SNOOZE:
        raise BadInput(_("Choose a time to come, within a year."))
    conversation = held(contact_id, conversation_id)
    if conversation.state == State.CLOSED:
        raise IsClosed(_("The conversation is closed: open it again first."))
    change(conversation, state=State.SNOOZED, snoozed_until=until)
    change(conversation, look_at=_next_look(conversation))
    note_event(contact_id, conversation_id, "snoozed", by=by, detail={"until": until.isoformat()})
    tell(conversation, "state", by=by.pk if by else None)


@transaction.atomic
def set_priority(contact_id: int, conversation_id: int, *, priority: int, by: Staff | None, why: str = "") -> None:
    """Make a conversation more or less urgent. Raises BadInput for a priority that there is not."""
    require(by, "inbox.write")
    if priority not in Conversation.Priority.values:
        raise BadInput(_("Choose a priority of the list."))
    conversation = held(contact_id, conversation_id)
    if conversation.priority == priority:
        return
    detail: dict[str, object] = {"from": conversation.priority, "to": priority}
    change(conversation, priority=priority)
    change(conversation, look_at=_next_look(conversation))
    note_event(contact_id, conversation_id, "priority", by=by, detail=detail | ({"why": why} if why else {}))
    tell(conversation, "state", by=by.pk if by else None)


def wake_due(*, at_most: int = 500) -> int:
    """Open the snoozed conversations whose time has come; returns how many."""
    # conversations_snoozed: an index scan that stops at the first that is not due.
    due = Conversation.objects.filter(state=State.SNOOZED, snoozed_until__lte=timezone.now()).order_by("snoozed_until")
    woken = 0
    for contact_id, conversation_id in due.values_list("contact_id", "id")[:at_most]:
        woken += _wake(contact_id, conversation_id)
    return woken


@transaction.atomic
def _wake(contact_id: int, conversation_id: int) -> bool:
    conversation = held(contact_id, conversation_id)
    until = conversation.snoozed_until
    if conversation.state != State.SNOOZED or until is None or until > timezone.now():
        return False
    # It comes up where somebody sees it: unread, as if something had come.
    change(conversation, state=State.OPEN, snoozed_until=None, unread=max(conversation.unread, 1))
    change(conversation, look_at=_next_look(conversation))
    note_event(contact_id, conversation_id, "reopened", detail={"why": "time"})
    tell(conversation, "state")
    return True


def other_open(conversation: Conversation) -> Conversation | None:
    """Another conversation of the same customer and number that is not closed."""
    found = Conversation.objects.filter(contact_id=conversation.contact_id, channel_id=conversation.channel_id)
    return found.exclude(state=State.CLOSED).exclude(id=conversation.id).first()


def _is_own(conversation: Conversation, values: dict[str, int | None], by: Staff) -> bool:
    """Taking over, or letting go of one's own."""
    if "team_id" in values:
        return False
    return values["assignee_id"] == by.pk or (values["assignee_id"] is None and conversation.assignee_id == by.pk)


def _takes(staff_id: int | None) -> Staff | None:
    if staff_id is None:
        return None
    staff = Staff.objects.filter(pk=staff_id, is_active=True).first()
    if staff is None:
        raise BadInput(_("There is no such colleague, or they can no longer sign in."))
    return staff


def _team(team_id: int | None) -> Team | None:
    if team_id is None:
        return None
    team = Team.objects.filter(pk=team_id).first()
    if team is None:
        raise BadInput(_("There is no such team."))
    return team


def _next_look(conversation: Conversation) -> datetime | None:
    return clock.next_look(conversation)
