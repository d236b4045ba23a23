"""A shop's customers for benchmarks, with orders, tags, attributes, habits and messages, made by PostgreSQL itself.

Import it after `rig.bench()` has prepared the database: it brings Django with it.
"""

from __future__ import annotations

from envoi.config import start  # isort: skip

import hashlib
from typing import Any

import psycopg

from envoi.channels.models import Account, Channel
from envoi.contacts.models import Attribute, Tag
from envoi.core.vault import seal
from envoi.orders import bounds
from envoi.orders.models import Order, RfmBounds
from envoi.segments import actions

__all__ = ["make", "orders", "start"]

# Rows are spread by a hash of the contact's number (h: 0 to 999,999), so that every run has the same people.
CONTACTS = """
INSERT INTO contacts (phone, name, language, country, timezone, attributes, marketing, service, created_at,
                      last_inbound_at)
SELECT '+336' || lpad(n::text, 8, '0'), 'Client ' || n,
       (ARRAY['fr', 'fr', 'fr-CA', 'en', 'es', 'de', 'it', 'zh-hans'])[1 + n %% 8],
       (ARRAY['FR', 'FR', 'CA', 'GB', 'ES', 'DE', 'IT', 'CN'])[1 + n %% 8], 'Europe/Paris',
       jsonb_build_object('level', (ARRAY['gold', 'silver', 'silver', 'none'])[1 + h %% 4], 'points', h %% 1000,
                          'born', to_char(date '1950-01-01' + h %% 18000, 'YYYY-MM-DD')),
       (ARRAY['granted', 'granted', 'granted', 'unknown', 'withdrawn'])[1 + h %% 5], 'unknown',
       now() - make_interval(hours => h %% 17520),
       CASE WHEN h %% 3 = 0 THEN now() - make_interval(hours => h %% 4000) END
  FROM (SELECT n, (abs(hashint8extended(n, 1)) %% 1000000)::int AS h FROM generate_series(1, %(count)s) n) AS numbered
"""
# One in five never ordered, the others from one order to many; three in ten of the orders have items.
ORDERS = """
INSERT INTO orders (contact_id, external_id, at, amount, currency, value, quantity, items)
SELECT c.id, 'o' || k, now() - make_interval(hours => (abs(hashint8extended(c.id * 64 + k, 2)) %% 17520)::int),
       v.amount, 'EUR', v.amount, 1,
       CASE WHEN h %% 10 < 3 THEN jsonb_build_array(jsonb_build_object('sku', 'SKU-' || h %% 500, 'quantity', 1))
            ELSE '[]' END
  FROM (SELECT id, (abs(hashint8extended(id, 3)) %% 1000000)::int AS r FROM contacts) c
 CROSS JOIN LATERAL generate_series(1, CASE WHEN r %% 5 = 0 THEN 0 ELSE 1 + (r %% 12) * (r %% 4) * 3 / 5 END) k
 CROSS JOIN LATERAL (SELECT (abs(hashint8extended(c.id * 64 + k, 4)) %% 1000000)::int AS h) s
 CROSS JOIN LATERAL (SELECT (5 + (c.r %% 500) * (50 + h %% 100) / 100)::numeric(14, 2) AS amount) v
"""
TOTALS = """
INSERT INTO order_totals (contact_id, orders, spend, unconverted, first_at, last_at, orders_30, orders_90, orders_365,
                          fresh_until)
SELECT contact_id, count(*), sum(value), 0, min(at), max(at), count(*) FILTER (WHERE at > now() - interval '30 days'),
       count(*) FILTER (WHERE at > now() - interval '90 days'),
       count(*) FILTER (WHERE at > now() - interval '365 days'), now() + interval '1 day'
  FROM orders GROUP BY contact_id
"""
ACTIVITY = """
INSERT INTO activity (contact_id, received, sent, delivered, read, last_seen_at)
SELECT id, 1, 3, 3, 2, now() - make_interval(hours => (h %% 6000)::int)
  FROM (SELECT id, (abs(hashint8extended(id, 5)) %% 1000000)::int AS h FROM contacts) c WHERE h %% 10 < 6
"""
TAGGED = """
INSERT INTO contact_tags (contact_id, tag_id)
SELECT c.id, t.id FROM contacts c CROSS JOIN tags t
 WHERE abs(hashint8extended(c.id * 16 + t.id, 6)) %% 100 < CASE t.name WHEN 'vip' THEN 5 ELSE 25 END
"""
# Campaign 7 went to six in ten, campaign 8 to three; every sixth answered.
SENT = """
INSERT INTO messages (contact_id, channel_id, campaign_id, direction, kind, category, state, provider_id, created_at,
                      accepted_at)
SELECT c.id, %(channel)s, k, 'out', 'template', 'marketing',
       (ARRAY['read', 'read', 'read', 'delivered', 'sent', 'failed'])[1 + h %% 6], 'o' || k || '-' || c.id, at, at
  FROM contacts c CROSS JOIN generate_series(7, 8) k
 CROSS JOIN LATERAL (SELECT (abs(hashint8extended(c.id * 16 + k, 7)) %% 1000000)::int AS h) s
 CROSS JOIN LATERAL (SELECT now() - make_interval(days => 10 * (k - 6)::int) AS at) a
 WHERE h %% 10 < CASE k WHEN 7 THEN 6 ELSE 3 END
"""
ANSWERED = """
INSERT INTO messages (contact_id, channel_id, direction, kind, category, state, text, provider_id, created_at)
SELECT contact_id, channel_id, 'in', 'text', 'service', 'received', 'ok', 'i' || id, accepted_at + interval '2 hours'
  FROM messages WHERE direction = 'out' AND abs(hashint8extended(id, 8)) %% 6 = 0
"""
LISTED = """
INSERT INTO segment_members (contact_id, segment_id)
SELECT id, %(guests)s FROM contacts WHERE abs(hashint8extended(id, 9)) %% 20 = 0
"""
TABLES = "contacts", "orders", "order_totals", "activity", "contact_tags", "messages", "segment_members"


