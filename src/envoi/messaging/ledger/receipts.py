"""Receipts, in any order and any number: each moves its message towards the end of ORDER, never back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg.rows import tuple_row

from ...core.events import Failure, Receipt
from ...core.ids import MessageKey
from . import kin
from .cooling import cool, is_cap
from .freeing import free_unsent
from .holding import hold_contacts, hold_pairs
from .moves import Line, json_rows
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


def settle(db: Connection, receipts: Sequence[Receipt], *, hold: Iterable[int] = ()) -> int:
    """Apply receipts in any order, any number of times; returns how many belonged to no message of ours.

    hold: contacts whom the caller is about to change. Their rows are locked here, together with those that receipts
    change, in the order of their ids and after outbox and messages: the order of everybody else.

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
        hold_contacts(db, hold)
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
    _note_once(db, lines)
    failed = {(row[0], row[1]) for row in moved if row[3] == "failed"}
    concerned = {*hold, *(contact_id for contact_id, _id in failed)}
    # From here on whoever answers these customers waits for us, who may be slow on purpose (intake's receipts): the
    # server has all of it at once, and waits for none of our turns in between.
    with db.pipeline() if failed else nullcontext():
        hold_contacts(db, concerned)
        if failed:
            # Whoever wrote to us in the same batch has their window opened after this, in their pairs.
            hold_pairs(db, concerned)
            free_customers(db, [one for one in settled if (one.contact_id, one.id) in failed])
    lost = merged.keys() - {(row[0], row[1]) for row in moved}
    return unknown + (_follow(db, receipts, keys, lost) if lost else 0)


def _follow(
    db: Connection,
    receipts: Sequence[Receipt],
    keys: Sequence[tuple[int, int] | None],
    lost: Set[tuple[int, int]],
) -> int:
    """Receipts whose message stands at another record since (kin): settled there. Returns how many were nobody's."""
    found = kin.find(db, lost)
    if found:
        settle(
            db,
            [
                replace(receipt, key=MessageKey(found[key], key[1]))
                for receipt, key in zip(receipts, keys, strict=True)
                if key in found
            ],
        )
    return len(lost) - len(found)


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
          FROM json_to_recordset(%(rows)s::json)
               AS r (contact_id bigint, id bigint, state text, sent_at timestamptz, delivered_at timestamptz,
                     read_at timestamptz, failed_at timestamptz, provider_id text, code text, title text,
                     detail text, pricing jsonb)
         WHERE m.contact_id = r.contact_id
           AND m.id = r.id
           AND m.direction = 'out'
        RETURNING m.contact_id, m.id, m.channel_id, m.state
        """,
            {
                "order": ORDER,
                # One JSON text: a dozen arrays took psycopg longer to write than PostgreSQL to read.
                "rows": json_rows(_row(one) for one in settled),
            },
        )
        .fetchall()
    )


def _row(one: Settled) -> dict[str, Any]:
    return {
        "contact_id": one.contact_id,
        "id": one.id,
        "state": one.state,
        "sent_at": one.sent_at,
        "delivered_at": one.delivered_at,
        "read_at": one.read_at,
        "failed_at": one.failed_at,
        "provider_id": one.provider_id,
        "code": one.failure.code if one.failure else None,
        "title": one.failure.title if one.failure else None,
        "detail": one.failure.detail if one.failure else None,
        "pricing": one.pricing or None,
    }


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


def _note_once(db: Connection, lines: Sequence[Line]) -> None:
    """A webhook that comes twice leaves one line in the trace; a line for a message that is not ours, none."""
    once: dict[tuple[int, int, str], Line] = {}
    for line in lines:
        once.setdefault(line[:3], line)
    db.execute(
        """
        INSERT INTO message_events (contact_id, message_id, what, detail)
        SELECT contact_id, message_id, what, detail
          FROM json_to_recordset(%(lines)s::json)
               AS l (position int, contact_id bigint, message_id bigint, what text, detail jsonb)
         WHERE EXISTS (SELECT 1 FROM messages m WHERE m.contact_id = l.contact_id AND m.id = l.message_id)
           AND NOT EXISTS (SELECT 1 FROM message_events e
                            WHERE e.contact_id = l.contact_id AND e.message_id = l.message_id AND e.what = l.what)
         ORDER BY position
        """,
        {
            "lines": json_rows(
                {"position": position, "contact_id": line[0], "message_id": line[1], "what": line[2], "detail": line[3]}
                for position, line in enumerate(once.values())
            )
        },
    )
