"""Finding conversations by what was written in them, in any language, the newest first.

What is asked for are beginnings of words, so that “commande” finds “commandes”: each word's, and that of its stem where
a language of STEMMERS knows a shorter one. The rows stand in stretches of time (messaging.ledger.lexemes), which are
walked from the newest: what everybody writes is found in the first ones, what hardly anybody writes costs one probe of
the index for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

from django.db import connection, transaction

from ..core.paging import Page, whole
from ..messaging.ledger.lexemes import LONGEST_WORD, PIECE, STRETCH_BITS, fold, light
from ..messaging.models import Message
from ..messaging.queries import bubble_of
from ..team.models import Staff
from ..team.rights import require
from .excerpts import Wanted, excerpt, has_runs
from .models import Conversation
from .queries import with_window

MOST_WORDS = 8
STRETCHES_AT_ONCE = 64
# A search ends after so long with what it has, and says where it goes on.
PATIENCE_SECONDS = 0.2
STEMMERS = (
    "english_stem", "french_stem", "spanish_stem", "portuguese_stem", "german_stem", "italian_stem", "dutch_stem",
    "russian_stem", "arabic_stem",
)  # fmt: skip
SHORTEST_STEM = 4

STEMS = """
SELECT w.word, s.stem[1]
  FROM unnest(%(words)s::text[]) AS w (word)
 CROSS JOIN unnest(%(stemmers)s::regdictionary[]) AS d (stemmer)
 CROSS JOIN LATERAL ts_lexize(d.stemmer, w.word) AS s (stem)
 WHERE s.stem[1] <> ''
"""
# One probe of message_words_search for each stretch, until there are enough: LIMIT stops the walk. The stretch goes
# into the query's lexemes, as it does into the rows'.
WALK = """
SELECT found.contact_id, found.message_id, found.seq
  FROM generate_series(%(newest)s::bigint, %(oldest)s::bigint, -1) AS stretch
 CROSS JOIN LATERAL (
        SELECT m.contact_id, m.message_id, m.seq FROM message_words m
         WHERE m.words @@ replace(%(query)s, '~', lpad(to_hex(stretch), 6, '0'))::tsquery
           AND m.seq < %(before)s
         ORDER BY m.seq DESC LIMIT %(limit)s
       ) AS found
 LIMIT %(limit)s
"""
# A customer's conversation at the number of a message: the open one, else the last.
CONVERSATIONS = """
SELECT DISTINCT ON (c.contact_id, c.channel_id) c.contact_id, c.channel_id, c.id
  FROM conversations c
 WHERE c.contact_id = ANY(%(contacts)s)
 ORDER BY c.contact_id, c.channel_id, c.state = 'closed', c.last_at DESC
"""


@dataclass(frozen=True, slots=True)
class Hit:
    """One message that has the words, and the conversation in which it is read.

    excerpt: pieces of its text around the words, each with whether it is one of them, to be marked.
    """

    conversation: Conversation
    message_id: int
    at: datetime
    direction: str
    excerpt: tuple[tuple[str, bool], ...]


def search(by: Staff | None, words: str, *, limit: int = 50) -> list[Hit]:
    """Messages that have all these words, the newest first; of each conversation the newest of them."""
    return found(by, words, limit=limit).items


def found(by: Staff | None, words: str, *, after: str | None = None, limit: int = 50) -> Page[Hit]:
    """`search`, page by page. A page may have fewer than `limit` and yet a next one: there is more to look through."""
    require(by, "inbox.read")
    wanted = _wanted(words)
    if not wanted:
        return Page([])
    before = whole(after) or 2**62
    rows, next_ = _walk(_query(wanted), before=before, limit=limit)
    return Page(_hits(rows, wanted), next=None if next_ is None else str(next_))


def _wanted(words: str) -> list[Wanted]:
    """What the words ask for: a run of an unspaced script whole, any other word with its beginnings."""
    pieces = list(PIECE.finditer(fold(words[:500])))[:MOST_WORDS]
    plain = [piece["word"][:LONGEST_WORD] for piece in pieces if piece["word"]]
    stems = _stems(plain)
    return [
        Wanted(run=piece["run"], beginnings=())
        if piece["run"]
        else Wanted(run="", beginnings=stems[piece["word"][:LONGEST_WORD]])
        for piece in pieces
    ]


def _stems(words: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """For each word the beginnings to look for: its own or, where there is a shorter one that is no stump, a stem's."""
    stems: dict[str, set[str]] = {word: {word, light(word)} for word in words}
    if words:
        with connection.cursor() as cursor:
            cursor.execute(STEMS, {"words": list(set(words)), "stemmers": list(STEMMERS)})
            for word, stem in cursor.fetchall():
                if word.startswith(stem) and len(stem) >= SHORTEST_STEM:
                    stems[word].add(stem)
    # A beginning covers all that it begins.
    return {
        word: tuple(sorted(one for one in some if not any(one != other and one.startswith(other) for other in some)))
        for word, some in stems.items()
    }


