"""The question after closing, and its answer: on the conversation that was closed, never in a new one.

It is asked in a job, after the company's delay, while the customer's window is open; nobody is asked twice within the
days of rest, and nobody at all unless the company switched it on.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from ..contacts.models import Contact
from ..core import jobs
from ..core.errors import Problem
from ..core.events import MessageReceived
from ..messaging.sending import To, What, queue
from . import live
from .happenings import note_event
from .holding import change, held, tell
from .models import Conversation, SatisfactionSettings
from .satisfaction_words import words_for

CLOSED = Conversation.State.CLOSED
# A bare number, and a word on it, is an answer for this long; a tap on the question itself always is.
ANSWERED_WITHIN = timedelta(hours=24)
# What they write after the score belongs to it for this long; a question of theirs never does.
WORD_WITHIN = timedelta(minutes=30)
PAYLOAD = re.compile(r"envoi-satisfaction:([0-9]{1,18}):([1-5])")
NUMBER = re.compile(r"\s*([1-5])\s*(?:/\s*5)?\s*[.!]*\s*")
STARS = re.compile(r"\s*(?:⭐|★|🌟){1,5}\s*")
THREE = (("good", 5), ("fair", 3), ("bad", 1))
# These show no buttons: the question goes as plain words, and is answered by a number.
WORDS_ONLY = ("zenvia",)

# By the primary key, which begins with the customer: their few conversations.
ASKED = """
SELECT id, satisfaction, scored_at, satisfaction_text = '' AND scored_at > %(word_since)s
  FROM conversations
 WHERE contact_id = %(contact)s AND channel_id = %(channel)s AND state = 'closed' AND asked_at > %(since)s
 ORDER BY asked_at DESC LIMIT 1
"""


def settings() -> SatisfactionSettings:
    """What is set; not asking when nothing ever was."""
    return SatisfactionSettings.objects.filter(pk=1).first() or SatisfactionSettings()


def after_closing(conversation: Conversation) -> None:
    """What follows when a conversation was closed, in that transaction: perhaps the question, some time later.

    Only where a person answered: about what a rule settled nobody is asked.
    """
    if conversation.first_answer_at is None or conversation.asked_at is not None:
        return
    now = settings()
    if now.asks:
        jobs.defer(
            "inbox.ask_satisfaction",
            after_seconds=now.delay_minutes * 60,
            once=f"{conversation.contact_id}.{conversation.id}",
            contact_id=conversation.contact_id,
            conversation_id=conversation.id,
        )


@transaction.atomic
def ask(contact_id: int, conversation_id: int) -> bool:
    """Ask now, unless something speaks against it: then False. Once for each conversation, however often called."""
    now = settings()
    conversation = held(contact_id, conversation_id)
    if not now.asks or conversation.state != CLOSED or conversation.asked_at is not None:
        return False
    others = Conversation.objects.filter(contact_id=contact_id)
    rests = others.filter(asked_at__gt=timezone.now() - timedelta(days=now.rest_days)).exists()
    talks = others.filter(channel_id=conversation.channel_id).exclude(state=CLOSED).exists()
    contact = Contact.objects.get(pk=contact_id)
    if rests or talks or contact.blocked_at or contact.erased_at:
        return False
    channel = conversation.channel
    message = _question(now, contact.language, conversation.id, plain=channel.account.provider in WORDS_ONLY)
    try:
        with transaction.atomic():
            queue(channel.pk, to=To(contact_id=contact_id), message=message, by=None)
    except Problem:
        # The window closed, they withdrew, the number is off: then nobody is asked.
        return False
    change(conversation, asked_at=timezone.now())
    note_event(contact_id, conversation.id, "asked")
    tell(conversation, "state")
    return True


def asked_lately(contact_ids: Collection[int], since: datetime) -> set[int]:
    """Which of them were asked so lately that what they wrote at `since` or later may be the answer."""
    with connection.cursor() as cursor:
        # The few rows of each customer, by the primary key: one statement for all of a batch.
        cursor.execute(
            """
            SELECT DISTINCT contact_id FROM conversations
             WHERE contact_id = ANY(%(contacts)s) AND asked_at > %(since)s
            """,
            {"contacts": list(contact_ids), "since": since - ANSWERED_WITHIN},
        )
        return {row[0] for row in cursor.fetchall()}


def heard(fact: MessageReceived, *, contact_id: int, channel_id: int, asked: bool) -> bool:
    """Whether a new message is the answer to the question; then it is written down and opens no conversation.

    Called by intake for every message of words, before the conversation is looked for. asked: whether `asked_lately`
    names its sender; only then their own few rows are looked at. A tap says which conversation it is about. A bare
    number is about the one asked last, as long as nobody talks with them again; what they write after it is their word
    on it, unless it asks something itself.
    """
    if (tapped := PAYLOAD.fullmatch(_payload(fact))) is not None:
        return _score(contact_id, int(tapped[1]), int(tapped[2]), fact.at)
    found = _asked(contact_id, channel_id, fact.at) if asked else None
    if found is None:
        return False
    conversation_id, score, takes_word = found
    number = _number(fact.text)
    if number is not None:
        return _score(contact_id, conversation_id, number, fact.at)
    if score is not None and takes_word and fact.kind == "text" and not _asks_something(fact.text):
        return _word(contact_id, conversation_id, fact.text)
    return False


def _asked(contact_id: int, channel_id: int, at: datetime) -> tuple[int, int | None, bool] | None:
    given: dict[str, Any] = {
        "contact": contact_id,
        "channel": channel_id,
        "since": at - ANSWERED_WITHIN,
        "word_since": at - WORD_WITHIN,
    }
    with connection.cursor() as cursor:
        cursor.execute(ASKED, given)
        row = cursor.fetchone()
    if row is None:
        return None
    open_ones = Conversation.objects.filter(contact_id=contact_id, channel_id=channel_id).exclude(state=CLOSED)
    if open_ones.exists():
        return None
    conversation_id, score, scored_at, takes_word = row
    return conversation_id, score, bool(scored_at and takes_word)


@transaction.atomic
def _score(contact_id: int, conversation_id: int, score: int, at: datetime) -> bool:
    conversation = Conversation.objects.select_for_update().filter(contact_id=contact_id, id=conversation_id).first()
    if conversation is None or conversation.asked_at is None:
        # Somebody else's, or one that was merged away: an answer all the same, to nothing that can be marked.
        return True
    if conversation.satisfaction == score:
        return True
    first = conversation.satisfaction is None
    change(conversation, satisfaction=score, scored_at=at)
    note_event(contact_id, conversation_id, "scored", detail={"score": score})
    live.tell(contact_id, conversation_id, "state", assignee=conversation.assignee_id)
    if first:
        _answer(conversation, "why" if settings().asks_why else "thanks")
    return True


@transaction.atomic
def _word(contact_id: int, conversation_id: int, text: str) -> bool:
    conversation = Conversation.objects.select_for_update().filter(contact_id=contact_id, id=conversation_id).first()
    if conversation is None or conversation.satisfaction_text:
        return False
    change(conversation, satisfaction_text=text[:4096])
    note_event(contact_id, conversation_id, "scored", detail={"score": conversation.satisfaction, "word": True})
    live.tell(contact_id, conversation_id, "state", assignee=conversation.assignee_id)
    _answer(conversation, "thanks")
    return True


def _answer(conversation: Conversation, which: str) -> None:
    """Say thanks, or ask why, while their window is open; that it can't be said is no reason to lose the score."""
    now = settings()
    if not now.asks:
        return
    words = words_for(conversation.contact.language, now.wording)[which]
    message = What(kind="text", content={"body": words}, text=words)
    try:
        with transaction.atomic():
            queue(conversation.channel_id, to=To(contact_id=conversation.contact_id), message=message, by=None)
    except Problem:
        return


