"""What rules ask of a customer and of the moment, for a batch of messages in one statement; the rest when asked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from ..channels.queries import PORTFOLIO_KEY
from ..core.events import MessageReceived
from ..segments.compiling import compile_rule
from ..segments.errors import BadRule
from ..segments.known import Known
from ..segments.models import Segment
from .guarding import REPEATS_SECONDS
from .rules import Customer, Heard

FOR_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Asked:
    """A message of a customer, new and kept, that rules may answer."""

    contact_id: int
    channel_id: int
    message_id: int
    fact: MessageReceived


@dataclass(frozen=True, slots=True)
class Order:
    """An order of theirs, as texts name it."""

    number: str
    at: datetime
    amount: str
    items: str


@dataclass(slots=True)
class Facts:
    """What is known of whoever wrote `asked`. order: the one they named, else their newest; read when a text asks.

    lane_id: where replies of this channel wait, found without a lock; None while nobody has made it.
    """

    asked: Asked
    name: str
    phone: str
    language: str
    country: str
    attributes: Mapping[str, Any]
    reachable: bool
    recipient: str
    tags: frozenset[str]
    window_open: bool
    conversation_id: int | None
    team_id: int | None
    person_at: datetime | None
    is_first: bool
    in_hour: int
    same: int
    is_answered: bool
    lane_id: int | None
    known: Batch
    named: str = ""

    def customer(self, *, silent: timedelta, until_closed: bool) -> Customer:
        """For matching. silent: how long rules say nothing after a person answered in this conversation."""
        until = None
        if self.person_at is not None:
            until = FOR_EVER if until_closed else self.person_at + silent
        return Customer(
            tags=self.tags,
            language=self.language,
            is_first=self.is_first,
            window_open=self.window_open,
            person_until=until,
            team_id=self.team_id,
            in_segment=self._in_segment,
            order_named=self._order_named,
        )

    def _in_segment(self, segment_id: int) -> bool:
        return self.known.in_segment(segment_id, self.asked.contact_id)

    def _order_named(self, numbers: Sequence[str]) -> str:
        self.named = order_named(self.asked.contact_id, numbers)
        return self.named


@dataclass(slots=True)
class Batch:
    """What is looked up at most once for all messages of a batch."""

    known: Known | None = None
    segments: dict[int, Any] = field(default_factory=dict)

    def in_segment(self, segment_id: int, contact_id: int) -> bool:
        """Whether somebody is in a segment now. A segment that is gone, or means nothing any more, has nobody."""
        condition = self._condition(segment_id)
        if condition is None:
            return False
        with connection.cursor() as cursor:
            # By the contact's primary key; the segment's own conditions then read this one person's rows.
            cursor.execute(
                f"SELECT 1 FROM {condition.source} WHERE c.id = %(_contact)s AND {condition.where}",  # noqa: S608
                {**condition.params, "_contact": contact_id},
            )
            return cursor.fetchone() is not None

    def _condition(self, segment_id: int) -> Any:
        if segment_id not in self.segments:
            self.known = self.known or Known()
            rule = Segment.objects.filter(pk=segment_id).values_list("rule", flat=True).first()
            try:
                self.segments[segment_id] = None if rule is None else compile_rule(rule, self.known)
            except BadRule:
                self.segments[segment_id] = None
        return self.segments[segment_id]


# Every look-up begins with the contact, so each is an index scan over this one customer's rows; messages_received
# (contact, created_at) stops at the first row where only being there counts.
FACTS = f"""
WITH waiting AS MATERIALIZED (
    SELECT channel_id, min(id) AS id
      FROM lanes
     WHERE channel_id = ANY(%(channels)s) AND priority = 0 AND form IS NULL AND state = 'open'
     GROUP BY channel_id
)
SELECT q.message_id, c.name, COALESCE(c.phone, ''), c.language, c.country, c.attributes,
       c.blocked_at IS NULL AND c.erased_at IS NULL AND c.service <> 'withdrawn',
       COALESCE(c.phone, (SELECT i.value FROM identities i
                           WHERE i.contact_id = c.id AND i.kind = 'user_id' AND i.scope = {PORTFOLIO_KEY}
                           LIMIT 1), ''),
       ARRAY(SELECT t.name FROM contact_tags ct JOIN tags t ON t.id = ct.tag_id WHERE ct.contact_id = c.id),
       EXISTS (SELECT 1 FROM pairs p
                WHERE p.contact_id = c.id AND p.channel_id = q.channel_id AND p.window_open_until > now()),
       cv.id, cv.team_id,
       (SELECT max(w.at) FROM message_authors w
         WHERE w.contact_id = c.id AND w.conversation_id = cv.id AND w.staff_id IS NOT NULL),
       NOT EXISTS (SELECT 1 FROM messages m
                    WHERE m.contact_id = c.id AND m.direction = 'in'
                      AND (m.created_at, m.id) < (q.at, q.message_id)),
       (SELECT count(*) FROM auto_answers h
         WHERE h.contact_id = c.id AND h.held = '' AND h.at > now() - interval '1 hour'),
       (SELECT count(*) FROM messages m
         WHERE m.contact_id = c.id AND m.direction = 'in' AND m.created_at > q.at - make_interval(secs => %(repeats)s)
           AND (m.created_at, m.id) < (q.at, q.message_id) AND m.text <> '' AND m.text = q.text),
       EXISTS (SELECT 1 FROM auto_answers d WHERE d.contact_id = c.id AND d.message_id = q.message_id),
       l.id
  FROM unnest(%(contacts)s::bigint[], %(channels)s::bigint[], %(messages)s::bigint[], %(ats)s::timestamptz[],
              %(texts)s::text[]) AS q (contact_id, channel_id, message_id, at, text)
  JOIN contacts c ON c.id = q.contact_id
  JOIN channels ch ON ch.id = q.channel_id
  JOIN accounts a ON a.id = ch.account_id
  LEFT JOIN waiting l ON l.channel_id = q.channel_id
  LEFT JOIN conversations cv ON cv.contact_id = c.id AND cv.channel_id = q.channel_id AND cv.state <> 'closed'
