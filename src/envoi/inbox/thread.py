"""A conversation as it is read: messages both ways with reactions and what they answer, notes, events, in one order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db import connection
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.errors import BadInput, NotFound
from ..message_templates.wording import Bubble
from ..messaging.models import Message
from ..messaging.queries import Shown, bubble_of, files_of, headers_of
from ..messaging.waiting import Wait, waits_of
from ..team.models import Staff
from ..team.rights import require
from .models import Conversation, ConversationEvent, InternalNote, MessageAuthor
from .replying import UNDO_SECONDS

# Folded into the message that they are about.
FOLDED = ("reaction", "edit", "revoke")
# The order of what happened in one and the same moment.
RANK = {"event": 0, "message": 1, "note": 2}


@dataclass(frozen=True, slots=True)
class Quoted:
    """What a message answers: enough to recognise it. message_id: 0 when it is not here any more."""

    message_id: int
    direction: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Reaction:
    """An emoji on a message, by the customer ("in") or by us ("out")."""

    emoji: str
    direction: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a thread, by `what`: a message, a note of a colleague, or an event between them.

    Of a message: `message` itself, `bubble` as its reader saw it, files, what it quotes, reactions on it, whether its
    sender changed or revoked it, who wrote it (`author`, else the rule `rule_id`, by its name as it is called now, or
    the message's campaign), what keeps it from leaving (`wait`), and until when it surely stays for its writer to undo
    it. Of a note: `note`, its author and who is named in it. Of an event: `event` and `author`.
    """

    what: Literal["message", "note", "event"]
    at: datetime
    id: int
    conversation_id: int | None = None
    author: Staff | None = None
    message: Message | None = None
    bubble: Bubble | None = None
    files: Sequence[Shown] = ()
    quoted: Quoted | None = None
    reactions: Sequence[Reaction] = ()
    edited: bool = False
    revoked: bool = False
    rule_id: int | None = None
    rule: str = ""
    canned_id: int | None = None
    wait: Wait | None = None
    undo_until: datetime | None = None
    note: InternalNote | None = None
    named: Sequence[Staff] = ()
    event: ConversationEvent | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cursor(self) -> str:
        """Where the thread goes on to what is older."""
        return f"{self.at.isoformat()} {RANK[self.what]} {self.id}"


def thread(
    by: Staff | None, contact_id: int, conversation_id: int, *, before: str | None = None, limit: int = 50
) -> list[Line]:
    """The last `limit` lines before a line's cursor, oldest first: all of this customer and number, whatever episode.

    Raises NotFound, and BadInput for a cursor of another list.
    """
    require(by, "inbox.read")
    place = _place(before) if before else None
    channel_id, others = _episodes(contact_id, conversation_id)
    messages = (
        Message.objects.filter(contact_id=contact_id, channel_id=channel_id)
        .exclude(kind__in=FOLDED)
        .select_related("template", "channel")
    )
    # Notes and events of an episode that a merge took in belong here too: they are of no other conversation.
    notes = InternalNote.objects.filter(contact_id=contact_id).exclude(conversation_id__in=others)
    events = ConversationEvent.objects.filter(contact_id=contact_id).exclude(conversation_id__in=others)
    some: list[tuple[tuple[datetime, int, int], Any]] = []
    for rank, found, at in ((1, messages, "created_at"), (2, notes, "at"), (0, events, "at")):
        if place:
            found = found.filter(_older(at, rank, place))
        for one in found.order_by(f"-{at}", "-id")[:limit]:
            some.append(((getattr(one, at), rank, one.id), one))
    some.sort(key=lambda each: each[0])
    return _lines(contact_id, [one for _key, one in some[-limit:]])


def line_for(by: Staff | None, contact_id: int, message_id: int) -> Line | None:
    """One message as a line of its thread, None when it is not here."""
    require(by, "inbox.read")
    found = list(Message.objects.filter(contact_id=contact_id, id=message_id).select_related("template", "channel"))
    return _lines(contact_id, found)[0] if found else None


def _episodes(contact_id: int, conversation_id: int) -> tuple[int, list[int]]:
    """The number of this conversation, and the customer's conversations at other numbers. Raises NotFound."""
    every = dict(Conversation.objects.filter(contact_id=contact_id).values_list("id", "channel_id"))
    if conversation_id not in every:
        raise NotFound(_("There is no such conversation."))
    here = every[conversation_id]
    return here, [one for one, channel_id in every.items() if channel_id != here]


def _lines(contact_id: int, found: Sequence[Any]) -> list[Line]:
    messages = [one for one in found if isinstance(one, Message)]
    keys = [one.id for one in messages]
    authors = {
        one.message_id: one
        for one in MessageAuthor.objects.filter(contact_id=contact_id, message_id__in=keys).select_related("staff")
    }
    notes = [one for one in found if isinstance(one, InternalNote)]
    people = {one.by_id for one in found if not isinstance(one, Message) and one.by_id}
    names = Staff.objects.in_bulk(people | {named for one in notes for named in one.mentions})
    told = _About(
        authors, _rules({one.rule_id for one in authors.values() if one.rule_id}), files_of(messages),
        headers_of(messages), _quoted(contact_id, messages), _folded(contact_id, messages), waits_of(messages),
    )  # fmt: skip
    lines = []
    for one in found:
        if isinstance(one, Message):
            lines.append(_message(one, told))
        elif isinstance(one, InternalNote):
            named = [names[staff_id] for staff_id in one.mentions if staff_id in names]
            writer = names.get(one.by_id or 0)
            lines.append(Line("note", one.at, one.id, one.conversation_id, writer, note=one, named=named))
        else:
            author = names.get(one.by_id or 0)
            lines.append(Line("event", one.at, one.id, one.conversation_id, author, event=one, detail=one.detail or {}))
    return lines


