"""A shop's inbox after two years, for benches: conversations, their messages in the order of time, and their words.

Written by the database itself: without foreign keys asked for, and with most indexes made at the end. Rows lie as they
would: one customer's messages are spread over the whole table, as they came.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
from bench.rig import say

from envoi.messaging.ledger.lexemes import STRETCH_BITS, lexemes

AGENTS = 50
CHANNELS = 3
TEAMS = 4
YEARS = 2

OPENINGS = (
    "hello", "good morning", "hi there", "please", "excuse me", "bonjour", "bonsoir", "merci", "hola", "buenos días",
    "olá", "bom dia", "guten Tag", "hallo", "مرحبا", "شكرا", "你好", "请问", "谢谢", "can you tell me",
)  # fmt: skip
MATTERS = (
    "where is my parcel", "when will my order arrive", "the shoes are too small", "I would like to return the jacket",
    "do you have this in blue", "the discount code does not work", "I was charged twice", "can I change the address",
    "où est mon colis", "quand arrive ma commande", "les chaussures sont trop petites", "je voudrais un remboursement",
    "le code promo ne marche pas", "avez-vous cette robe en bleu", "dónde está mi pedido",  "quiero devolver el abrigo",
    "el código de descuento no funciona", "onde está a minha encomenda", "quero trocar o tamanho",
    "wo bleibt mein Paket", "die Größe passt nicht", "ich möchte umtauschen", "أين طلبي", "أريد استرجاع المبلغ",
    "متى يصل الطلب", "我的包裹在哪里", "我想退货", "鞋子太小了可以换吗", "什么时候发货", "优惠码不能用",
)  # fmt: skip
ENDINGS = (
    "thank you", "it is urgent", "I ordered last week", "the tracking says delivered", "see the photo", "",
    "merci d'avance", "c'est urgent", "gracias", "obrigada", "danke", "شكرا جزيلا", "谢谢", "很急", "best regards",
)  # fmt: skip
PHRASES = [f"{a} {b} {c}".strip() for a in OPENINGS for b in MATTERS for c in ENDINGS]

PEOPLE = """
INSERT INTO contacts (phone, name, language, country, timezone, marketing, service)
SELECT '+336' || lpad(n::text, 8, '0'), 'Customer ' || n, 'fr', 'FR', '', 'granted', 'unknown'
  FROM generate_series(1, %(contacts)s) n;
INSERT INTO identities (kind, value, scope, contact_id)
SELECT 'phone', '+336' || lpad(n::text, 8, '0'), '', n FROM generate_series(1, %(contacts)s) n;
INSERT INTO tags (name) VALUES ('regular'), ('vip'), ('rare');
INSERT INTO contact_tags (contact_id, tag_id)
SELECT n, 1 FROM generate_series(1, %(contacts)s, 10) n
UNION ALL SELECT n, 2 FROM generate_series(1, %(contacts)s, 100) n
UNION ALL SELECT n, 3 FROM generate_series(1, %(contacts)s, 10000) n;
"""
# Every tenth message names an order of its own.
MESSAGES = """
INSERT INTO messages (contact_id, id, channel_id, direction, kind, category, state, text, provider_id, created_at,
                      accepted_at, sent_at, delivered_at)
SELECT s.contact, s.k, 1 + s.contact %% {channels}, CASE WHEN s.ours THEN 'out' ELSE 'in' END, 'text', 'service',
       CASE WHEN s.ours THEN 'delivered' ELSE 'received' END,
       p.text || CASE WHEN s.k %% 10 = 0 THEN ' FR' || s.k ELSE '' END, 'wamid.HBgLMzM2Mzk5ODAwMDEV' || s.k, s.at,
       CASE WHEN s.ours THEN s.at END, CASE WHEN s.ours THEN s.at END, CASE WHEN s.ours THEN s.at END
  FROM (SELECT k, 1 + (k * 7919) %% {contacts} AS contact, (k / {contacts}) %% 2 = 1 AS ours,
               now() - ({messages} - k) * interval '{years} years' / {messages} AS at,
               1 + (k * 104729 + k / 9973) %% {phrases} AS phrase
          FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS k) AS s
  JOIN phrases p ON p.id = s.phrase