def _question(now: SatisfactionSettings, language: str, conversation_id: int, *, plain: bool) -> What:
    words = words_for(language, now.wording)
    if plain:
        text = f"{words['question']}\n\n{words['best']}\n4\n3\n2\n{words['worst']}"
        return What(kind="text", content={"body": text}, text=text)
    body = {"text": words["question"]}
    if now.scale == SatisfactionSettings.Scale.BUTTONS:
        buttons = [
            {"type": "reply", "reply": {"id": _payload_of(conversation_id, score), "title": words[name]}}
            for name, score in THREE
        ]
        content: dict[str, Any] = {"type": "button", "body": body, "action": {"buttons": buttons}}
    else:
        titles = {5: words["best"], 1: words["worst"]}
        rows = [
            {"id": _payload_of(conversation_id, score), "title": titles.get(score, str(score))}
            for score in (5, 4, 3, 2, 1)
        ]
        action = {"button": words["open"], "sections": [{"title": "1–5", "rows": rows}]}
        content = {"type": "list", "body": body, "action": action}
    return What(kind="interactive", content=content, text=words["question"])


def _payload_of(conversation_id: int, score: int) -> str:
    return f"envoi-satisfaction:{conversation_id}:{score}"


def _payload(fact: MessageReceived) -> str:
    """The id of what they tapped, in whatever shape its provider told us."""
    for holder, key in (
        ("interactive", "list_reply"),
        ("interactive", "button_reply"),
        ("", "list_reply"),
        ("", "button_reply"),
    ):
        outer = fact.content.get(holder) if holder else fact.content
        inner = outer.get(key) if isinstance(outer, dict) else None
        if isinstance(inner, dict) and isinstance(inner.get("id"), str):
            return str(inner["id"])
    button = fact.content.get("button")
    payload = button.get("payload") if isinstance(button, dict) else None
    return payload if isinstance(payload, str) else ""


def _number(text: str) -> int | None:
    """ "5", "５", "5/5", "4️⃣", "⭐⭐⭐": a score and nothing else."""
    plain = unicodedata.normalize("NFKC", text).replace("\ufe0f", "").replace("\u20e3", "")
    if (match := NUMBER.fullmatch(plain)) is not None:
        return int(match[1])
    return len(plain.strip()) if STARS.fullmatch(plain) else None


def _asks_something(text: str) -> bool:
    """A question is for somebody to answer, whenever it comes."""
    return any(mark in text for mark in "?？؟")