@dataclass(frozen=True, slots=True)
class _About:
    """What is known of the messages of a page beside themselves, read for all of them at once."""

    authors: Mapping[int, MessageAuthor]
    rules: Mapping[int, str]
    files: Mapping[int, Sequence[Shown]]
    headers: Mapping[int, Mapping[str, Mapping[str, Any]]]
    quotes: Mapping[str, Quoted]
    folded: Mapping[str, list[Message]]
    waits: Mapping[int, Wait]


def _rules(ids: set[int]) -> dict[int, str]:
    """The names of rules, by id; those that are deleted are left out. They live higher on the street."""
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name FROM reply_rules WHERE id = ANY(%(ids)s)", {"ids": list(ids)})
        return dict(cursor.fetchall())


def _message(message: Message, told: _About) -> Line:
    author = told.authors.get(message.id)
    rule_id = author.rule_id if author else None
    about = told.folded.get(message.provider_id or "", [])
    undo = message.created_at + timedelta(seconds=UNDO_SECONDS)
    takes_back = author is not None and author.staff_id is not None and message.state == "queued"
    return Line(
        "message",
        message.created_at,
        message.id,
        author.conversation_id if author else None,
        author.staff if author else None,
        message=message,
        bubble=bubble_of(message, told.headers.get(message.id)),
        files=told.files.get(message.id, ()),
        quoted=_quote(message.reply_to, told.quotes),
        reactions=_reactions(about),
        edited=any(one.kind == "edit" for one in about),
        revoked=any(one.kind == "revoke" for one in about),
        rule_id=rule_id,
        rule=told.rules.get(rule_id or 0, ""),
        canned_id=author.canned_id if author else None,
        wait=told.waits.get(message.id),
        undo_until=undo if takes_back and undo > timezone.now() else None,
    )


def _quoted(contact_id: int, messages: Iterable[Message]) -> dict[str, Quoted]:
    wanted = {one.reply_to for one in messages if one.reply_to}
    if not wanted:
        return {}
    # provider_message_once leads with the contact.
    found = Message.objects.filter(contact_id=contact_id, provider_id__in=wanted).select_related("template")
    return {one.provider_id or "": Quoted(one.id, one.direction, one.kind, bubble_of(one).body[:200]) for one in found}


def _quote(reply_to: str, quotes: Mapping[str, Quoted]) -> Quoted | None:
    return quotes.get(reply_to, Quoted(0, "", "", "")) if reply_to else None


def _folded(contact_id: int, messages: Sequence[Message]) -> dict[str, list[Message]]:
    """Reactions, changes and revocations by the provider's id of the message that they are about, oldest first."""
    known = {one.provider_id for one in messages if one.provider_id}
    if not known:
        return {}
    oldest = min(one.created_at for one in messages)
    found: dict[str, list[Message]] = {}
    some = Message.objects.filter(contact_id=contact_id, kind__in=FOLDED, created_at__gte=oldest - timedelta(seconds=2))
    for one in some.exclude(state__in=("cancelled", "failed", "skipped")).order_by("created_at", "id"):
        about = _about(one)
        if about in known:
            found.setdefault(about, []).append(one)
    return found


def _about(message: Message) -> str:
    """The provider's id of the message that a reaction, a change or a revocation is about."""
    content = message.content if isinstance(message.content, dict) else {}
    part = content.get(message.kind)
    part = part if isinstance(part, dict) else content
    for key in ("message_id", "original_message_id"):
        if isinstance(part.get(key), str):
            return str(part[key])
    return message.reply_to


def _reactions(about: Sequence[Message]) -> list[Reaction]:
    """The last one of each side; an empty emoji has taken it back."""
    last: dict[str, str] = {}
    for one in about:
        if one.kind == "reaction":
            content = one.content if isinstance(one.content, dict) else {}
            part = content.get("reaction")
            part = part if isinstance(part, dict) else content
            last[one.direction] = str(part.get("emoji") or "")
    return [Reaction(emoji, direction) for direction, emoji in last.items() if emoji]


def _older(at: str, rank: int, place: tuple[datetime, int, int]) -> Q:
    moment, other, number = place
    older = Q(**{f"{at}__lt": moment})
    if rank < other:
        return Q(**{f"{at}__lte": moment})
    if rank == other:
        return Q(**{f"{at}__lte": moment}) & (older | Q(id__lt=number))
    return older


def _place(text: str) -> tuple[datetime, int, int]:
    try:
        at, rank, number = text.split(" ")
        moment = datetime.fromisoformat(at)
        found = (moment, int(rank), int(number))
    except ValueError:
        found = None
    if found is None or moment.tzinfo is None or found[1] not in RANK.values() or not 0 <= found[2] < 2**63:
        raise BadInput(_("This cursor is not one of this list: start again without it."))
    return found
