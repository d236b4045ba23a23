"""The table webhook_events: claim, note, put off, replay. On Django's connection, in its transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import connection, transaction

from ..channels.queries import PORTFOLIO_KEY
from ..core.addresses import hook_url
from ..providers.base import Delivery

# A webhook may hold a thousand receipts. While a step lasts, nothing that dispatch has sent since can be cleared away,
# and each look at what waits reads all of that: hence no more than some hundred at once.
MOST_BYTES_AT_ONCE = 512 * 1024

# Waits before the second, third … try of a webhook that failed; after the last one it is broken.
PAUSES = [timedelta(seconds=seconds) for seconds in (1, 5, 30, 120, 600)]


# webhook_events_waiting (urgent, due_at, id) WHERE state = 'new': with `urgent` said in the text, an index scan that
# stops at the limit, also in a plan that is kept. The length of a stored body is known without reading it.
CLAIM = """
WITH due AS MATERIALIZED (
    SELECT id, due_at, octet_length(body) AS size
      FROM webhook_events
     WHERE state = 'new' AND due_at <= statement_timestamp() {which}
     ORDER BY due_at, id
     LIMIT %(at_most)s
       FOR UPDATE SKIP LOCKED
),
fits AS (
    SELECT id, size, sum(size) OVER (ORDER BY due_at, id) AS with_those_before FROM due
)
UPDATE webhook_events w
   SET state = 'done', problem = ''
  FROM fits
 WHERE w.id = fits.id
   AND (with_those_before <= %(bytes)s OR with_those_before = size)
RETURNING w.due_at, w.id, account_id, provider,
          coalesce((SELECT hook_key FROM accounts a WHERE a.id = w.account_id), ''),
          query, content_type, body, received_at,
          -- Once, for the rest of the transaction. Safe in a power cut: what is forgotten is `new` again, and whoever
          -- sends what follows commits for good before.
          (SELECT set_config('synchronous_commit', 'off', true))
"""


@dataclass(slots=True)
class Stored:
    """One webhook. `notes` become its problem text, without making it a failure."""

    id: int
    account_id: int
    provider: str
    delivery: Delivery
    notes: list[str] = field(default_factory=list)


def claim(*, at_most: int, urgent: bool | None = None, only: int | None = None) -> list[Stored]:
    """Take what is due, oldest first: as many as fit into memory, or the one with the id `only`.

    urgent: only those that are, or are not; None for both.

    They are `done` when the caller's transaction commits, and as they were when it does not.
    """
    with connection.cursor() as cursor:
        which = "" if urgent is None else "AND urgent" if urgent else "AND NOT urgent"
        if only is not None:
            which += " AND id = %(only)s"
        cursor.execute(CLAIM.format(which=which), {"at_most": at_most, "only": only, "bytes": MOST_BYTES_AT_ONCE})
        rows = sorted(cursor.fetchall())
    taken = []
    addresses: dict[tuple[str, str], str] = {}
    for _due_at, event_id, account_id, provider, hook_key, query, content_type, body, received_at, _off in rows:
        address = addresses.get((provider, hook_key))
        if address is None:
            address = addresses[provider, hook_key] = hook_url(provider, hook_key)
        headers = {"content-type": content_type}
        delivery = Delivery.at(address, query=query, headers=headers, body=bytes(body), received_at=received_at)
        taken.append(Stored(event_id, account_id, provider, delivery))
    return taken


def note(batch: Iterable[Stored], *, state: str = "done") -> None:
    """Write the notes of claimed webhooks down; `broken` puts them aside."""
    noted = [stored for stored in batch if stored.notes or state != "done"]
    if not noted:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE webhook_events
               SET state = %(state)s, problem = n.problem
              FROM unnest(%(ids)s::bigint[], %(problems)s::text[]) AS n (id, problem)
             WHERE webhook_events.id = n.id
            """,
            {
                "state": state,
                "ids": [stored.id for stored in noted],
                "problems": ["\n".join(dict.fromkeys(stored.notes))[:10_000] for stored in noted],
            },
        )


def put_off(event_id: int, reason: str) -> bool:
    """Note the reason and try again later; False when it has been tried often enough."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE webhook_events
               SET attempts = attempts + 1,
                   problem = %(reason)s,
                   due_at = statement_timestamp() + (%(pauses)s::interval[])[attempts + 1]
             WHERE id = %(id)s
               AND state = 'new'
               AND attempts < %(tries)s
            """,
            {"id": event_id, "reason": reason, "pauses": PAUSES, "tries": len(PAUSES)},
        )
        return cursor.rowcount > 0


@transaction.atomic
def replay(event_ids: Iterable[int]) -> int:
    """Have these webhooks taken up again, whatever became of them; returns how many there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE webhook_events
               SET state = 'new', attempts = 0, problem = '', due_at = statement_timestamp()
             WHERE id = ANY(%(ids)s)
            """,
            {"ids": list(event_ids)},
        )
        found = cursor.rowcount
        cursor.execute("SELECT pg_notify('envoi_webhooks', ''), pg_notify('envoi_messages', '')")
        return found


def scopes() -> dict[int, str]:
    """Account id -> the business portfolio in which its user ids hold."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT a.id, {PORTFOLIO_KEY} FROM accounts a")  # noqa: S608  (our own text)
        return dict(cursor.fetchall())


def channels() -> dict[tuple[str, str], dict[int, int]]:
    """(provider, the provider's id of a number) -> {account id: our channel id}."""
    found: dict[tuple[str, str], dict[int, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.provider, c.provider_id, a.id, c.id
              FROM channels c JOIN accounts a ON a.id = c.account_id
             ORDER BY c.id
            """
        )
        for provider, provider_id, account_id, channel_id in cursor.fetchall():
            found.setdefault((provider, provider_id), {})[account_id] = channel_id
    return found
