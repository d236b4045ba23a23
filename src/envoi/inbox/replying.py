"""Answers: written by staff or by a rule, taken back within seconds, and a conversation that we begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from ..channels.models import Channel
from ..contacts.queries import contact_for
from ..core.errors import BadInput
from ..messaging import ledger
from ..messaging.actions import ledger_db
from ..messaging.models import Message
from ..messaging.sending import To, What, Words, queue
from ..team.models import Staff
from ..team.rights import require
from . import clock, live
from .happenings import note_event
from .holding import change, held, tell
from .models import Conversation, Draft, MessageAuthor
from .seeing import shows
from .steering import other_open

State = Conversation.State
UNDO_SECONDS = 5

# What a reply changes and its undo gives back.
CHANGED = (
    "assignee_id", "unread", "last_at", "last_text", "last_kind", "last_direction", "first_answer_at",
    "first_answer_by_id", "waiting_since", "alarm", "look_at", "state", "snoozed_until", "closed_at", "closed_by_id",
)  # fmt: skip
TIMES = ("last_at", "first_answer_at", "waiting_since", "look_at", "snoozed_until", "closed_at")
# Marks on a message, no words of ours.
NO_ANSWER = ("reaction",)


@transaction.atomic
def open_with(contact_id: int, channel_id: int, *, by: Staff | None) -> int:
    """Begin a conversation from our side, or find the one that is open; returns its id. Raises NotFound, BadInput."""
    require(by, "inbox.write")
    contact_for(by, contact_id)
    if not Channel.objects.filter(pk=channel_id).exists():
        raise BadInput(_("Choose a channel that exists."))
    with connection.cursor() as cursor:
        # conversation_open_once: of two who begin at once the second finds the first's.
        cursor.execute(
            """
            INSERT INTO conversations (contact_id, channel_id, assignee_id, worth)
            SELECT c.id, %(channel)s, %(assignee)s, LEAST(COALESCE(t.spend, 0), 2147483647)::int
              FROM contacts c LEFT JOIN order_totals t ON t.contact_id = c.id
             WHERE c.id = %(contact)s
            ON CONFLICT (contact_id, channel_id) WHERE NOT (state = 'closed') DO NOTHING
            RETURNING id
            """,
            {"contact": contact_id, "channel": channel_id, "assignee": by.pk if by else None},
        )
        row = cursor.fetchone()
    if row is None:
        found = Conversation.objects.filter(contact_id=contact_id, channel_id=channel_id)
        return found.exclude(state=State.CLOSED).values_list("id", flat=True)[0]
    conversation_id = int(row[0])
    note_event(contact_id, conversation_id, "opened", by=by)
    tell(held(contact_id, conversation_id), "state", by=by.pk if by else None)
    return conversation_id


@transaction.atomic
def reply(
    contact_id: int,
    conversation_id: int,
    message: What | Words,
    *,
    reply_to: str = "",
    canned_id: int | None = None,
    changed: bool = False,
    by: Staff | None,
) -> int:
    """Answer; the message leaves after UNDO_SECONDS. Returns its id.

    It ends the customer's wait and makes an unassigned conversation the writer's; a closed one is open again, or the
    answer goes to the customer's open one. Raises WindowClosed, OptedOut, NotSendable, BadInput, NotFound.
    """
    require(by, "inbox.write")
    if isinstance(message, What) and message.kind == "text" and not shows(message.text):
        raise BadInput(_("Write something first, or add a file."))
    conversation = _to_answer(contact_id, conversation_id)
    _contact, message_id = queue(
        conversation.channel_id,
        to=To(contact_id=contact_id),
        message=message,
        reply_to=reply_to,
        due_in=timedelta(seconds=UNDO_SECONDS),
        by=by,
    )
    MessageAuthor.objects.create(
        contact_id=contact_id,
        message_id=message_id,
        conversation_id=conversation.id,
        staff=by,
        canned_id=canned_id,
        changed=changed,
    )
    if by is not None:
        Draft.objects.filter(contact_id=contact_id, conversation_id=conversation.id, staff=by).delete()
    if not (isinstance(message, What) and message.kind in NO_ANSWER):
        _answered(conversation, message_id, by)
    tell(conversation, "message", by=by.pk if by else None)
    return message_id


@transaction.atomic
def take_back(contact_id: int, message_id: int, *, by: Staff | None) -> bool:
    """Take one's own message back while it has not left; True when it had not. The conversation is as it was before."""
    require(by, "inbox.write")
    author = MessageAuthor.objects.filter(contact_id=contact_id, message_id=message_id).first()
    if author is None or author.conversation_id is None or (by is not None and author.staff_id != by.pk):
        return False
    conversation = held(contact_id, author.conversation_id)
    if not ledger.take_back(ledger_db(), contact_id, message_id):
        return False
    before = conversation.before_reply
    if before and before["message"] == message_id:
        _restore(conversation, before["was"], left=before.get("left", ""), by=author.staff_id)
    # What never left was not written: the figures of the service count by these rows.
    author.delete()
    tell(conversation, "message", by=by.pk if by else None)
    return True


@transaction.atomic
def answered_by_rule(contact_id: int, conversation_id: int, message_id: int, *, rule_id: int, settles: bool) -> None:
    """Note that a rule wrote a message that is queued already; settles: the customer waits for nothing more.

    An answer of a rule is no first answer: the figures of the service are people's.
    """
    conversation = held(contact_id, conversation_id)
    MessageAuthor.objects.create(
        contact_id=contact_id, message_id=message_id, conversation_id=conversation_id, rule_id=rule_id
    )
    values = _last(contact_id, message_id)
    if settles:
        values |= {"waiting_since": None, "look_at": None, "alarm": Conversation.Alarm.NONE}
    change(conversation, **values)
    tell(conversation, "message")


