"""Lanes, and the ways into them: a campaign's recipients, a single message; and what customers write to us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from psycopg.types.json import Jsonb

from ...core.events import MessageReceived
from . import kin, pairs
from .lexemes import note_words
from .moves import json_rows
from .words import Connection, Planned

# Rings in dispatch when an answer waits; the payload is its channel.
BELL = "envoi_answers"


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
            ON CONFLICT (contact_id, campaign_id) WHERE campaign_id IS NOT NULL AND NOT twin DO NOTHING
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
    template_id: int | None = None,
    values: Sequence[str] | None = None,
    expires_at: datetime | None = None,
    due_in: timedelta = timedelta(0),
    headers: Mapping[str, Any] | None = None,
) -> int:
    """Queue one whole message, or one that fills its lane's form with `values` (not of a campaign); returns its id.

    due_in: nobody claims it before; until then `take_back` is sure to find it. headers: what a template's headers show;
    it leaves with the lane's form, and is kept with the message for whoever reads it later.
    """
    kept = {"headers": headers} if headers else content
    row = db.execute(
        """
        WITH made AS (
            INSERT INTO messages (contact_id, channel_id, direction, kind, category, state, text, content, reply_to,
                                  template_id, "values")
            VALUES (%(contact_id)s, %(channel_id)s, 'out', %(kind)s, %(category)s, 'queued', %(text)s, %(content)s,
                    %(reply_to)s, %(template_id)s, %(values)s::text[])
            RETURNING id
        )
        INSERT INTO outbox (channel_id, id, lane_id, contact_id, recipient, promotional, content, "values", expires_at,
                            due_at)
        SELECT %(channel_id)s, id, %(lane_id)s, %(contact_id)s, %(recipient)s, %(category)s = 'marketing',
               %(whole)s, %(values)s::text[], %(expires_at)s, now() + %(due_in)s
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
            "content": None if kept is None else Jsonb(kept),
            # All that dispatch needs stands in the outbox, which it reads alone.
            "whole": Jsonb({**(content or {}), "kind": kind, "reply_to": reply_to}),
            "reply_to": reply_to,
            "template_id": template_id,
            "values": None if values is None else list(values),
            "expires_at": expires_at,
            "due_in": due_in,
        },
    ).fetchone()
    assert row is not None
    note_words(db, [(contact_id, int(row[0]), text or " ".join(values or ()))])
    return int(row[0])


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole message that goes to who wrote a moment ago: free words, within their window."""

    contact_id: int
    channel_id: int
    lane_id: int
    recipient: str
    kind: str
    text: str
    content: Mapping[str, Any]


def enqueue_answers(db: Connection, answers: Sequence[Answer]) -> list[int]:
    """`enqueue` for many answers at once, due now; returns their ids in the same order. Dispatch is told of it."""
    if not answers:
        return []
    # The ids are drawn in the order of the answers, so one customer's leave in that order.
    rows = db.execute(
        """
        WITH said AS MATERIALIZED (
            SELECT r.*, nextval('messages_id_seq') AS id
              FROM (SELECT * FROM json_to_recordset(%(rows)s::json)
                        AS r (place int, contact_id bigint, channel_id bigint, lane_id bigint, recipient text,
                              kind text, text text, content jsonb)
                     ORDER BY place) r
        ),
        made AS (
            INSERT INTO messages (contact_id, id, channel_id, direction, kind, category, state, text, content)
            SELECT contact_id, id, channel_id, 'out', kind, 'service', 'queued', text, content FROM said
        ),
        due AS (
            INSERT INTO outbox (channel_id, id, lane_id, contact_id, recipient, promotional, content)
            SELECT channel_id, id, lane_id, contact_id, recipient, false,
                   content || jsonb_build_object('kind', kind, 'reply_to', '')
              FROM said
        ),
        told AS (SELECT pg_notify(%(bell)s, channel_id::text) FROM (SELECT DISTINCT channel_id FROM said) c)
        SELECT place, id, (SELECT count(*) FROM told) FROM said ORDER BY place
        """,
        {
            "bell": BELL,
            "rows": json_rows(
                {
                    "place": place,
                    "contact_id": one.contact_id,
                    "channel_id": one.channel_id,
                    "lane_id": one.lane_id,
                    "recipient": one.recipient,
                    "kind": one.kind,
                    "text": one.text,
                    "content": dict(one.content),
                }
                for place, one in enumerate(answers)
            ),
        },
    ).fetchall()
    return [int(row[1]) for row in rows]


def take_back(db: Connection, contact_id: int, message_id: int) -> bool:
    """Cancel one message that has not left; False when it has, or may have, or is leaving at this moment."""
    row = db.execute(
        """
        SELECT o.channel_id FROM messages m
          JOIN outbox o ON o.channel_id = m.channel_id AND o.id = m.id
         WHERE m.contact_id = %(contact)s AND m.id = %(id)s AND m.direction = 'out' AND o.state = 'queued'
           FOR UPDATE OF o SKIP LOCKED
        """,
        {"contact": contact_id, "id": message_id},
    ).fetchone()
    if row is None:
        return False
    kin.cancel(db, contact_id, [(row[0], message_id)], reason="taken_back")
    return True


def receive(db: Connection, received: Sequence[tuple[int, int, MessageReceived]]) -> list[int | None]:
    """Keep what customers wrote, (contact_id, channel_id, message) each, and open their windows with those numbers.

    Returns the ids of the messages, None for each that was here already (webhooks come more than once).
    """
    rows = db.execute(
        """
        INSERT INTO messages (contact_id, channel_id, direction, kind, category, state, text, content, reply_to,
                              provider_id, created_at)
        SELECT contact_id, channel_id, 'in', kind, 'service', 'received', text, content, reply_to, provider_id, at
          FROM json_to_recordset(%(rows)s::json)
               AS r (contact_id bigint, channel_id bigint, kind text, text text, content jsonb, reply_to text,
                     provider_id text, at timestamptz)
            ON CONFLICT (contact_id, provider_id) WHERE provider_id IS NOT NULL DO NOTHING
        RETURNING contact_id, provider_id, id
        """,
        {
            "rows": json_rows(
                {
                    "contact_id": contact_id,
                    "channel_id": channel_id,
                    "kind": fact.kind[:16],
                    "text": fact.text.replace("\x00", ""),
                    "content": fact.content or None,
                    "reply_to": fact.reply_to or "",
                    "provider_id": fact.provider_id,
                    "at": fact.at,
                }
                for contact_id, channel_id, fact in received
            )
        },
    ).fetchall()
    made = {(row[0], row[1]): int(row[2]) for row in rows}
    # The first of two in the same batch is the one that was kept.
    kept = [made.pop((contact_id, fact.provider_id), None) for contact_id, _channel_id, fact in received]
    wrote: dict[tuple[int, int], datetime] = {}
    for message_id, (contact_id, channel_id, fact) in zip(kept, received, strict=True):
        if message_id is not None and fact.kind not in pairs.SAID_BY_NOBODY:
            pair = (contact_id, channel_id)
            wrote[pair] = max(fact.at, wrote.get(pair, fact.at))
    pairs.open_windows(db, wrote)
    said = zip(kept, received, strict=True)
    note_words(db, [(contact_id, id, fact.text) for id, (contact_id, _channel, fact) in said if id is not None])
    return kept
