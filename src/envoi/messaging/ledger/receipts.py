"""Receipts, in any order and any number: each moves its message towards the end of ORDER, never back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb

from ...core.events import Failure, Receipt
from .cooling import cool, is_cap
from .freeing import free_unsent
from .moves import Line, note_rows
from .words import ORDER, Connection


@dataclass(slots=True)
class Settled:
    """All that one batch of receipts says about one message."""

    contact_id: int
    id: int
    state: str
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    failed_at: datetime | None = None
    provider_id: str | None = None
    failure: Failure | None = None
    pricing: dict[str, Any] | None = None


def settle(db: Connection, receipts: Sequence[Receipt]) -> int:
    """Apply receipts in any order, any number of times; returns how many belonged to no message of ours.

    A receipt finds its message by our own token or else by the provider's id. It also settles an unknown outcome: a
    message that was uncertain, or still claimed, or queued for another try, has left when its receipt is here.
    """
    keys = _keys_of(db, receipts)
    merged: dict[tuple[int, int], Settled] = {}
    lines: list[Line] = []
    unknown = 0
    for receipt, key in zip(receipts, keys, strict=True):
        if key is None:
            unknown += 1
            continue
        one = merged.setdefault(key, Settled(*key, state=receipt.state))
        if ORDER.index(receipt.state) > ORDER.index(one.state):
            one.state = receipt.state
        setattr(one, f"{receipt.state}_at", receipt.at)
        one.provider_id = receipt.provider_id or one.provider_id
        one.failure = receipt.failure or one.failure
        one.pricing = receipt.pricing or one.pricing
        lines.append((*key, receipt.state, words_of(receipt.failure) if receipt.failure else None))
    if not merged:
        return unknown

    settled = [merged[key] for key in sorted(merged)]
    # The outbox first, then the messages: the order in which claims, put-backs and cancellations hold them.
    for channel_id, ids in db.execute(
        """
        SELECT m.channel_id, array_agg(m.id ORDER BY m.id)
          FROM unnest(%(contacts)s::bigint[], %(ids)s::bigint[]) AS k (contact_id, id)
          JOIN messages m ON m.contact_id = k.contact_id AND m.id = k.id AND m.direction = 'out'
         GROUP BY m.channel_id ORDER BY m.channel_id
        """,
        {"contacts": [one.contact_id for one in settled], "ids": [one.id for one in settled]},
    ).fetchall():
        db.execute(
            """
            WITH gone AS MATERIALIZED (
                SELECT id FROM outbox WHERE channel_id = %(channel_id)s AND id = ANY(%(ids)s) ORDER BY id FOR UPDATE
            )
            DELETE FROM outbox USING gone WHERE outbox.channel_id = %(channel_id)s AND outbox.id = gone.id
            """,
            {"channel_id": channel_id, "ids": ids},
        )
    moved = apply(db, settled)
    failed = {(row[0], row[1]) for row in moved if row[3] == "failed"}
    free_customers(db, [one for one in settled if (one.contact_id, one.id) in failed])
    note_rows(db, _not_yet_noted(db, lines))
    return unknown + len(merged) - len(moved)


def _keys_of(db: Connection, receipts: Sequence[Receipt]) -> list[tuple[int, int] | None]:
    nameless = {receipt.provider_id for receipt in receipts if receipt.key is None and receipt.provider_id}
    found: dict[str, tuple[int, int]] = {}
    if nameless:
        rows = db.execute(
            "SELECT provider_id, contact_id, id FROM messages WHERE provider_id = ANY(%(ids)s) AND direction = 'out'",
            {"ids": list(nameless)},
        )
        found = {row[0]: (row[1], row[2]) for row in rows}
    return [
        (receipt.key.contact_id, receipt.key.message_id) if receipt.key else found.get(receipt.provider_id)
        for receipt in receipts
    ]


def apply(db: Connection, settled: Sequence[Settled]) -> list[tuple[int, int, int, str]]:
    """Write what is known, never backwards; returns (contact_id, id, channel_id, state) of every message found."""
    return (
        db.cursor(row_factory=tuple_row)
        .execute(
            """
        UPDATE messages m
           SET state = CASE WHEN array_position(%(order)s::text[], r.state) >
                                 array_position(%(order)s::text[], m.state::text)
                            THEN r.state ELSE m.state END,
               sent_at = COALESCE(m.sent_at, r.sent_at),
               delivered_at = COALESCE(m.delivered_at, r.delivered_at),
               read_at = COALESCE(m.read_at, r.read_at),
               failed_at = COALESCE(m.failed_at, r.failed_at),
               provider_id = COALESCE(m.provider_id, r.provider_id),
               error_code = COALESCE(r.code, m.error_code),
               error_title = COALESCE(r.title, m.error_title),
               error_detail = COALESCE(r.detail, m.error_detail),
               pricing = COALESCE(r.pricing, m.pricing)
          FROM unnest(%(contacts)s::bigint[], %(ids)s::bigint[], %(states)s::text[],
                      %(sent)s::timestamptz[], %(delivered)s::timestamptz[], %(read)s::timestamptz[],
                      %(failed)s::timestamptz[], %(provider_ids)s::text[], %(codes)s::text[], %(titles)s::text[],
                      %(details)s::text[], %(pricings)s::jsonb[])
               AS r (contact_id, id, state, sent_at, delivered_at, read_at, failed_at, provider_id, code, title,
                     detail, pricing)
         WHERE m.contact_id = r.contact_id
           AND m.id = r.id
           AND m.direction = 'out'
        RETURNING m.contact_id, m.id, m.channel_id, m.state
        """,
            {
                "order": ORDER,
                "contacts": [one.contact_id for one in settled],
                "ids": [one.id for one in settled],
                "states": [one.state for one in settled],
                "sent": [one.sent_at for one in settled],
                "delivered": [one.delivered_at for one in settled],
                "read": [one.read_at for one in settled],
                "failed": [one.failed_at for one in settled],
                "provider_ids": [one.provider_id for one in settled],
                "codes": [one.failure.code if one.failure else None for one in settled],
                "titles": [one.failure.title if one.failure else None for one in settled],
                "details": [one.failure.detail if one.failure else None for one in settled],
                "pricings": [Jsonb(one.pricing) if one.pricing else None for one in settled],
            },
        )
        .fetchall()
    )


def free_customers(db: Connection, failed: Sequence[Settled]) -> None:
    """Nothing reached these customers: their 24 hours are free again, and their place in the portfolio's limit.

    Where the provider's cap was met, they rest.
    """
    if not failed:
        return
    cool(db, [(one.contact_id, one.failed_at) for one in failed if is_cap(one.failure)])
    free_unsent(db, [(one.contact_id, one.id) for one in failed])


def words_of(failure: Failure) -> dict[str, Any]:
    return {"code": failure.code, "title": failure.title, "detail": failure.detail, "action": failure.action}


def _not_yet_noted(db: Connection, lines: Sequence[Line]) -> list[Line]:
    """A webhook that comes twice leaves one line in the trace; a line for a message that is not ours, none."""
    rows = db.execute(
        """
        SELECT l.position
          FROM unnest(%(contacts)s::bigint[], %(messages)s::bigint[], %(whats)s::text[]) WITH ORDINALITY
               AS l (contact_id, message_id, what, position)
         WHERE EXISTS (SELECT 1 FROM messages m WHERE m.contact_id = l.contact_id AND m.id = l.message_id)
           AND NOT EXISTS (SELECT 1 FROM message_events e
                            WHERE e.contact_id = l.contact_id AND e.message_id = l.message_id AND e.what = l.what)
        """,
        {
            "contacts": [line[0] for line in lines],
            "messages": [line[1] for line in lines],
            "whats": [line[2] for line in lines],
        },
    )
    fresh = {row[0] for row in rows}
    once: dict[tuple[int, int, str], Line] = {}
    for position, line in enumerate(lines, start=1):
        if position in fresh:
            once.setdefault(line[:3], line)
    return list(once.values())