@dataclass(frozen=True, slots=True)
class ByRule:
    """A message that a rule wrote and that is queued already; settles: the customer waits for nothing more."""

    contact_id: int
    conversation_id: int
    message_id: int
    rule_id: int
    settles: bool
    kind: str
    text: str


# Each row by its key; the newest message of a conversation is what its list shows.
BY_RULES = """
WITH said AS (
    SELECT * FROM json_to_recordset(%(rows)s::json)
        AS r (contact_id bigint, conversation_id bigint, message_id bigint, rule_id bigint, settles boolean, kind text,
              text text)
),
written AS (
    INSERT INTO message_authors (contact_id, message_id, conversation_id, rule_id)
    SELECT contact_id, message_id, conversation_id, rule_id FROM said
),
newest AS (
    SELECT DISTINCT ON (contact_id, conversation_id) contact_id, conversation_id, kind, text,
           bool_or(settles) OVER (PARTITION BY contact_id, conversation_id) AS settles
      FROM said
     ORDER BY contact_id, conversation_id, message_id DESC
)
UPDATE conversations c
   SET last_at = now(), last_text = n.text, last_kind = n.kind, last_direction = 'out',
       waiting_since = CASE WHEN n.settles THEN NULL ELSE c.waiting_since END,
       look_at = CASE WHEN n.settles THEN NULL ELSE c.look_at END,
       alarm = CASE WHEN n.settles THEN 0 ELSE c.alarm END
  FROM newest n
 WHERE c.contact_id = n.contact_id AND c.id = n.conversation_id
RETURNING c.contact_id, c.id, c.assignee_id
"""


def answered_by_rules(answers: Sequence[ByRule]) -> None:
    """`answered_by_rule` for many in one statement, in the caller's transaction, who holds their contacts."""
    if not answers:
        return
    rows = [
        {name: getattr(one, name) for name in ("contact_id", "conversation_id", "message_id", "rule_id", "settles")}
        | {"kind": one.kind, "text": " ".join(one.text[:1_000].split())[:200]}
        for one in answers
    ]
    with connection.cursor() as cursor:
        cursor.execute(BY_RULES, {"rows": msgspec.json.encode(rows).decode()})
        told = cursor.fetchall()
    live.tell_all(live.Told("message", row[0], row[1], assignee=row[2]) for row in told)


def _to_answer(contact_id: int, conversation_id: int) -> Conversation:
    conversation = held(contact_id, conversation_id)
    other = other_open(conversation) if conversation.state == State.CLOSED else None
    return held(contact_id, other.id) if other else conversation


def _answered(conversation: Conversation, message_id: int, by: Staff | None) -> None:
    was: dict[str, Any] = {name: getattr(conversation, name) for name in CHANGED}
    values = _last(conversation.contact_id, message_id)
    values |= {"unread": 0, "waiting_since": None, "alarm": Conversation.Alarm.NONE, "look_at": None}
    if conversation.state != State.OPEN:
        values |= {"state": State.OPEN, "snoozed_until": None, "closed_at": None, "closed_by_id": None}
        note_event(conversation.contact_id, conversation.id, "reopened", by=by, detail={"why": "reply"})
    if by is not None and conversation.assignee_id is None:
        values["assignee_id"] = by.pk
        note_event(
            conversation.contact_id,
            conversation.id,
            "assigned",
            by=by,
            detail={"to": by.pk, "name": str(by), "why": "reply"},
        )
    if by is not None and conversation.first_inbound_at and conversation.first_answer_at is None:
        values |= {"first_answer_at": timezone.now(), "first_answer_by_id": by.pk}
    moments = {name: was[name].isoformat() if was[name] else None for name in TIMES}
    left = values["last_at"].isoformat()
    change(conversation, **values, before_reply={"message": message_id, "was": was | moments, "left": left})


def _last(contact_id: int, message_id: int) -> dict[str, Any]:
    """What a list shows of the newest message, when it is ours."""
    text, kind, name = Message.objects.values_list("text", "kind", "template__name").get(
        contact_id=contact_id, id=message_id
    )
    words = " ".join((text or name or "")[:1_000].split())[:200]
    return {"last_at": timezone.now(), "last_text": words, "last_kind": kind, "last_direction": "out"}


def _restore(conversation: Conversation, was: dict[str, Any], *, left: str, by: int | None) -> None:
    """As it was before the reply, which `left` it at that moment; what came of it since stays, for a reply may wait for
    a day."""
    values = dict(was)
    for name in TIMES:
        values[name] = parse_datetime(was[name]) if was[name] else None
    wrote_since = conversation.last_direction == "in"
    if wrote_since:
        for name in ("last_at", "last_text", "last_kind", "last_direction", "state", "snoozed_until"):
            values.pop(name)
        values["unread"] = values["unread"] + conversation.unread
        values["waiting_since"] = values["waiting_since"] or conversation.waiting_since
    if left and not wrote_since and conversation.last_at.isoformat() != left:
        for name in ("last_at", "last_text", "last_kind", "last_direction"):
            values.pop(name)
    if was["assignee_id"] is not None or conversation.assignee_id != by:
        values.pop("assignee_id")
    slept_out = values.get("snoozed_until") is not None and values["snoozed_until"] <= timezone.now()
    if conversation.state != State.OPEN or slept_out:
        for name in ("state", "snoozed_until", "closed_at", "closed_by_id"):
            values.pop(name, None)
    change(conversation, **values, before_reply=None)
    state_open = conversation.state == State.OPEN
    look: datetime | None = clock.next_look(conversation) if state_open else None
    change(conversation, look_at=look)
    note_event(conversation.contact_id, conversation.id, "taken_back", by=None)
