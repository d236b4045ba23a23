"""/conversations: who takes care of which customer, answering, giving away, putting aside, closing, notes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Query, Router, Schema, Status
from pydantic import Field, model_validator

from ..messaging.queries import message_for
from ..messaging.shapes import MessageOut, SaidGiven, all_shown
from ..rest.requests import KeyRequest
from ..rest.shapes import LARGEST, Cursor, Given, Id, Limit, Listing, Moment, PairedId, listing, paired, parts, place
from . import actions, queries, searching

router = Router(tags=["conversations"])

Which = Annotated[int | None, Query(ge=1, le=LARGEST)]
View = Literal["mine", "unassigned", "all", "waiting", "red", "snoozed", "closed"]
Priority = Literal["normal", "high", "urgent"]
Alarm = Literal["none", "late", "breach", "red"]
# In the order of the numbers by which the table knows them.
PRIORITIES: tuple[Priority, ...] = ("normal", "high", "urgent")
ALARMS: tuple[Alarm, ...] = ("none", "late", "breach", "red")


class ConversationOut(Schema):
    """A customer's matter at one number. Its id is its contact's, a point, its own.

    waiting_since: since when a message of theirs has no answer. window_open_until: until then free words may go.
    assignee and team are ids, null for nobody's.
    """

    id: PairedId
    contact: Id
    channel: Id
    state: Literal["open", "snoozed", "closed"]
    assignee: int | None
    team: int | None
    priority: Priority
    alarm: Alarm
    unread: int
    waiting_since: datetime | None
    window_open_until: datetime | None
    snoozed_until: datetime | None
    opened_at: datetime
    first_answer_at: datetime | None
    closed_at: datetime | None
    last_at: datetime
    last_text: str
    satisfaction: int | None


class ConversationGiven(Given):
    """With whom to begin one, and from which number."""

    contact: Id
    channel: Id


class AssignGiven(Given):
    """Who takes care of it: a colleague, a team, or both; null for nobody. What is left out stays as it is."""

    staff: Id | None = None
    team: Id | None = None
    why: Annotated[str, Field(max_length=200)] = ""

    @model_validator(mode="after")
    def _something(self) -> AssignGiven:
        if not self.model_fields_set & {"staff", "team"}:
            raise ValueError("Give staff, team, or both.")
        return self


class WhyGiven(Given):
    """Why, in a few words."""

    why: Annotated[str, Field(max_length=200)] = ""


class SnoozeGiven(Given):
    """Until when it is put aside."""

    until: Moment


class PriorityGiven(Given):
    """How urgent it is."""

    priority: Priority


class NoteGiven(Given):
    """What colleagues should know. @name tells whoever is named."""

    text: Annotated[str, Field(min_length=1, max_length=10_000)]


class NoteOut(Schema):
    """A note's id: its contact's, a point, its own."""

    id: PairedId


class HitOut(Schema):
    """A message that has the words, with its conversation; the excerpt marks them by asterisks."""

    conversation: ConversationOut
    message: PairedId
    at: datetime
    direction: Literal["in", "out"]
    excerpt: str


@router.get("", response=Listing[ConversationOut])
def list_conversations(
    request: KeyRequest,
    view: Annotated[View, Query()] = "all",
    contact: Which = None,
    channel: Which = None,
    team: Which = None,
    tag: Which = None,
    q: Annotated[str, Query(max_length=200, description="Part of the customer's name, phone or user name.")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Listing[ConversationOut]:
    """Conversations of one view: `all` are those that are open, the one with the newest message first.

    `waiting` is the queue, in the order in which it should be answered; `red` those that wait for hours.
    """
    page = queries.conversations(
        request.by,
        view,
        q=q,
        team=team,
        channel=channel,
        tag=tag,
        contact=contact,
        after=place(cursor, digits=False),
        limit=limit,
    )
    return listing(page, _shown)


@router.post("", response={201: ConversationOut})
def open_conversation(request: KeyRequest, given: ConversationGiven) -> Status[ConversationOut]:
    """Begin a conversation with a customer, or find the one that is open at this number."""
    conversation_id = actions.open_with(given.contact, given.channel, by=request.by)
    return Status(201, _now(request, given.contact, conversation_id))


@router.get("/search", response=Listing[HitOut])
def search_conversations(
    request: KeyRequest, q: Annotated[str, Query(min_length=1, max_length=200)], limit: Limit = 50, cursor: Cursor = ""
) -> Listing[HitOut]:
    """Conversations in which somebody wrote all these words, or words that begin with them; the newest first.

    A page may have few or no items and a `next` all the same: there is more to look through.
    """
    return listing(searching.found(request.by, q, after=place(cursor), limit=limit), _hit)


@router.get("/{conversation_id}", response=ConversationOut)
def get_conversation(request: KeyRequest, conversation_id: PairedId) -> ConversationOut:
    """One conversation. What was written in it: GET /messages?contact=…"""
    return _now(request, *parts(conversation_id))


@router.post("/{conversation_id}/reply", response={202: MessageOut})
def reply_to_conversation(request: KeyRequest, conversation_id: PairedId, given: SaidGiven) -> Status[MessageOut]:
    """Answer. The message leaves after five seconds; the customer waits no more, and nobody's conversation is yours.

    More than 24 hours after they wrote only a template may go.
    """
    contact_id, own = parts(conversation_id)
    message_id = actions.reply(contact_id, own, given.what(), reply_to=given.reply_to, by=request.by)
    return Status(202, all_shown([message_for(contact_id, message_id)])[0])


@router.post("/{conversation_id}/assign", response=ConversationOut)
def assign_conversation(request: KeyRequest, conversation_id: PairedId, given: AssignGiven) -> ConversationOut:
    """Give it to a colleague or a team, or to nobody."""
    contact_id, own = parts(conversation_id)
    said = given.model_fields_set
    actions.assign(
        contact_id,
        own,
        staff_id=given.staff if "staff" in said else actions.KEEP,
        team_id=given.team if "team" in said else actions.KEEP,
        why=given.why,
        by=request.by,
    )
    return _now(request, contact_id, own)


@router.post("/{conversation_id}/close", response=ConversationOut)
def close_conversation(request: KeyRequest, conversation_id: PairedId, given: WhyGiven) -> ConversationOut:
    """End it. What the customer writes next opens another one."""
    actions.close(*parts(conversation_id), why=given.why, by=request.by)
    return _now(request, *parts(conversation_id))


@router.post("/{conversation_id}/reopen", response=ConversationOut)
def reopen_conversation(request: KeyRequest, conversation_id: PairedId, given: WhyGiven) -> ConversationOut:
    """Open one that is closed or snoozed."""
    actions.reopen(*parts(conversation_id), why=given.why, by=request.by)
    return _now(request, *parts(conversation_id))


@router.post("/{conversation_id}/snooze", response=ConversationOut)
def snooze_conversation(request: KeyRequest, conversation_id: PairedId, given: SnoozeGiven) -> ConversationOut:
    """Put it aside until a time, or until the customer writes."""
    actions.snooze(*parts(conversation_id), until=given.until, by=request.by)
    return _now(request, *parts(conversation_id))


@router.post("/{conversation_id}/priority", response=ConversationOut)
def set_priority(request: KeyRequest, conversation_id: PairedId, given: PriorityGiven) -> ConversationOut:
    """Make it more or less urgent."""
    actions.set_priority(*parts(conversation_id), priority=PRIORITIES.index(given.priority), by=request.by)
    return _now(request, *parts(conversation_id))


@router.post("/{conversation_id}/note", response={201: NoteOut})
def add_note(request: KeyRequest, conversation_id: PairedId, given: NoteGiven) -> Status[NoteOut]:
    """Leave a note that no customer sees."""
    contact_id, own = parts(conversation_id)
    return Status(
        201, NoteOut(id=paired(contact_id, actions.add_note(contact_id, own, text=given.text, by=request.by)))
    )


def _now(request: KeyRequest, contact_id: int, conversation_id: int) -> ConversationOut:
    return _shown(queries.conversation_for(request.by, contact_id, conversation_id))


def _hit(hit: searching.Hit) -> HitOut:
    return HitOut(
        conversation=_shown(hit.conversation),
        message=paired(hit.conversation.contact_id, hit.message_id),
        at=hit.at,
        direction="in" if hit.direction == "in" else "out",
        excerpt="".join(f"*{piece}*" if marked else piece for piece, marked in hit.excerpt),
    )


def _shown(one: Any) -> ConversationOut:
    return ConversationOut(
        id=paired(one.contact_id, one.id),
        contact=one.contact_id,
        channel=one.channel_id,
        state=one.state,
        assignee=one.assignee_id,
        team=one.team_id,
        priority=PRIORITIES[one.priority],
        alarm=ALARMS[one.alarm],
        unread=one.unread,
        waiting_since=one.waiting_since,
        window_open_until=one.window_open_until,
        snoozed_until=one.snoozed_until,
        opened_at=one.opened_at,
        first_answer_at=one.first_answer_at,
        closed_at=one.closed_at,
        last_at=one.last_at,
        last_text=one.last_text,
        satisfaction=one.satisfaction,
    )
