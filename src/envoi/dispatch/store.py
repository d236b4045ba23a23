"""What dispatch reads and writes beside the ledger: channels with their accounts, forms of lanes, the shared pace.

It writes `channel_pace`, and `channels.state` when a provider suspends a channel; everything else is the ledger's.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import psycopg
from psycopg.rows import class_row

from ..core.addresses import hook_url
from ..core.vault import Unreadable, unseal
from ..messaging import ledger, limits
from ..messaging.ledger import Claimed
from ..providers import base

Connection = psycopg.Connection[Any]
log = logging.getLogger("envoi.dispatch")


@dataclass(frozen=True, slots=True)
class Route:
    """One active channel: its id with us, its pace, and what its provider needs."""

    channel_id: int
    account_id: int
    provider: str
    throughput_per_second: int
    account: base.Account
    channel: base.Channel


@dataclass(frozen=True, slots=True)
class Slot:
    """A claimed message and the moment (the database's time) at which it may leave."""

    message: Claimed
    at: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """One round at the outbox. `now` is the database's time of it; `more`, whether another round is worth it.

    forms: those of the lanes that the caller did not know yet; None for a lane whose messages are whole.
    """

    slots: list[Slot]
    now: datetime
    more: bool
    forms: dict[int, base.Form | None]


def routes(db: Connection, *, allow_base_url: bool) -> dict[int, Route]:
    """Every active channel by id; dispatch asks again each second, so a paused channel stops within one."""
    rows = db.execute(
        """
        SELECT c.id, a.provider, c.throughput_per_second, a.provider_id, a.credentials, a.base_url, c.provider_id,
               c.address, a.hook_key, a.id
          FROM channels c JOIN accounts a ON a.id = c.account_id
         WHERE c.state = 'active'
        """
    ).fetchall()
    found: dict[int, Route] = {}
    for row in rows:
        try:
            # Who wants to be told with each message where its receipts shall go, finds it here.
            credentials = {"webhook_url": hook_url(row[1], row[8]), **unseal(row[4])}
        except (Unreadable, ValueError) as error:
            log.error("channel %s rests: %s", row[0], error)
            continue
        found[row[0]] = Route(
            channel_id=row[0],
            account_id=row[9],
            provider=row[1],
            throughput_per_second=row[2],
            account=base.Account(
                provider_id=row[3], credentials=credentials, base_url=row[5], allow_base_url=allow_base_url
            ),
            channel=base.Channel(provider_id=row[6], address=row[7]),
        )
    return found


# People who are refused leave room for others in the same round; so many rounds at most in one transaction.
ROUNDS = 10


def take(db: Connection, route: Route, *, at_most: int, lease: timedelta, known_forms: Collection[int] = ()) -> Taken:
    """Claim what is due, ask the customers' limits, and give each message its slot: one transaction.

    Whatever is refused goes back or is skipped in the same transaction, so a claim that is not returned does not exist.
    """
    with db.transaction():
        pace = _pace(db, route.channel_id)
        room = min(at_most, limits.room(route.throughput_per_second, pace))
        if room == 0:
            return Taken([], pace.now, more=True, forms={})
        allowed: list[Claimed] = []
        more = False
        for _ in range(ROUNDS):
            claimed = ledger.claim(db, route.channel_id, room=room - len(allowed), lease=lease)
            more = more or bool(claimed)
            passed, refused = ledger.reserve_customers(db, claimed)
            ledger.record_refusals(db, route.channel_id, refused)
            allowed += passed
            if not refused or len(allowed) >= room:
                break
        forms, broken = _forms(db, {message.lane_id for message in allowed} - set(known_forms))
        for lane_id, reason in broken.items():
            ledger.release(db, route.channel_id, [message for message in allowed if message.lane_id == lane_id])
            ledger.set_lane(db, lane_id, "held", reason=reason)
        slots, now = _slots(db, route, [message for message in allowed if message.lane_id not in broken])
        return Taken(slots, now or pace.now, more=more, forms=forms)


def _forms(db: Connection, lane_ids: Collection[int]) -> tuple[dict[int, base.Form | None], dict[int, str]]:
    """The forms of these lanes; and, for a form that this version can't read, why."""
    forms: dict[int, base.Form | None] = {}
    broken: dict[int, str] = {}
    if lane_ids:
        for lane_id, form in db.execute("SELECT id, form FROM lanes WHERE id = ANY(%(ids)s)", {"ids": list(lane_ids)}):
            try:
                forms[lane_id] = base.Form.load(form) if form else None
            except msgspec.ValidationError as error:
                broken[lane_id] = f"The template's form can't be read: {error}"
    return forms, broken


def take_again(db: Connection, route: Route, late: Sequence[Claimed]) -> list[Slot]:
    """New slots for claimed messages that missed theirs."""
    with db.transaction():
        return _slots(db, route, late)[0]


def _slots(db: Connection, route: Route, messages: Sequence[Claimed]) -> tuple[list[Slot], datetime | None]:
    if not messages:
        return [], None
    # The lock comes last and is held for two short statements: dispatchers of one channel wait on each other here.
    pace = _pace(db, route.channel_id, lock=True)
    moments, free_at = limits.take(len(messages), route.throughput_per_second, pace)
    db.execute(
        "UPDATE channel_pace SET free_at = %(free_at)s WHERE channel_id = %(channel_id)s",
        {"free_at": free_at, "channel_id": route.channel_id},
    )
    return [Slot(message, at) for message, at in zip(messages, moments, strict=True)], pace.now


def _pace(db: Connection, channel_id: int, *, lock: bool = False) -> limits.Pace:
    with db.cursor(row_factory=class_row(limits.Pace)) as cursor:
        # clock_timestamp(), not now(): under the lock the moment that counts is the one after the wait.
        query = "SELECT free_at, slowed_until, clock_timestamp() AS now FROM channel_pace WHERE channel_id = %(id)s"
        row = cursor.execute(query + (" FOR UPDATE" if lock else ""), {"id": channel_id}).fetchone()
        if row is None:
            cursor.execute(
                "INSERT INTO channel_pace (channel_id) VALUES (%(id)s) ON CONFLICT DO NOTHING",
                {"id": channel_id},
            )
            row = cursor.execute(query + (" FOR UPDATE" if lock else ""), {"id": channel_id}).fetchone()
    assert row is not None
    return row


# Longer than any provider means; a channel that rested for days would look broken and say nothing.
LONGEST_REST_SECONDS = 3600.0


def slow_down(db: Connection, channel_id: int, *, seconds: float) -> None:
    """The provider said "too fast": no slot for `seconds`, an hour at most, then half the pace for a while."""
    seconds = min(seconds, LONGEST_REST_SECONDS)
    db.execute(
        """
        UPDATE channel_pace
           SET free_at = GREATEST(free_at, clock_timestamp() + %(pause)s),
               slowed_until = clock_timestamp() + %(pause)s + %(slowed)s
         WHERE channel_id = %(channel_id)s
        """,
        {"channel_id": channel_id, "pause": timedelta(seconds=seconds), "slowed": limits.SLOWED_FOR},
    )


def suspend(db: Connection, channel_id: int, *, whole_account: bool, reason: str) -> None:
    """Stop a channel, or all of its account, until a person acts; the reason is the provider's own words."""
    db.execute(
        """
        UPDATE channels
           SET state = 'suspended', state_reason = %(reason)s
         WHERE state = 'active'
           AND (id = %(id)s OR %(whole_account)s
                AND account_id = (SELECT account_id FROM channels WHERE id = %(id)s))
        """,
        {"id": channel_id, "whole_account": whole_account, "reason": reason},
    )
