"""What dispatch reads and writes beside the ledger: channels with their accounts, forms of lanes, the shared pace.

It writes `channel_pace`, and `channels.state` when a provider suspends a channel; everything else is the ledger's.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import psycopg

from ..core.addresses import hook_url
from ..core.vault import Unreadable, unseal
from ..messaging import ledger, limits
from ..messaging.ledger import Claimed
from ..providers import base

Connection = psycopg.Connection[Any]
log = logging.getLogger("envoi.dispatch")


@dataclass(frozen=True, slots=True)
class Route:
    """One active channel: its id with us, and what its provider needs. Its limits are asked with each claim."""

    channel_id: int
    account_id: int
    provider: str
    account: base.Account
    channel: base.Channel


@dataclass(frozen=True, slots=True)
class Taken:
    """One round at the outbox.

    throughput: the provider's limit a second, as it is now. room: how many to hold claimed at it. more: whether another
    round is worth it. forms: those of the lanes that the caller did not know yet; None for a lane whose messages are
    whole.
    """

    messages: list[Claimed]
    throughput: float
    room: int
    more: bool
    forms: dict[int, base.Form | None]


@dataclass(frozen=True, slots=True)
class Slots:
    """Moments at which messages may leave, whichever they are: seconds from `now`, a time of the database.

    alone_for: for how long from `now` this dispatcher is the only one. waits: for how long it gets none, since somebody
    else was the only one until now.
    """

    moments: list[float]
    now: datetime
    alone_for: float
    waits: float


def routes(db: Connection, *, allow_base_url: bool) -> dict[int, Route]:
    """Every active channel by id; dispatch asks again each second, so a paused channel stops within one."""
    rows = db.execute(
        """
        SELECT c.id, a.provider, a.provider_id, a.credentials, a.base_url, c.provider_id, c.address, a.hook_key, a.id
          FROM channels c JOIN accounts a ON a.id = c.account_id
         WHERE c.state = 'active'
        """
    ).fetchall()
    found: dict[int, Route] = {}
    for row in rows:
        try:
            # Who wants to be told with each message where its receipts shall go, finds it here.
            credentials = {"webhook_url": hook_url(row[1], row[7]), **unseal(row[3])}
        except (Unreadable, ValueError) as error:
            log.error("channel %s rests: %s", row[0], error)
            continue
        found[row[0]] = Route(
            channel_id=row[0],
            account_id=row[8],
            provider=row[1],
            account=base.Account(
                provider_id=row[2], credentials=credentials, base_url=row[4], allow_base_url=allow_base_url
            ),
            channel=base.Channel(provider_id=row[5], address=row[6]),
        )
    return found


# People who are refused leave room for others; so many rounds at most before the caller has what there is.
ROUNDS = 10
REPLIES = 0  # the priority of their lanes


def take(
    db: Connection,
    route: Route,
    *,
    at_most: int,
    lease: timedelta,
    known_forms: Collection[int] = (),
    waiting_replies: int = 0,
    waiting_bulk: int = 0,
) -> Taken:
    """Claim what is due and ask the customers' limits, a transaction for each round.

    waiting_replies, waiting_bulk: messages claimed earlier that have not left. Whatever is refused goes back or is
    skipped in the same transaction, so a claim that is not returned does not exist.
    """
    with db.transaction():
        pace = _pace(db, route.channel_id)[0]
    replies, room = limits.room(pace)
    replies = max(min(replies - waiting_replies, at_most), 0)
    bulk = max(min(room - waiting_bulk - waiting_replies, at_most), 0)
    if replies + bulk == 0:
        return Taken([], pace.throughput, room, more=room > 0, forms={})
    messages, more, forms = _rounds(db, route, replies, bulk, lease, known_forms)
    return Taken(messages, pace.throughput, room, more=more, forms=forms)


def take_replies(
    db: Connection,
    route: Route,
    *,
    at_most: int,
    lease: timedelta,
    known_forms: Collection[int] = (),
    waiting_replies: int = 0,
) -> Taken:
    """As take, for replies alone: few rows, so that they wait for no claim of a campaign. `more` says nothing."""
    with db.transaction():
        pace = _pace(db, route.channel_id)[0]
    replies, room = limits.room(pace)
    replies = max(min(replies - waiting_replies, at_most), 0)
    messages, _, forms = _rounds(db, route, replies, 0, lease, known_forms) if replies else ([], False, {})
    return Taken(messages, pace.throughput, room, more=False, forms=forms)


Forms = dict[int, base.Form | None]


def _rounds(
    db: Connection,
    route: Route,
    replies_room: int,
    bulk_room: int,
    lease: timedelta,
    known_forms: Collection[int],
) -> tuple[list[Claimed], bool, Forms]:
    """Claim until the room is full or nobody is refused; what was claimed, whether there may be more, new forms.

    Each round commits: the next one takes lanes and portfolios again, and whoever has written to a customer's pair
    would have it in front of those (ledger.holding).
    """
    allowed: list[Claimed] = []
    more = False
    forms: Forms = {}
    broken: dict[int, str] = {}
    for _ in range(ROUNDS):
        try:
            with db.transaction():
                claimed = ledger.claim(
                    db,
                    route.channel_id,
                    room=bulk_room - len(allowed),
                    room_for_replies=replies_room - len(allowed),
                    lease=lease,
                )
                if not claimed:
                    break
                passed, refused = ledger.reserve_customers(db, claimed)
                ledger.record_refusals(db, route.channel_id, refused)
                found, bad = _forms(db, {message.lane_id for message in passed} - {*known_forms, *forms})
                ledger.release(db, route.channel_id, [message for message in passed if message.lane_id in bad])
        except psycopg.Error as error:
            if not allowed:
                raise
            # What the rounds before have claimed is claimed.
            log.warning("channel %s: the database answered %s after a claim", route.channel_id, error)
            break
        more = True
        forms |= found
        broken |= bad
        allowed += [message for message in passed if message.lane_id not in bad]
        if bad or not refused:
            break
    for lane_id, reason in broken.items():
        _hold_back(db, lane_id, reason)
    return allowed, more, forms


def _hold_back(db: Connection, lane_id: int, reason: str) -> None:
    """Hold a lane whose form can't be read; when that fails, its next claim finds it once more."""
    try:
        with db.transaction():
            ledger.set_lane(db, lane_id, "held", reason=reason)
    except psycopg.Error as error:
        log.warning("lane %s can't be held: the database answered %s", lane_id, error)


