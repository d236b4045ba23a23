"""Lanes, and the ways into them: a campaign's recipients, a single message; and what customers write to us."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from psycopg.types.json import Jsonb

from ...core.events import MessageReceived
from . import pairs
from .words import Connection, Planned


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
               %(whole)s, %(expires_at)s
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
            # All that dispatch needs stands in the outbox, which it reads alone.
            "whole": Jsonb({**(content or {}), "kind": kind, "reply_to": reply_to}),
            "reply_to": reply_to,
            "expires_at": expires_at,
        },
    ).fetchone()
    assert row is not None
    return int(row[0])


def receive(db: Connection, fact: MessageReceived, *, contact_id: int, channel_id: int) -> bool:
    """Keep a customer's message, and open their window with this number; False when it was here already.

    Webhooks come more than once.
    """
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
    if made is None:
        return False
    if fact.kind not in pairs.SAID_BY_NOBODY:
        pairs.open_window(db, channel_id, contact_id, wrote_at=fact.at)
    return True
