"""Prices of what was delivered: which messages have none yet, and writing them, once each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from psycopg.rows import class_row

from .words import Connection

# ISO 4217's "no currency": the card had no price for this message; it is asked again when a card was changed.
UNPRICED = "XXX"


@dataclass(frozen=True, slots=True)
class Unpriced:
    """A delivered message without a price; `number` is its recipient's, or their WhatsApp id: it names a country too.

    pricing: the receipt's words as JSON text, whatever the connection makes of jsonb.
    """

    id: int
    contact_id: int
    channel_id: int
    campaign_id: int
    number: str
    category: str
    pricing: str | None
    delivered_at: datetime


@dataclass(frozen=True, slots=True)
class Price:
    """What a message cost; `amount` None when nobody knows."""

    message: Unpriced
    amount: Decimal | None
    currency: str


def unpriced(db: Connection, *, limit: int, after: int = 0, again: bool = False) -> list[Unpriced]:
    """The next delivered messages without a price, by id; again: those for which the card had none before."""
    with db.cursor(row_factory=class_row(Unpriced)) as cursor:
        cursor.execute(
            """
            -- messages_to_price (currency, id): an index scan that stops at the limit.
            SELECT m.id, m.contact_id, m.channel_id, COALESCE(m.campaign_id, 0) AS campaign_id,
                   COALESCE(c.phone, (SELECT min(i.value) FROM identities i
                                       WHERE i.contact_id = c.id AND i.kind = 'user_id'), '') AS number,
                   m.category, m.pricing::text AS pricing, m.delivered_at
              FROM messages m JOIN contacts c ON c.id = m.contact_id
             WHERE m.direction = 'out' AND m.delivered_at IS NOT NULL AND m.price IS NULL
               AND m.currency = %(currency)s AND m.id > %(after)s
             ORDER BY m.id
             LIMIT %(limit)s
            """,
            {"currency": UNPRICED if again else "", "after": after, "limit": limit},
        )
        return cursor.fetchall()


def record_prices(db: Connection, prices: Sequence[Price]) -> set[int]:
    """Write each price unless the message has one; returns the ids of those that got one now."""
    rows = db.execute(
        """
        UPDATE messages SET price = p.amount, currency = p.currency
          FROM unnest(%(contacts)s::bigint[], %(ids)s::bigint[], %(amounts)s::numeric[], %(currencies)s::text[])
               AS p (contact_id, id, amount, currency)
         WHERE messages.contact_id = p.contact_id AND messages.id = p.id AND messages.price IS NULL
        RETURNING messages.id
        """,
        {
            "contacts": [one.message.contact_id for one in prices],
            "ids": [one.message.id for one in prices],
            "amounts": [one.amount for one in prices],
            "currencies": [UNPRICED if one.amount is None else one.currency for one in prices],
        },
    )
    return {row[0] for row in rows}