def _forms(db: Connection, lane_ids: Collection[int]) -> tuple[Forms, dict[int, str]]:
    """The forms of these lanes; and, for a form that this version can't read, why."""
    forms: Forms = {}
    broken: dict[int, str] = {}
    if lane_ids:
        for lane_id, form in db.execute("SELECT id, form FROM lanes WHERE id = ANY(%(ids)s)", {"ids": list(lane_ids)}):
            try:
                forms[lane_id] = base.Form.load(form) if form else None
            except msgspec.ValidationError as error:
                broken[lane_id] = f"The template's form can't be read: {error}"
    return forms, broken


def slots(
    db: Connection, route: Route, *, sender: int, replies: int, bulk: int, waited_since: datetime | None = None
) -> Slots:
    """Take slots for so many messages, or for those of them that fit into the horizon: one short transaction.

    sender: this dispatcher's own number. waited_since: since when messages have waited here for slots.
    Dispatchers of one channel wait on each other here, hence apart from the claim, which takes longer.
    """
    with db.transaction():
        # A slot that is forgotten in a power cut was taken less than a second ago: not worth waiting for the disk.
        db.execute("SET LOCAL synchronous_commit = off")
        pace, shared, now = _pace(db, route.channel_id, lock=True)
        dealt = limits.deal(
            replies,
            bulk,
            pace,
            shared=shared,
            sender=sender,
            waited_since=None if waited_since is None else (waited_since - now).total_seconds(),
        )
        if dealt.moments or dealt.waits:
            db.execute(
                """
                UPDATE channel_pace
                   SET free_at = %(now)s + %(free)s * interval '1 second',
                       bulk_at = %(now)s + %(bulk)s * interval '1 second',
                       taken_by = %(taken_by)s,
                       company_until = %(now)s + %(company)s * interval '1 second',
                       alone_until = %(now)s + %(alone)s::float8 * interval '1 second',
                       talked_at = CASE WHEN %(talks)s THEN %(now)s ELSE talked_at END
                 WHERE channel_id = %(channel_id)s
                """,
                {
                    "now": now,
                    "free": dealt.free,
                    "bulk": dealt.bulk,
                    "taken_by": dealt.sharing.taken_by,
                    "company": dealt.sharing.company,
                    "alone": dealt.sharing.alone,
                    "talks": replies > 0 and bool(dealt.moments),
                    "channel_id": route.channel_id,
                },
            )
    return Slots(dealt.moments, now, dealt.alone_for, dealt.waits)


