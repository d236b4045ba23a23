"""Small sentences for the ledger's tests: owe messages, claim them, look where they stand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from envoi.channels.models import Channel
from envoi.core.events import Failure, Receipt
from envoi.core.ids import MessageKey
from envoi.messaging import ledger
from envoi.messaging.ledger import Claimed

LEASE = timedelta(seconds=60)
Db = psycopg.Connection[Any]


def people(db: Db, count: int, *, marketing: str = "granted") -> list[int]:
    """Insert `count` contacts with numbers of the fiction range; returns their ids."""
    rows = db.execute(
        """
        INSERT INTO contacts (phone, name, language, country, timezone, marketing, service)
        SELECT '+336399' || lpad((80000 + n)::text, 5, '0'), 'Customer ' || n, 'fr', 'FR', '', %(marketing)s, 'unknown'
          FROM generate_series(1, %(count)s) n
        RETURNING id
        """,
        {"count": count, "marketing": marketing},
    ).fetchall()
    return [row[0] for row in rows]


def promoted(db: Db, channel: Channel, contact_id: int, *, ago: str = "0 hours") -> None:
    """They had a promotion from this number so long ago."""
    db.execute(
        """
        INSERT INTO pairs (contact_id, channel_id, promoted_at, promoted_by)
        VALUES (%(contact)s, %(channel)s, now() - %(ago)s::interval, 1)
        ON CONFLICT (contact_id, channel_id) DO UPDATE
           SET promoted_at = EXCLUDED.promoted_at, promoted_by = EXCLUDED.promoted_by
        """,
        {"contact": contact_id, "channel": channel.pk, "ago": ago},
    )


def lane(db: Db, channel: Channel, *, priority: int = 2) -> int:
    return ledger.add_lane(db, channel.pk, priority=priority)


def owe(db: Db, channel: Channel, lane_id: int, contact_ids: list[int], *, category: str = "marketing") -> list[int]:
    """Queue one message to each; returns the messages' ids."""
    return [
        ledger.enqueue(
            db,
            contact_id=contact_id,
            channel_id=channel.pk,
            lane_id=lane_id,
            recipient="+33639980001",
            kind="template",
            category=category,
            text="Hello",
            content={"body": "Hello"},
        )
        for contact_id in contact_ids
    ]


def claim(db: Db, channel: Channel, room: int = 100, lease: timedelta = LEASE) -> list[Claimed]:
    with db.transaction():
        return ledger.claim(db, channel.pk, room=room, lease=lease)


def state(db: Db, message_id: int) -> str:
    row = db.execute("SELECT state FROM messages WHERE id = %s", [message_id]).fetchone()
    assert row is not None
    return str(row[0])


def outbox(db: Db) -> dict[int, str]:
    return dict(db.execute("SELECT id, state FROM outbox").fetchall())


def receipt(contact_id: int, message_id: int, what: Any, *, at: datetime | None = None, **more: Any) -> Receipt:
    return Receipt(
        channel="1099",
        provider_id=f"wamid.{message_id}",
        key=MessageKey(contact_id, message_id),
        state=what,
        at=at or datetime.now(UTC),
        **more,
    )


CAP = Failure("131049", "Not delivered", "to keep the ecosystem healthy", action="wait")


def ask(db: Db, channel: Channel, room: int = 1000) -> tuple[list[int], list[tuple[str, bool]]]:
    """Claim, ask the limits and record what they refuse; returns the contacts allowed, and reasons with "waits"."""
    with db.transaction():
        taken = ledger.claim(db, channel.pk, room=room, lease=timedelta(seconds=60))
        allowed, refused = ledger.reserve_customers(db, taken)
        ledger.record_refusals(db, channel.pk, refused)
    return [one.contact_id for one in allowed], [(one.reason, one.until is not None) for one in refused]


def free_form(db: Db, channel: Channel, lane_id: int, contact_id: int, *, category: str = "service") -> int:
    return ledger.enqueue(
        db,
        contact_id=contact_id,
        channel_id=channel.pk,
        lane_id=lane_id,
        recipient="+33639980001",
        kind="text",
        category=category,
        content={"body": "Hello"},
    )


def window(db: Db, channel: Channel, contact_id: int, wait: str) -> None:
    db.execute(
        "INSERT INTO pairs (contact_id, channel_id, window_open_until) VALUES (%s, %s, now() + %s::interval)"
        " ON CONFLICT (contact_id, channel_id) DO UPDATE SET window_open_until = EXCLUDED.window_open_until",
        [contact_id, channel.pk, wait],
    )


def tier(channel: Channel, word: str) -> None:
    Channel.objects.filter(pk=channel.pk).update(tier=word)
