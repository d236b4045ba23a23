"""The one way in: messages that customers have just written, and what rules do about each. Called by intake, in its
transaction, so that a message and its answer are kept together or not at all.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import DatabaseError, connection

from ..core import clock
from ..inbox import actions as inbox
from .book import SHELF, Book
from .doing import Doer
from .facts import Asked, Batch, Facts, facts_of, heard
from .guarding import REPEATS, is_automatic
from .hours import OpenNow
from .matching import Fired

log = logging.getLogger("envoi.replies")

__all__ = ["Answered", "Asked", "answer"]

# The Meta sheet's window: what was written before that is nothing to answer by itself any more.
STALE_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Answered:
    """What rules did about one message: which fired; held: why they kept silent all the same."""

    rules: tuple[int, ...]
    held: str = ""


def answer(asked: Sequence[Asked]) -> dict[int, Answered]:
    """Let rules answer these messages, each at most once; by the message's id, those that no rule means are left out.

    The caller holds the contacts (intake does), so two messages of one customer take turns.
    """
    wanted = [one for one in asked if not is_automatic(one.fact.kind, one.fact.text) and not _is_stale(one)]
    book = SHELF.book() if wanted else None
    if book is None or not any(rule.enabled for rule in book.matcher.rules):
        return {}
    answered: dict[int, Answered] = {}
    batch, doer, is_open = Batch(), Doer(), OpenNow()
    for some in _rounds(wanted):
        facts = facts_of(some, batch)
        done = [
            (facts[one.message_id], found)
            for one in some
            if one.message_id in facts and (found := _about(facts[one.message_id], book, doer, is_open)) is not None
        ]
        doer.flush()
        _write_down(done)
        answered.update((known.asked.message_id, found) for known, found in done)
    return answered


def _about(facts: Facts, book: Book, doer: Doer, is_open: OpenNow) -> Answered | None:
    if facts.is_answered or not facts.reachable:
        return None
    asked = facts.asked
    customer = facts.customer(silent=book.silent, until_closed=book.until_closed)
    fired = book.matcher.match(heard(asked.fact, asked.channel_id), customer, is_open)
    if not fired:
        return None
    rules = tuple(one.rule.id for one in fired)
    if held := held_back(in_hour=facts.in_hour, same=facts.same, per_hour=book.per_hour):
        return Answered(rules, held=held)
    for one in fired:
        _do(one, facts, book, doer)
    return Answered(rules)


def held_back(*, in_hour: int, same: int, per_hour: int) -> str:
    """Why nothing is said though a rule fires: "too_many" in an hour, the "same" again and again; "" to answer."""
    if same >= REPEATS - 1:
        return "same"
    return "too_many" if in_hour >= per_hour else ""


def _do(one: Fired, facts: Facts, book: Book, doer: Doer) -> None:
    """What a rule does; what goes wrong in it must not keep the customer's message from being kept."""
    rule_id = one.rule.id
    try:
        trouble = doer.do(facts, book.actions[rule_id], rule_id=rule_id, settles=rule_id in book.settles)
    except DatabaseError:
        raise
    except Exception as error:
        log.exception("rule %s failed for message %s", rule_id, facts.asked.message_id)
        trouble = [f"{type(error).__name__}: {error}"]
    if facts.conversation_id is not None:
        for sentence in trouble:
            inbox.note_event(
                facts.asked.contact_id,
                facts.conversation_id,
                "rule_trouble",
                detail={"rule": one.rule.name, "problem": sentence[:500]},
            )


def _write_down(done: Sequence[tuple[Facts, Answered]]) -> None:
    """That these messages have been dealt with, and which rules fired."""
    if not done:
        return
    firings = [(known.asked.contact_id, known.asked.message_id, rule) for known, found in done for rule in found.rules]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH told AS (
                INSERT INTO auto_answers (contact_id, message_id, held)
                SELECT * FROM unnest(%(contacts)s::bigint[], %(messages)s::bigint[], %(held)s::text[])
            )
            INSERT INTO rule_firings (contact_id, message_id, rule_id)
            SELECT * FROM unnest(%(by)s::bigint[], %(of)s::bigint[], %(rules)s::bigint[])
            """,
            {
                "contacts": [known.asked.contact_id for known, _ in done],
                "messages": [known.asked.message_id for known, _ in done],
                "held": [found.held for _, found in done],
                "by": [one[0] for one in firings],
                "of": [one[1] for one in firings],
                "rules": [one[2] for one in firings],
            },
        )


def _rounds(asked: Sequence[Asked]) -> Iterator[list[Asked]]:
    """The first message of each customer, then the second…: what one of them changes counts for the next."""
    left = list(asked)
    while left:
        seen: set[int] = set()
        now: list[Asked] = []
        later: list[Asked] = []
        for one in left:
            (later if one.contact_id in seen else now).append(one)
            seen.add(one.contact_id)
        yield now
        left = later


def _is_stale(one: Asked) -> bool:
    return (clock.now() - one.fact.at).total_seconds() > STALE_SECONDS
