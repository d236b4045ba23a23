"""What staff leave in a conversation that no customer sees: notes, drafts, that they write or have read."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.errors import BadInput, NotFound
from ..notifications.actions import notify
from ..notifications.models import Notification
from ..team.models import Staff
from ..team.rights import require
from .holding import change, held, tell
from .live import tell as tell_of
from .mentions import mentioned
from .models import Composing, Conversation, Draft, InternalNote
from .words import path_of

LONGEST_NOTE = 10_000
LONGEST_DRAFT = 64_000
# A row of `composing` counts so long after the last key.
COMPOSING_FOR = timedelta(seconds=8)


@transaction.atomic
def add_note(contact_id: int, conversation_id: int, *, text: str, by: Staff | None) -> int:
    """Leave a note for colleagues; whoever is named in it by @name or @e-mail is told. Returns its id."""
    require(by, "inbox.write")
    words = text.replace("\x00", "").strip()
    if not 0 < len(words) <= LONGEST_NOTE:
        raise BadInput(_("A note has 1 to 10,000 characters."))
    conversation = held(contact_id, conversation_id)
    named = [one for one in mentioned(words) if by is None or one != by.pk]
    # The composite key takes its default from the database: returned by the statement itself.
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO internal_notes (contact_id, conversation_id, by_id, text, mentions)
            VALUES (%(contact)s, %(conversation)s, %(by)s, %(text)s, %(mentions)s::bigint[]) RETURNING id
            """,
            {
                "contact": contact_id,
                "conversation": conversation_id,
                "by": by.pk if by else None,
                "text": words,
                "mentions": named,
            },
        )
        note_id = int(cursor.fetchone()[0])
    if named:
        facts = {"contact": str(conversation.contact), "by": str(by) if by else "", "text": words[:200]}
        notify(named, Notification.Kind.MENTIONED, link=path_of(contact_id, conversation_id), facts=facts)
    tell(conversation, "note", by=by.pk if by else None)
    return note_id


@transaction.atomic
def delete_note(contact_id: int, note_id: int, *, by: Staff | None) -> None:
    """Take one's own note away. Raises NotFound."""
    require(by, "inbox.write")
    found = InternalNote.objects.filter(contact_id=contact_id, id=note_id)
    note = (found if by is None else found.filter(by=by)).first()
    if note is None:
        raise NotFound(_("There is no such note of yours."))
    InternalNote.objects.filter(contact_id=contact_id, id=note_id).delete()
    tell_of(contact_id, note.conversation_id, "note", by=by.pk if by else None)


@transaction.atomic
def save_draft(contact_id: int, conversation_id: int, *, text: str, by: Staff) -> None:
    """Keep what somebody has begun to write; nothing written: no draft. Raises NotFound."""
    require(by, "inbox.write")
    words = text.replace("\x00", "")[:LONGEST_DRAFT]
    drafts = Draft.objects.filter(contact_id=contact_id, conversation_id=conversation_id, staff=by)
    if not words.strip():
        drafts.delete()
        return
    if drafts.update(text=words, updated_at=timezone.now()):
        return
    _exists(contact_id, conversation_id)
    Draft.objects.bulk_create(
        [Draft(contact_id=contact_id, conversation_id=conversation_id, staff=by, text=words)],
        update_conflicts=True,
        unique_fields=["contact_id", "conversation_id", "staff_id"],
        update_fields=["text"],
    )


@transaction.atomic
def now_composing(contact_id: int, conversation_id: int, *, by: Staff) -> None:
    """Somebody writes at this moment: colleagues who have the conversation open are told. Call it every few seconds."""
    require(by, "inbox.write")
    _exists(contact_id, conversation_id)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO composing AS c (contact_id, conversation_id, staff_id, until)
            VALUES (%(contact)s, %(conversation)s, %(staff)s, %(until)s)
            ON CONFLICT (contact_id, conversation_id, staff_id) DO UPDATE SET until = EXCLUDED.until
            """,
            {
                "contact": contact_id,
                "conversation": conversation_id,
                "staff": by.pk,
                "until": timezone.now() + COMPOSING_FOR,
            },
        )
    tell_of(contact_id, conversation_id, "composing", by=by.pk)


@transaction.atomic
def mark_read(contact_id: int, conversation_id: int, *, by: Staff | None) -> None:
    """One of the staff has seen what came: nothing is unread any more."""
    require(by, "inbox.read")
    unread = Conversation.objects.filter(contact_id=contact_id, id=conversation_id, unread__gt=0)
    if not unread.exists():
        return
    conversation = held(contact_id, conversation_id)
    change(conversation, unread=0)
    tell(conversation, "state", by=by.pk if by else None)


def forget_composing() -> int:
    """Let go of who wrote some time ago; returns how many rows that were."""
    return Composing.objects.filter(until__lt=timezone.now() - timedelta(minutes=5)).delete()[0]


def _exists(contact_id: int, conversation_id: int) -> None:
    if not Conversation.objects.filter(contact_id=contact_id, id=conversation_id).exists():
        raise NotFound(_("There is no such conversation."))