"""
WORDS = """
WITH stretch AS MATERIALIZED (
    SELECT p.id, array_to_tsvector(ARRAY(SELECT lpad(to_hex(%(stretch)s::bigint), 6, '0') || w
                                           FROM unnest(p.words) w)) AS v
      FROM phrases p
)
INSERT INTO message_words (contact_id, message_id, seq, words)
SELECT 1 + (k * 7919) %% {contacts}, k, k,
       CASE WHEN k %% 10 = 0
            THEN v || array_to_tsvector(ARRAY[lpad(to_hex(%(stretch)s::bigint), 6, '0') || 'fr' || k]) ELSE v END
  FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS k
  JOIN stretch p ON p.id = 1 + (k * 104729 + k / 9973) %% {phrases}
"""
# The last fifth of all conversations are the second ones of their customers. One in 25 is open, one in a hundred is
# snoozed; of those that are open a third is nobody's and half wait.
CONVERSATIONS = """
INSERT INTO conversations (contact_id, id, channel_id, state, assignee_id, team_id, priority, worth, unread, opened_at,
                           last_at, last_text, last_kind, last_direction, inbound_at, first_inbound_at, waiting_since,
                           alarm, snoozed_until, closed_at)
SELECT contact, n, 1 + contact %% {channels}, state,
       CASE WHEN n %% 3 = 0 THEN NULL ELSE 1 + n %% {agents} END, CASE WHEN n %% 2 = 0 THEN 1 + n %% {teams} END,
       CASE WHEN n %% 997 = 0 THEN 2 WHEN n %% 101 = 0 THEN 1 ELSE 0 END, n %% 5000, n %% 3, at, at,
       'where is my parcel', 'text', CASE WHEN waits THEN 'in' ELSE 'out' END, at, at, CASE WHEN waits THEN at END,
       CASE WHEN waits AND n %% 50 = 0 THEN 3 WHEN waits AND n %% 5 = 0 THEN 1 ELSE 0 END,
       CASE WHEN state = 'snoozed' THEN now() + n %% 1000 * interval '1 hour' END,
       CASE WHEN state = 'closed' THEN at END
  FROM (SELECT n, CASE WHEN n <= {contacts} THEN n ELSE n - {contacts} END AS contact,
               waits AND state = 'open' AS waits, state,
               now() - CASE WHEN state = 'closed'
                            THEN ({conversations} - n) * interval '{years} years' / {conversations}
                            ELSE n %% 20000 * interval '30 seconds' END AS at
          FROM (SELECT n, n %% 2 = 0 AS waits,
                       CASE WHEN n <= {second} THEN 'closed' WHEN n %% 25 = 1 THEN 'open'
                            WHEN n %% 100 = 2 THEN 'snoozed' ELSE 'closed' END AS state
                  FROM generate_series(1, {conversations}) AS n) AS kinds) AS s
"""
BESIDE = """
INSERT INTO conversation_events (contact_id, conversation_id, at, what, detail)
SELECT contact_id, id, opened_at, 'opened', '{{}}' FROM conversations;
INSERT INTO message_authors (contact_id, message_id, staff_id, at)
SELECT 1 + (k * 7919) %% {contacts}, k, 1 + k %% {agents}, now() FROM generate_series(1::bigint, {messages}, 11) k
 WHERE (k / {contacts}) %% 2 = 1;
