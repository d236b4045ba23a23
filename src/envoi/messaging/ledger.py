"""The only code that moves a message between states; it neither sends, nor decides whom to write to, nor knows Django.

Every function takes a psycopg connection and works inside the caller's transaction: what it says happens together
with whatever else the caller does, or not at all. The row in `messages` is for good and leads with the contact; the
row in `outbox` leads with the channel and lives from the decision to send until the outcome is known.

    queued < sending < accepted < sent < delivered < read       beside them: uncertain, failed, skipped, cancelled
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import psycopg
from psycopg.rows import class_row, tuple_row
from psycopg.types.json import Jsonb

from ..core.events import Failure, MessageReceived, Receipt

Connection = psycopg.Connection[Any]

# A receipt may only move a message towards the end of this list. `uncertain` stands before `accepted`, for any receipt
# proves that the message left; `failed` before `delivered`, for a delivery proves the failure wrong.
ORDER = [
    "queued",
    "sending",
    "skipped",
    "cancelled",
    "uncertain",
    "accepted",
    "sent",
    "failed",
    "delivered",
    "read",
]

PROMOTION_GAP = timedelta(hours=24)  # mission M4: one promotional message per customer per 24 h
COOL_DOWN = timedelta(hours=24)  # Meta sheet, E.3: after 131049 wait at least 24 h

WEBHOOK_WINDOW = timedelta(hours=24)  # Meta sheet, F.2: customer service window


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this process alone may send until `lease_until`. `values` fill the lane's form."""

    id: int
    contact_id: int
    lane_id: int
    recipient: str
    promotional: bool
    values: list[str] | None
    content: dict[str, Any] | None
    attempts: int
    expires_at: datetime | None
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class Refusal:
    """A customer's limit said no: until when (then the message waits), or for good (`until` None: it is skipped)."""

    message: Claimed
    reason: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took the message, gave it an id, and perhaps holds it back for a quality check."""

    message: Claimed
    provider_id: str
    at: datetime
    held: bool = False


@dataclass(frozen=True, slots=True)
class PutBack:
    """The message surely did not leave and is to be tried again at `until`."""

    message: Claimed
    reason: str
    until: datetime
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will not take this message: it failed."""

    message: Claimed
    failure: Failure
    at: datetime


@dataclass(frozen=True, slots=True)
class Unclear:
    """Nobody can say whether it left (`why`); its receipt will, or a person."""

    message: Claimed
    why: str


# ---------------------------------------------------------------- lanes


def add_lane(
    db: Connection,
    channel_id: int,
    *,
    priority: int,
    form: Mapping[str, Any] | None = None,
    held: bool = False,
) -> int:
    """Make a queue of a channel (models.Lane) and return its id."""
    row = db.execute(
        """
        INSERT INTO lanes (channel_id, priority, state, form)
        VALUES (%(channel_id)s, %(priority)s, %(state)s, %(form)s)
        RETURNING id
        """,
        {
            "channel_id": channel_id,
            "priority": priority,
            "state": "held" if held else "open",
            "form": None if form is None else Jsonb(form),
        },
    ).fetchone()
    assert row is not None
    return int(row[0])


def set_lane(db: Connection, lane_id: int, state: Literal["open", "held", "closed"], *, reason: str = "") -> None:
    """Open, hold or close a lane. A held lane keeps its messages; nothing of it is claimed after this commits."""
    db.execute(
        "UPDATE lanes SET state = %(state)s, reason = %(reason)s WHERE id = %(id)s AND state <> 'closed'",
        {"state": state, "reason": reason, "id": lane_id},
    )


# ---------------------------------------------------------------- in


@dataclass(frozen=True, slots=True)
class Planned:
    """What `enqueue_recipients` did with one stretch of an audience."""

    queued: int
    skipped: int