"""  # noqa: S608  (our own text)


def facts_of(asked: Sequence[Asked], batch: Batch) -> dict[int, Facts]:
    """What is known at this moment of whoever wrote each of these messages, by the message's id."""
    if not asked:
        return {}
    by_id = {one.message_id: one for one in asked}
    with connection.cursor() as cursor:
        cursor.execute(
            FACTS,
            {
                "contacts": [one.contact_id for one in asked],
                "channels": [one.channel_id for one in asked],
                "messages": [one.message_id for one in asked],
                "ats": [one.fact.at for one in asked],
                "texts": [one.fact.text.replace("\x00", "") for one in asked],
                "repeats": REPEATS_SECONDS,
            },
        )
        return {row[0]: _facts(by_id[row[0]], row[1:], batch) for row in cursor.fetchall()}


def heard(fact: MessageReceived, channel_id: int) -> Heard:
    """A message as rules see it."""
    return Heard(
        kind=fact.kind,
        text=fact.text,
        at=fact.at,
        channel_id=channel_id,
        payload=payload_of(fact),
        referral=referral_of(fact),
    )


def payload_of(fact: MessageReceived) -> str:
    """What a tapped button or a chosen row sends back; "" for what was typed."""
    content = fact.content
    button = content.get("button")
    if isinstance(button, Mapping) and isinstance(button.get("payload"), str):
        return str(button["payload"])
    interactive = content.get("interactive")
    if isinstance(interactive, Mapping):
        for kind in ("button_reply", "list_reply"):
            chosen = interactive.get(kind)
            if isinstance(chosen, Mapping) and isinstance(chosen.get("id"), str):
                return str(chosen["id"])
    return ""


def referral_of(fact: MessageReceived) -> dict[str, str]:
    """What is known of the ad, post or link that led here, as texts (Meta sheet, D.4)."""
    referral = fact.content.get("referral")
    if not isinstance(referral, Mapping):
        return {}
    return {key: value[:500] for key, value in referral.items() if isinstance(value, str) and value}


def order_named(contact_id: int, numbers: Sequence[str]) -> str:
    """Which of these is the number of an order of theirs, however it is capitalised, with or without its “#”."""
    wanted = [form for one in numbers for form in (one.upper(), f"#{one.upper()}")]
    with connection.cursor() as cursor:
        # Over one customer's orders, by the primary key.
        cursor.execute(
            """
            SELECT external_id FROM orders
             WHERE contact_id = %(contact)s AND upper(external_id) = ANY(%(wanted)s)
             ORDER BY at DESC LIMIT 1
            """,
            {"contact": contact_id, "wanted": wanted},
        )
        row = cursor.fetchone()
    return row[0] if row else ""


def order_of(contact_id: int, number: str = "") -> Order | None:
    """The order with this number, or their newest; None when they have none. Who gave it no number reads none."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT CASE WHEN external_id LIKE 'auto:%%' THEN '' ELSE external_id END, at, amount, currency,
                   (SELECT string_agg(i ->> 'name', ', ') FROM jsonb_array_elements(items) i WHERE i ->> 'name' <> '')
              FROM orders
             WHERE contact_id = %(contact)s AND (%(number)s = '' OR external_id = %(number)s)
             ORDER BY at DESC LIMIT 1
            """,
            {"contact": contact_id, "number": number},
        )
        row = cursor.fetchone()
    return Order(row[0], row[1], f"{row[2]:.2f} {row[3]}", row[4] or "") if row else None


def _facts(asked: Asked, row: Sequence[Any], batch: Batch) -> Facts:
    return Facts(
        asked=asked,
        name=row[0],
        phone=row[1],
        language=row[2],
        country=row[3],
        attributes=row[4] if isinstance(row[4], dict) else json.loads(row[4]),
        reachable=row[5],
        recipient=row[6],
        tags=frozenset(row[7]),
        window_open=row[8],
        conversation_id=row[9],
        team_id=row[10],
        person_at=row[11],
        is_first=row[12],
        in_hour=row[13],
        same=row[14],
        is_answered=row[15],
        lane_id=row[16],
        known=batch,
    )