# In seconds from the database's own moment. clock_timestamp(), not now(): under the lock the moment that counts is
# the one after the wait.
PACE = """
SELECT c.throughput_per_second,
       c.per_minute,
       extract(epoch FROM p.free_at - t.now)::float8,
       extract(epoch FROM p.bulk_at - t.now)::float8,
       COALESCE(extract(epoch FROM p.rests_until - t.now)::float8, 0),
       p.share,
       extract(epoch FROM p.cut_at - t.now)::float8,
       extract(epoch FROM p.talked_at - t.now)::float8,
       p.taken_by,
       COALESCE(extract(epoch FROM p.company_until - t.now)::float8, 0),
       extract(epoch FROM p.alone_until - t.now)::float8,
       t.now
  FROM channel_pace p
  JOIN channels c ON c.id = p.channel_id
  CROSS JOIN LATERAL (SELECT clock_timestamp() AS now OFFSET 0) t
 WHERE p.channel_id = %(id)s
"""


def _pace(db: Connection, channel_id: int, *, lock: bool = False) -> tuple[limits.Pace, limits.Sharing, datetime]:
    """The pace as it stands, with the channel's limits as they are now: a lowered one holds from the next slot.

    Beside it who shares it, and the database's moment.
    """
    if lock:
        db.execute("SELECT 1 FROM channel_pace WHERE channel_id = %(id)s FOR UPDATE", {"id": channel_id})
    row = db.execute(PACE, {"id": channel_id}).fetchone()
    if row is None:
        db.execute("INSERT INTO channel_pace (channel_id) VALUES (%(id)s) ON CONFLICT DO NOTHING", {"id": channel_id})
        row = db.execute(PACE, {"id": channel_id}).fetchone()
    if row is None:
        raise psycopg.OperationalError(f"channel {channel_id} was deleted")
    return limits.Pace(*row[:8]), limits.Sharing(*row[8:11]), row[11]


def rest(db: Connection, channel_id: int, *, seconds: float, too_fast: bool) -> None:
    """No slot for `seconds`, an hour at most; after "too fast" the pace is cut as well, and grows back by itself."""
    pace = _pace(db, channel_id, lock=True)[0]
    db.execute(
        """
        UPDATE channel_pace
           SET rests_until = GREATEST(rests_until, clock_timestamp() + %(pause)s),
               share = COALESCE(%(share)s, share),
               cut_at = CASE WHEN %(share)s::float8 IS NULL THEN cut_at ELSE clock_timestamp() + %(pause)s END
         WHERE channel_id = %(channel_id)s
        """,
        {
            "channel_id": channel_id,
            "pause": timedelta(seconds=min(seconds, limits.LONGEST_REST_SECONDS)),
            "share": limits.cut(pace) if too_fast else None,
        },
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