INSERT INTO pairs (contact_id, channel_id, window_open_until)
SELECT DISTINCT contact_id, channel_id, now() + interval '12 hours' FROM conversations WHERE state = 'open';
"""


def fill(url: str, *, conversations: int, messages: int) -> dict[str, float]:
    """Fill an empty database; returns what took how many seconds."""
    contacts = conversations * 4 // 5
    sizes: dict[str, int] = {
        "contacts": contacts,
        "conversations": conversations,
        "second": conversations - contacts,
        "messages": messages,
        "phrases": len(PHRASES),
        "agents": AGENTS,
        "teams": TEAMS,
        "channels": CHANNELS,
        "years": YEARS,
    }
    took: dict[str, float] = {}
    with _connected(url) as db:
        _small(db)

    def step(name: str, *tables: str) -> None:
        began = time.monotonic()
        with _connected(url) as db:
            again = [line for table in tables for line in _without_indexes(db, table)]
            _write(db, name, sizes)
            for line in again:
                db.execute(line)  # type: ignore[arg-type]
        took[name] = round(time.monotonic() - began, 1)
        say(f"{name}: {took[name]} s")

    step("contacts", "contacts", "identities", "contact_tags")
    with ThreadPoolExecutor(2) as both:
        steps = [both.submit(step, "messages", "messages"), both.submit(step, "words", "message_words")]
        for one in steps:
            one.result()
    step("conversations", "conversations", "conversation_events", "message_authors", "pairs")
    with _connected(url) as db:
        for sequence, last in (
            ("messages_id_seq", messages), ("message_words_seq", messages), ("conversations_id_seq", conversations),
            ("contacts_id_seq", contacts),
        ):  # fmt: skip
            db.execute("SELECT setval(%s, %s)", [sequence, last])
        began = time.monotonic()
        db.execute("VACUUM (ANALYZE)")
        db.execute("CHECKPOINT")
        took["vacuum"] = round(time.monotonic() - began, 1)
    return took


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, autocommit=True) as db:
        for one in ("session_replication_role = replica", "synchronous_commit = off", "maintenance_work_mem = '1GB'"):
            db.execute(f"SET {one}")  # type: ignore[arg-type]
        yield db


def _small(db: psycopg.Connection) -> None:
    db.execute(
        "INSERT INTO staff (email, password, name, role, language, is_active) "
        "SELECT 'agent' || n || '@example.com', '', 'Agent ' || n, 'agent', 'en', true FROM generate_series(1, %s) n",
        [AGENTS],
    )
    db.execute("INSERT INTO teams (name) SELECT 'Team ' || n FROM generate_series(1, %s) n", [TEAMS])
    db.execute(
        "INSERT INTO accounts (provider, name, provider_id, credentials, hook_key, base_url) "
        "VALUES ('meta', 'Shop', '100200', '', 'hook', '')"
    )
    db.execute(
        "INSERT INTO channels (account_id, name, address, provider_id, state, state_reason, quality, tier, "
        "throughput_per_second) SELECT 1, 'Number ' || n, '+3363998000' || n, '10' || n, 'active', '', '', '', 80 "
        "FROM generate_series(1, %s) n",
        [CHANNELS],
    )
    db.execute("CREATE TABLE phrases (id bigint PRIMARY KEY, text text, words text[])")
    with db.cursor() as cursor, cursor.copy("COPY phrases FROM STDIN") as copy:
        for number, phrase in enumerate(PHRASES, 1):
            copy.write_row((number, phrase, lexemes(phrase)))
    db.execute("ANALYZE phrases")


def _write(db: psycopg.Connection, name: str, sizes: dict[str, int]) -> None:
    if name == "contacts":
        for line in _lines(PEOPLE % {"contacts": sizes["contacts"]}):
            db.execute(line)  # type: ignore[arg-type]
    elif name == "conversations":
        db.execute(CONVERSATIONS.format(**sizes).replace("%%", "%"))  # type: ignore[arg-type]
        for line in _lines(BESIDE.format(**sizes).replace("%%", "%")):
            db.execute(line)  # type: ignore[arg-type]
    else:
        text = (MESSAGES if name == "messages" else WORDS).format(**sizes)
        # Stretch by stretch: the words of one begin with its number.
        step = (1 << STRETCH_BITS) * (32 if name == "messages" else 1)
        for first in range(0, sizes["messages"] + 1, step):
            last = min(first + step - 1, sizes["messages"])
            asked = {"first": max(first, 1), "last": last, "stretch": first >> STRETCH_BITS}
            db.execute(text, asked)  # type: ignore[arg-type]


def _lines(text: str) -> list[str]:
    return [line for line in re.split(r";\s*\n", text) if line.strip()]


def _without_indexes(db: psycopg.Connection, table: str) -> list[str]:
    """Drop a table's indexes and keys; returns the statements that make them again."""
    keys = db.execute(
        """
        SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
         WHERE conrelid = %(table)s::regclass AND contype IN ('p', 'u')
           AND NOT EXISTS (SELECT 1 FROM pg_constraint f WHERE f.confrelid = %(table)s::regclass)
        """,
        {"table": table},
    ).fetchall()
    plain = db.execute(
        """
        SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
         WHERE indrelid = %(table)s::regclass
           AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = indexrelid)
        """,
        {"table": table},
    ).fetchall()
    for name, _definition in keys:
        db.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")  # type: ignore[arg-type]
    for name, _definition in plain:
        db.execute(f"DROP INDEX {name}")  # type: ignore[arg-type]
    return [f"ALTER TABLE {table} ADD CONSTRAINT {name} {text}" for name, text in keys] + [text for _, text in plain]