def enqueue_recipients(
    db: Connection,
    *,
    audience: str,
    parameters: Mapping[str, Any],
    campaign_id: int,
    channel_id: int,
    lane_id: int,
    template_id: int,
    category: str,
    expires_at: datetime | None,
) -> Planned:
    """Make the recipients of a campaign out of an audience, each at most once however often this runs.

    audience: SELECT text that yields contact_id bigint, recipient text, reason text ("" to send, else why this person
    is skipped), values text[]; its named parameters are in `parameters`.
    """
    # The unique (contact_id, campaign_id) makes a second run of the same stretch insert nothing, so a launch that
    # was killed goes on from its checkpoint without counting anyone twice.
    row = db.execute(
        f"""
        WITH audience AS ({audience}),
        made AS (
            INSERT INTO messages (contact_id, channel_id, campaign_id, direction, kind, category, state, reason,
                                  template_id, "values")
            SELECT contact_id, %(_channel)s, %(_campaign)s, 'out', 'template', %(_category)s,
                   CASE WHEN reason = '' THEN 'queued' ELSE 'skipped' END, reason, %(_template)s, "values"
              FROM audience
            ON CONFLICT (contact_id, campaign_id) WHERE campaign_id IS NOT NULL DO NOTHING
            RETURNING contact_id, id, state, "values"
        ),
        due AS (
            INSERT INTO outbox (channel_id, id, lane_id, contact_id, recipient, promotional, "values", expires_at)
            SELECT %(_channel)s, made.id, %(_lane)s, made.contact_id, audience.recipient,
                   %(_category)s = 'marketing', made."values", %(_expires)s
              FROM made JOIN audience USING (contact_id)
             WHERE made.state = 'queued'
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM due), (SELECT count(*) FROM made WHERE state = 'skipped')
        """,  # noqa: S608  (audience is built by campaigns.audience, its values are parameters)
        {
            **parameters,
            "_channel": channel_id,
            "_campaign": campaign_id,
            "_category": category,
            "_template": template_id,
            "_lane": lane_id,
            "_expires": expires_at,
        },
    ).fetchone()
    assert row is not None
    return Planned(queued=row[0], skipped=row[1])


def enqueue(
    db: Connection,
    *,
    contact_id: int,
    channel_id: int,
    lane_id: int,
    recipient: str,
    kind: str,
    category: str,
    text: str = "",
    content: Mapping[str, Any] | None = None,
    reply_to: str = "",
    expires_at: datetime | None = None,
) -> int:
    """Queue one whole message (not of a campaign) and return its id."""
    row = db.execute(
        """
        WITH made AS (
            INSERT INTO messages (contact_id, channel_id, direction, kind, category, state, text, content, reply_to)
            VALUES (%(contact_id)s, %(channel_id)s, 'out', %(kind)s, %(category)s, 'queued', %(text)s, %(content)s,
                    %(reply_to)s)
            RETURNING id
        )
        INSERT INTO outbox (channel_id, id, lane_id, contact_id, recipient, promotional, content, expires_at)
        SELECT %(channel_id)s, id, %(lane_id)s, %(contact_id)s, %(recipient)s, %(category)s = 'marketing',
               %(content)s, %(expires_at)s
          FROM made
        RETURNING id
        """,
        {
            "contact_id": contact_id,
            "channel_id": channel_id,
            "lane_id": lane_id,
            "recipient": recipient,
            "kind": kind,
            "category": category,
            "text": text,
            "content": None if content is None else Jsonb(content),
            "reply_to": reply_to,
            "expires_at": expires_at,
        },
    ).fetchone()
    assert row is not None
    return int(row[0])


def receive(db: Connection, fact: MessageReceived, *, contact_id: int, channel_id: int) -> bool:
    """Keep a customer's message; False when it was here already (webhooks come more than once)."""
    made = db.execute(
        """
        INSERT INTO messages (contact_id, channel_id, direction, kind, category, state, text, content, reply_to,
                              provider_id, created_at)
        VALUES (%(contact_id)s, %(channel_id)s, 'in', %(kind)s, 'service', 'received', %(text)s, %(content)s,
                %(reply_to)s, %(provider_id)s, %(at)s)
        ON CONFLICT (contact_id, provider_id) WHERE provider_id IS NOT NULL DO NOTHING
        RETURNING id
        """,
        {
            "contact_id": contact_id,
            "channel_id": channel_id,
            "kind": fact.kind[:16],
            "text": fact.text.replace("\x00", ""),
            "content": Jsonb(fact.content) if fact.content else None,
            "reply_to": fact.reply_to or "",
            "provider_id": fact.provider_id,
            "at": fact.at,
        },
    ).fetchone()
    return made is not None


# ---------------------------------------------------------------- out: claim, reserve, record, park


