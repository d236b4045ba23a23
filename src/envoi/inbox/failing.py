"""An answer that did not arrive is no answer: its conversation waits again. Without Django, as dispatch is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from ..messaging.ledger import SAID_BY_NOBODY

Connection = psycopg.Connection[Any]

# One probe of the primary key each; a campaign's messages have no author and end there. A receipt may name a message by
# the provider's id alone.
WRITTEN = """
SELECT m.contact_id, m.id, a.conversation_id
  FROM unnest(%(contacts)s::bigint[], %(messages)s::bigint[]) AS k (contact_id, message_id)
  JOIN messages m ON m.contact_id = k.contact_id AND m.id = k.message_id
  JOIN message_authors a ON a.contact_id = m.contact_id AND a.message_id = m.id
 WHERE m.state = 'failed' AND a.conversation_id IS NOT NULL
UNION
SELECT m.contact_id, m.id, a.conversation_id
  FROM messages m
  JOIN message_authors a ON a.contact_id = m.contact_id AND a.message_id = m.id
 WHERE m.provider_id = ANY(%(provider_ids)s::text[]) AND m.direction = 'out'
   AND m.state = 'failed' AND a.conversation_id IS NOT NULL
 ORDER BY 1, 2
"""
HOLD = "SELECT id FROM contacts WHERE id = ANY(%(contacts)s) ORDER BY id FOR NO KEY UPDATE"

# All of it lies in the customer's own stretch of each key. Whoever told us twice has told us once. What a later answer
# has said, or one that is still on its way, need not be said again: then nobody waits. Else they wait since the message
# that this one answered, as it stood before it; or the first that no person has answered, when several failed in a row.
WAIT = """
WITH failed AS MATERIALIZED (
    SELECT c.contact_id, c.id, c.channel_id, c.assignee_id, c.state, m.id AS message_id, m.created_at,
           c.before_reply ->> 'message' = m.id::text AS is_last,
           (c.before_reply #>> '{was,waiting_since}')::timestamptz AS waited,
           c.before_reply #>> '{was,first_answer_at}' IS NULL AS was_first,
           EXISTS (SELECT 1 FROM message_authors a
                     JOIN messages n ON n.contact_id = a.contact_id AND n.id = a.message_id
                    WHERE a.contact_id = c.contact_id AND a.conversation_id = c.id AND a.message_id > m.id
                      AND a.staff_id IS NOT NULL AND n.state NOT IN ('failed', 'cancelled', 'skipped')
                      AND n.kind <> 'reaction') AS answered
      FROM conversations c
      JOIN messages m ON m.contact_id = c.contact_id AND m.id = %(message)s
     WHERE c.contact_id = %(contact)s AND c.id = %(conversation)s AND m.kind <> 'reaction'
       AND NOT EXISTS (SELECT 1 FROM conversation_events e
                        WHERE e.contact_id = c.contact_id AND e.conversation_id = c.id AND e.what = 'not_delivered'
                          AND e.detail ->> 'message' = m.id::text)
       FOR UPDATE OF c
),
since AS MATERIALIZED (
    SELECT f.*, CASE WHEN f.answered THEN NULL WHEN f.is_last AND f.waited IS NOT NULL THEN f.waited
                ELSE (SELECT min(i.created_at) FROM messages i
                       WHERE i.contact_id = f.contact_id AND i.channel_id = f.channel_id AND i.direction = 'in'
                         AND i.id < f.message_id AND NOT i.kind = ANY(%(nothing)s::text[])
                         AND i.id > COALESCE((
                             SELECT max(a.message_id) FROM message_authors a
                               JOIN messages n ON n.contact_id = a.contact_id AND n.id = a.message_id
                              WHERE a.contact_id = f.contact_id AND a.conversation_id = f.id
                                AND a.message_id < f.message_id AND a.staff_id IS NOT NULL
                                AND n.state NOT IN ('failed', 'cancelled', 'skipped') AND n.kind <> 'reaction'
                             ), 0)
                         AND EXISTS (SELECT 1 FROM conversations o
                                      WHERE o.contact_id = f.contact_id AND o.id = f.id
                                        AND o.first_inbound_at <= i.created_at)) END AS at
      FROM failed f
),
waits AS (
    UPDATE conversations c
       SET waiting_since = LEAST(c.waiting_since, s.at), look_at = now(), state = 'open', snoozed_until = NULL,
           closed_at = NULL, closed_by_id = NULL, before_reply = NULL,
           first_answer_at = CASE WHEN s.is_last AND s.was_first THEN NULL ELSE c.first_answer_at END,
           first_answer_by_id = CASE WHEN s.is_last AND s.was_first THEN NULL ELSE c.first_answer_by_id END
      FROM since s
     WHERE c.contact_id = s.contact_id AND c.id = s.id AND s.at IS NOT NULL
       AND (s.state <> 'closed'
            OR NOT EXISTS (SELECT 1 FROM conversations o
                            WHERE o.contact_id = s.contact_id AND o.channel_id = s.channel_id AND o.id <> s.id
                              AND o.state <> 'closed'))
    RETURNING c.contact_id
),
noted AS (
    INSERT INTO conversation_events (contact_id, conversation_id, what, detail)
    SELECT s.contact_id, s.id, 'not_delivered',
           jsonb_build_object('message', s.message_id, 'waits', EXISTS (SELECT 1 FROM waits))
      FROM since s
)
SELECT pg_notify('inbox', json_build_object('what', 'state', 'contact', s.contact_id, 'conversation', s.id,
                                            'assignee', s.assignee_id)::text)
  FROM since s
"""


def wait_again(db: Connection, keys: Sequence[tuple[int, int]], provider_ids: Sequence[str] = ()) -> None:
    """Let the customers of answers that failed (contact and message, or the provider's ids) wait again.

    In the caller's transaction, after the ledger has written that they failed. One that was closed is open again; where
    another conversation has begun since, it is only noted.
    """
    if not keys and not provider_ids:
        return
    given = {
        "contacts": [key[0] for key in keys],
        "messages": [key[1] for key in keys],
        "provider_ids": list(provider_ids),
    }
    found = db.execute(WRITTEN, given).fetchall()
    if not found:
        return
    # The contacts before their conversations, as everybody holds them (inbox.holding).
    db.execute(HOLD, {"contacts": sorted({row[0] for row in found})})
    for contact_id, message_id, conversation_id in found:
        db.execute(
            WAIT,
            {
                "contact": contact_id,
                "message": message_id,
                "conversation": conversation_id,
                "nothing": [*SAID_BY_NOBODY, "reaction"],
            },
        )