def make(url: str, count: int) -> dict[str, Any]:
    """Everything; returns the numbers that an expert would look up: the tag's, the list's, the sample's seed."""
    for key, kind in (("level", "choice"), ("points", "number"), ("born", "date")):
        choices = ["gold", "silver", "none"] if kind == "choice" else []
        Attribute.objects.create(key=key, label=key, kind=kind, choices=choices)
    tags = {name: Tag.objects.create(name=name).pk for name in ("vip", "shop", "web", "fair", "club")}
    guests = actions.save_list(name="Guests", by=None).pk
    account = Account.objects.create(
        provider="meta", name="Shop", provider_id="1", credentials=seal({"token": "t"}), hook_key="bench"
    )
    channel = Channel.objects.create(
        account=account, name="Shop", address="+33639980000", provider_id="2", throughput_per_second=80
    )
    parameters = {"count": count, "channel": channel.pk, "guests": guests}
    with psycopg.connect(url, autocommit=True) as db:
        # Their rows are right by the way they are made; the indexes are made when all are there.
        db.execute("SET session_replication_role = replica")
        db.execute("SET maintenance_work_mem = '512MB'")
        db.execute("SET work_mem = '256MB'")
        db.execute("SET synchronous_commit = off")
        db.execute("DROP INDEX IF EXISTS contacts_name_search, contacts_phone_search, contacts_phone_end")
        for table, statements in (
            ("contacts", [CONTACTS]),
            ("orders", [ORDERS]),
            ("order_totals", [TOTALS]),
            ("activity", [ACTIVITY]),
            ("contact_tags", [TAGGED]),
            ("messages", [SENT, ANSWERED]),
            ("segment_members", [LISTED]),
        ):
            indexes = [row[0] for row in db.execute(INDEXES, [table]).fetchall()]
            for (name,) in db.execute(INDEX_NAMES, [table]).fetchall():
                db.execute(f'DROP INDEX "{name}"')
            for statement in statements:
                db.execute(statement, parameters)
            for definition in indexes:
                db.execute(definition)
            db.execute(f"VACUUM (ANALYZE, FREEZE) {table}")
    bounds.refresh()
    seed = int.from_bytes(hashlib.sha256(b"autumn").digest()[:8], signed=True)
    newest = RfmBounds.objects.latest("at")
    found = {"recent": newest.recency[1].isoformat(), "often": newest.frequency[2]}
    return {"vip": tags["vip"], "guests": guests, "seed": seed, **found}


def orders() -> int:
    """How many there are."""
    return Order.objects.count()


# Those that no constraint stands for.
_PLAIN = """
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
 WHERE i.indrelid = %s::regclass AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)
"""
INDEXES = "SELECT pg_get_indexdef(i.indexrelid)" + _PLAIN
INDEX_NAMES = "SELECT c.relname" + _PLAIN