def _query(wanted: Sequence[Wanted]) -> str:
    """A tsquery in which "~" stands for the stretch. Lexemes are letters and digits, so nothing has to be escaped."""
    parts = []
    for one in wanted:
        if len(one.run) == 1:
            parts.append(f"'~{one.run}':*")
        elif one.run:
            parts += [f"'~{one.run[place : place + 2]}'" for place in range(len(one.run) - 1)]
        else:
            # One or two letters begin half of all words: these are meant whole.
            some = [f"'~{word}':*" if len(word) > 2 else f"'~{word}'" for word in one.beginnings]
            parts.append(f"({' | '.join(some)})")
    return " & ".join(parts)


def _walk(query: str, *, before: int, limit: int) -> tuple[list[tuple[int, int, int]], int | None]:
    """Keys of what matches, newest first, and the `seq` before which it goes on, None at the end."""
    rows: list[tuple[int, int, int]] = []
    started = monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        # The estimate for a query that is not known beforehand is a guess; the index is always right.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SELECT last_value FROM message_words_seq")
        stretch = min(int(cursor.fetchone()[0]), before - 1) >> STRETCH_BITS
        while stretch >= 0:
            oldest = max(0, stretch - STRETCHES_AT_ONCE + 1)
            asked: dict[str, int | str] = {
                "newest": stretch,
                "oldest": oldest,
                "query": query,
                "before": before,
                "limit": limit - len(rows),
            }
            cursor.execute(WALK, asked)
            rows += cursor.fetchall()
            if len(rows) >= limit:
                return rows, rows[-1][2]
            stretch = oldest - 1
            if monotonic() - started > PATIENCE_SECONDS and stretch >= 0:
                return rows, (stretch + 1) << STRETCH_BITS
    return rows, None


def _hits(rows: Sequence[tuple[int, int, int]], wanted: Sequence[Wanted]) -> list[Hit]:
    keys = [(row[0], row[1]) for row in rows]
    messages = _messages(keys)
    conversations = _conversations({contact_id for contact_id, _id in keys})
    hits: dict[tuple[int, int], Hit] = {}
    for key in keys:
        message = messages.get(key)
        conversation = conversations.get((message.contact_id, message.channel_id)) if message else None
        if message is None or conversation is None:
            continue
        text = message.text or bubble_of(message).body
        if not has_runs(text, wanted):
            continue  # two characters here and two there, not one after the other
        hit = Hit(conversation, message.id, message.created_at, message.direction, excerpt(text, wanted))
        hits.setdefault((conversation.contact_id, conversation.id), hit)
    return list(hits.values())


def _messages(keys: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Message]:
    contacts, ids = {key[0] for key in keys}, [key[1] for key in keys]
    some = Message.objects.filter(contact_id__in=contacts, id__in=ids).select_related("template")
    return {(one.contact_id, one.id): one for one in some}


def _conversations(contacts: set[int]) -> dict[tuple[int, int], Conversation]:
    with connection.cursor() as cursor:
        cursor.execute(CONVERSATIONS, {"contacts": list(contacts)})
        chosen: dict[tuple[int, int], Any] = {(row[0], row[2]): row[1] for row in cursor.fetchall()}
    some = Conversation.objects.filter(contact_id__in=contacts, id__in=[key[1] for key in chosen])
    every = with_window(some)
    return {(one.contact_id, one.channel_id): one for one in every}