CLAIM = """
WITH due AS (
    -- outbox_due (channel_id, lane_id, due_at, id) WHERE state = 'queued': an index scan that stops at the limit.
    SELECT id
      FROM outbox
     WHERE channel_id = %(channel_id)s
       AND lane_id = %(lane_id)s
       AND state = 'queued'
       AND due_at <= now()
       AND EXISTS (SELECT 1 FROM lanes WHERE id = %(lane_id)s AND state = 'open')
     ORDER BY due_at, id
     LIMIT %(room)s
       FOR UPDATE SKIP LOCKED
)
UPDATE outbox
   SET state = 'sending',
       attempts = attempts + 1,
       lease_until = now() + %(lease)s
  FROM due
 WHERE outbox.channel_id = %(channel_id)s
   AND outbox.id = due.id
RETURNING outbox.id, outbox.contact_id, outbox.lane_id, outbox.recipient, outbox.promotional, outbox."values",
          outbox.content, outbox.attempts, outbox.expires_at, outbox.lease_until
"""


def claim(db: Connection, channel_id: int, *, room: int, lease: timedelta) -> list[Claimed]:
    """Take up to `room` due messages of one channel, replies before campaigns; nobody else can take them.

    SKIP LOCKED lets dispatchers run side by side without waiting on each other. A lease that runs out means that its
    holder died: `park_lapsed` then calls the message uncertain, it is never sent again by itself.
    """
    taken: list[Claimed] = []
    lanes = db.execute(
        "SELECT id, priority FROM lanes WHERE channel_id = %(channel_id)s AND state = 'open' ORDER BY priority, id",
        {"channel_id": channel_id},
    ).fetchall()
    with db.cursor(row_factory=class_row(Claimed)) as cursor:
        for position, (lane_id, priority) in enumerate(lanes):
            # Campaigns of one priority share what is left evenly; what one does not use goes to the next.
            peers = sum(1 for _, other in lanes[position:] if other == priority)
            share = -(-(room - len(taken)) // peers)
            if share <= 0:
                break
            cursor.execute(CLAIM, {"channel_id": channel_id, "lane_id": lane_id, "room": share, "lease": lease})
            taken += cursor.fetchall()
    if taken:
        _move(db, taken, to="sending", when_in=["queued"])
    return taken


RESERVE = """
WITH wanted AS (
    SELECT * FROM unnest(%(contacts)s::bigint[], %(messages)s::bigint[]) AS w (contact_id, message_id)
),
-- Locked in the order of their ids, so that two dispatchers never wait for each other in a circle.
held AS (
    SELECT id FROM contacts WHERE id = ANY(%(contacts)s) ORDER BY id FOR NO KEY UPDATE
)
UPDATE contacts
   SET promoted_at = now(),
       promoted_by = wanted.message_id
  FROM held JOIN wanted ON wanted.contact_id = held.id
 WHERE contacts.id = held.id
   AND contacts.marketing = 'granted'
   AND (contacts.held_until IS NULL OR contacts.held_until <= now())
   AND (contacts.promoted_at IS NULL OR contacts.promoted_at <= now() - %(gap)s
        OR contacts.promoted_by = wanted.message_id)
RETURNING contacts.promoted_by
"""


def reserve_customers(db: Connection, taken: Sequence[Claimed]) -> tuple[list[Claimed], list[Refusal]]:
    """Ask every customer's limits at the moment of sending; a promotion reserves its 24 hours in the same statement.

    Returns who may be sent to, and who not with the reason: `no_consent`, `opted_out`, `expired` (for good), or
    `promoted_recently`, `cooling_down` (until a time).
    """
    contact_ids = [message.contact_id for message in taken]
    promotions = [message for message in taken if message.promotional]
    reserved = (
        {
            row[0]
            for row in db.execute(
                RESERVE,
                {
                    "contacts": [message.contact_id for message in promotions],
                    "messages": [message.id for message in promotions],
                    "gap": PROMOTION_GAP,
                },
            )
        }
        if promotions
        else set()
    )
    rows = db.execute(
        "SELECT id, marketing, service, promoted_at, held_until, now() FROM contacts WHERE id = ANY(%(ids)s)",
        {"ids": contact_ids},
    )
    standing = {row[0]: row[1:] for row in rows}

    allowed: list[Claimed] = []
    refused: list[Refusal] = []
    for message in taken:
        marketing, service, promoted_at, held_until, now = standing.get(
            message.contact_id, ("withdrawn", "withdrawn", None, None, None)
        )
        if message.expires_at and now and message.expires_at <= now:
            refused.append(Refusal(message, "expired", None))
        elif not message.promotional:
            if service == "withdrawn":
                refused.append(Refusal(message, "opted_out", None))
            else:
                allowed.append(message)
        elif message.id in reserved:
            allowed.append(message)
        elif marketing != "granted":
            refused.append(Refusal(message, "opted_out" if marketing == "withdrawn" else "no_consent", None))
        elif held_until and held_until > now:
            refused.append(_refusal(message, "cooling_down", held_until))
        else:
            refused.append(_refusal(message, "promoted_recently", (promoted_at or now) + PROMOTION_GAP))
    return allowed, refused


def _refusal(message: Claimed, reason: str, until: datetime) -> Refusal:
    # Waiting beyond the campaign's end would only keep it open: then it is for good, with the same reason.
    for_good = message.expires_at is not None and until >= message.expires_at
    return Refusal(message, reason, None if for_good else until)


def record_refusals(db: Connection, channel_id: int, refusals: Sequence[Refusal]) -> None:
    """Send back to wait, or skip, those whom `reserve_customers` refused; each with its line in the trace."""
    waiting = [
        PutBack(refusal.message, refusal.reason, refusal.until) for refusal in refusals if refusal.until is not None
    ]
    put_back(db, channel_id, waiting)
    ended = [refusal for refusal in refusals if refusal.until is None]
    for reason in sorted({refusal.reason for refusal in ended}):
        skipped = [refusal.message for refusal in ended if refusal.reason == reason]
        _move(db, skipped, to="skipped", when_in=["queued", "sending"], reason=reason)
        _forget(db, channel_id, skipped)
    _note(db, [(refusal.message, "skipped", {"reason": refusal.reason}) for refusal in ended])


def put_back(db: Connection, channel_id: int, back: Sequence[PutBack]) -> None:
    """Queue again what surely did not leave: throttled, unreachable, waiting for the customer, or never tried."""
    if not back:
        return
    db.execute(
        """
        UPDATE outbox
           SET state = 'queued', lease_until = NULL, due_at = b.due_at
          FROM unnest(%(ids)s::bigint[], %(untils)s::timestamptz[]) AS b (id, due_at)
         WHERE outbox.channel_id = %(channel_id)s
           AND outbox.id = b.id
           AND outbox.state = 'sending'
        """,
        {
            "channel_id": channel_id,
            "ids": [item.message.id for item in back],
            "untils": [item.until for item in back],
        },
    )
    _move(db, [item.message for item in back], to="queued", when_in=["sending"])
    _note(
        db,
        [
            (item.message, "waits", {"reason": item.reason, "until": item.until.isoformat(), **item.detail})
            for item in back
        ],
    )


def release(db: Connection, channel_id: int, unsent: Sequence[Claimed]) -> None:
    """Give back claims of which not a byte was sent, as if they had never been taken (a stop, a late slot)."""
    if not unsent:
        return
    db.execute(
        """
        UPDATE outbox
           SET state = 'queued', lease_until = NULL, attempts = attempts - 1
         WHERE channel_id = %(channel_id)s AND id = ANY(%(ids)s) AND state = 'sending'
        """,
        {"channel_id": channel_id, "ids": [message.id for message in unsent]},
    )
    _move(db, unsent, to="queued", when_in=["sending"])


def record_sent(db: Connection, channel_id: int, sent: Sequence[Sent]) -> None:
    """The provider accepted these. A receipt that came first is not walked back."""
    if not sent:
        return
    db.execute(
        """
        UPDATE messages
           SET state = CASE WHEN messages.state IN ('queued', 'sending', 'uncertain') THEN 'accepted'
                            ELSE messages.state END,
               provider_id = s.provider_id,
               accepted_at = s.at
          FROM unnest(%(contacts)s::bigint[], %(ids)s::bigint[], %(provider_ids)s::text[], %(ats)s::timestamptz[])
               AS s (contact_id, id, provider_id, at)
         WHERE messages.contact_id = s.contact_id
           AND messages.id = s.id
        """,
        {
            "contacts": [item.message.contact_id for item in sent],
            "ids": [item.message.id for item in sent],
            "provider_ids": [item.provider_id for item in sent],
            "ats": [item.at for item in sent],
        },
    )
    _forget(db, channel_id, [item.message for item in sent])
    _note(db, [(item.message, "held" if item.held else "accepted", None) for item in sent])


def record_failed(db: Connection, channel_id: int, failed: Sequence[Refused]) -> None:
    """The provider refused these for good; a promotion that failed gives its customer's 24 hours back."""
    if not failed:
        return
    settled = [
        _Settled(item.message.contact_id, item.message.id, state="failed", failed_at=item.at, failure=item.failure)
        for item in failed
    ]
    _apply(db, settled)
    _forget(db, channel_id, [item.message for item in failed])
    _free_customers(db, settled)
    _note(db, [(item.message, "failed", _words(item.failure)) for item in failed])


def record_unclear(db: Connection, channel_id: int, unclear: Sequence[Unclear]) -> None:
    """Perhaps sent: the message is uncertain and keeps its outbox row until a receipt or a person settles it."""
    if not unclear:
        return
    db.execute(
        """
        UPDATE outbox SET state = 'uncertain', lease_until = NULL
         WHERE channel_id = %(channel_id)s AND id = ANY(%(ids)s) AND state = 'sending'
        """,
        {"channel_id": channel_id, "ids": [item.message.id for item in unclear]},
    )
    _move(db, [item.message for item in unclear], to="uncertain", when_in=["queued", "sending"])
    _note(db, [(item.message, "uncertain", {"reason": item.why}) for item in unclear])


def park_lapsed(db: Connection, channel_id: int) -> int:
    """Call uncertain what a dead dispatcher had claimed; returns how many. Receipts that came meanwhile win."""
    rows = db.execute(
        """
        UPDATE outbox SET state = 'uncertain', lease_until = NULL
         WHERE channel_id = %(channel_id)s AND state = 'sending' AND lease_until < now()
        RETURNING contact_id, id
        """,
        {"channel_id": channel_id},
    ).fetchall()
    if not rows:
        return 0
    keys = {"contacts": [row[0] for row in rows], "ids": [row[1] for row in rows]}
    parked = db.execute(
        """
        UPDATE messages SET state = 'uncertain'
          FROM unnest(%(contacts)s::bigint[], %(ids)s::bigint[]) AS k (contact_id, id)
         WHERE messages.contact_id = k.contact_id AND messages.id = k.id
           AND messages.state IN ('queued', 'sending')
        RETURNING messages.contact_id, messages.id
        """,
        keys,
    ).fetchall()
    known = set(keys["ids"]) - {row[1] for row in parked}
    db.execute(
        "DELETE FROM outbox WHERE channel_id = %(channel_id)s AND id = ANY(%(ids)s)",
        {"channel_id": channel_id, "ids": list(known)},
    )
    _note_rows(db, [(contact_id, id, "uncertain", {"reason": "the sender stopped"}) for contact_id, id in parked])
    return len(parked)


def cancel_lane(db: Connection, channel_id: int, lane_id: int, *, limit: int) -> int:
    """Cancel up to `limit` messages that still wait in a closed lane; returns how many, 0 when none is left."""
    rows = db.execute(
        """
        DELETE FROM outbox
         WHERE channel_id = %(channel_id)s
           AND id IN (SELECT id FROM outbox
                       WHERE channel_id = %(channel_id)s AND lane_id = %(lane_id)s AND state = 'queued'
                       LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
        RETURNING contact_id, id
        """,
        {"channel_id": channel_id, "lane_id": lane_id, "limit": limit},
    ).fetchall()
    db.execute(
        """
        UPDATE messages SET state = 'cancelled'
          FROM unnest(%(contacts)s::bigint[], %(ids)s::bigint[]) AS k (contact_id, id)
         WHERE messages.contact_id = k.contact_id AND messages.id = k.id AND messages.state = 'queued'
        """,
        {"contacts": [row[0] for row in rows], "ids": [row[1] for row in rows]},
    )
    return len(rows)


# ---------------------------------------------------------------- settle


@dataclass(slots=True)
class _Settled:
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
    merged: dict[tuple[int, int], _Settled] = {}
    lines: list[tuple[int, int, str, dict[str, Any] | None]] = []
    unknown = 0
    for receipt, key in zip(receipts, keys, strict=True):
        if key is None:
            unknown += 1
            continue
        one = merged.setdefault(key, _Settled(*key, state=receipt.state))
        if ORDER.index(receipt.state) > ORDER.index(one.state):
            one.state = receipt.state
        setattr(one, f"{receipt.state}_at", receipt.at)
        one.provider_id = receipt.provider_id or one.provider_id
        one.failure = receipt.failure or one.failure
        one.pricing = receipt.pricing or one.pricing
        lines.append((*key, receipt.state, _words(receipt.failure) if receipt.failure else None))
    if not merged:
        return unknown

    settled = [merged[key] for key in sorted(merged)]
    moved = _apply(db, settled)
    for channel_id in {row[2] for row in moved}:
        db.execute(
            "DELETE FROM outbox WHERE channel_id = %(channel_id)s AND id = ANY(%(ids)s)",
            {"channel_id": channel_id, "ids": [row[1] for row in moved if row[2] == channel_id]},
        )
    failed = {(row[0], row[1]) for row in moved if row[3] == "failed"}
    _free_customers(db, [one for one in settled if (one.contact_id, one.id) in failed])
    _note_rows(db, _not_yet_noted(db, lines))
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


def _apply(db: Connection, settled: Sequence[_Settled]) -> list[tuple[int, int, int, str]]:
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


def _free_customers(db: Connection, failed: Sequence[_Settled]) -> None:
    """Nothing reached these customers: their 24 hours are free again, or they cool down when the provider said so."""
    if not failed:
        return
    db.execute(
        """
        WITH locked AS (SELECT id FROM contacts WHERE id = ANY(%(contacts)s) ORDER BY id FOR NO KEY UPDATE)
        UPDATE contacts
           SET promoted_at = CASE WHEN promoted_by = f.message_id THEN NULL ELSE promoted_at END,
               promoted_by = CASE WHEN promoted_by = f.message_id THEN NULL ELSE promoted_by END,
               held_until = CASE WHEN f.waits THEN GREATEST(held_until, f.at + %(cool_down)s) ELSE held_until END
          FROM locked
          JOIN unnest(%(contacts)s::bigint[], %(messages)s::bigint[], %(waits)s::boolean[], %(ats)s::timestamptz[])
               AS f (contact_id, message_id, waits, at) ON f.contact_id = locked.id
         WHERE contacts.id = locked.id
           AND (contacts.promoted_by = f.message_id OR f.waits)
        """,
        {
            "contacts": [one.contact_id for one in failed],
            "messages": [one.id for one in failed],
            "waits": [bool(one.failure and one.failure.action == "wait") for one in failed],
            "ats": [one.failed_at for one in failed],
            "cool_down": COOL_DOWN,
        },
    )


# ---------------------------------------------------------------- small moves and the trace


def _move(db: Connection, messages: Iterable[Claimed], *, to: str, when_in: Sequence[str], reason: str = "") -> None:
    keys = [(message.contact_id, message.id) for message in messages]
    if not keys:
        return
    db.execute(
        """
        UPDATE messages SET state = %(to)s, reason = %(reason)s
          FROM unnest(%(contacts)s::bigint[], %(ids)s::bigint[]) AS k (contact_id, id)
         WHERE messages.contact_id = k.contact_id
           AND messages.id = k.id
           AND messages.state = ANY(%(when_in)s)
        """,
        {
            "to": to,
            "reason": reason,
            "contacts": [key[0] for key in keys],
            "ids": [key[1] for key in keys],
            "when_in": list(when_in),
        },
    )


def _forget(db: Connection, channel_id: int, messages: Iterable[Claimed]) -> None:
    db.execute(
        "DELETE FROM outbox WHERE channel_id = %(channel_id)s AND id = ANY(%(ids)s)",
        {"channel_id": channel_id, "ids": [message.id for message in messages]},
    )


def _words(failure: Failure) -> dict[str, Any]:
    return {"code": failure.code, "title": failure.title, "detail": failure.detail, "action": failure.action}


def _note(db: Connection, lines: Iterable[tuple[Claimed, str, dict[str, Any] | None]]) -> None:
    _note_rows(db, [(message.contact_id, message.id, what, detail) for message, what, detail in lines])


def _note_rows(db: Connection, lines: Sequence[tuple[int, int, str, dict[str, Any] | None]]) -> None:
    if not lines:
        return
    db.execute(
        """
        INSERT INTO message_events (contact_id, message_id, what, detail)
        SELECT * FROM unnest(%(contacts)s::bigint[], %(messages)s::bigint[], %(whats)s::text[], %(details)s::jsonb[])
        """,
        {
            "contacts": [line[0] for line in lines],
            "messages": [line[1] for line in lines],
            "whats": [line[2] for line in lines],
            "details": [None if line[3] is None else Jsonb(line[3]) for line in lines],
        },
    )


def _not_yet_noted(
    db: Connection, lines: Sequence[tuple[int, int, str, dict[str, Any] | None]]
) -> list[tuple[int, int, str, dict[str, Any] | None]]:
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
    once: dict[tuple[int, int, str], tuple[int, int, str, dict[str, Any] | None]] = {}
    for position, line in enumerate(lines, start=1):
        if position in fresh:
            once.setdefault(line[:3], line)
    return list(once.values())
