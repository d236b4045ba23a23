"""Counts an audience the way the send will judge it: who gets it, who waits until when, who is left out and why.

One pass over the segment, grouped: what comes back is a few thousand rows, whatever the size of the audience.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from ..core.phone import PREFIX_LENGTH, country_of_prefix
from ..message_templates.models import Template
from ..message_templates.wording import Components
from ..messaging import ledger
from ..messaging.actions import ledger_db
from ..messaging.free_entry import FREE_ENTRY
from ..messaging.ledger.standing import TOLD, in_force, joins, verdict
from ..messaging.limits import portfolio
from .audience import Audience, audience_of

# Of the contact, beside what the audience yields anyway: what the limits and the prices ask.
COLUMNS = (
    "country",
    "timezone",
    "marketing",
    "service",
    "held_until",
    "blocked_at",
)

# For this transaction. The planner expects a million groups where there are thousands: left alone it lets one core read
# them all, and would compile, where the server has that switched on, what runs for a few seconds only.
TOGETHER = "SET LOCAL parallel_tuple_cost = 0; SET LOCAL parallel_setup_cost = 0; SET LOCAL jit = off"


@dataclass(frozen=True, slots=True)
class Group:
    """So many people for whom everything is the same. `waits`: the limit they wait for, at most until `until`.

    country: "" when their number tells none. window_open, free_entry: what makes a message to them free.
    unseen: how many of them would count anew in the portfolio's limit.
    """

    reason: str
    waits: str
    country: str
    window_open: bool
    free_entry: bool
    people: int
    unseen: int
    until: datetime | None


def groups(
    rule: Mapping[str, Any],
    mapping: Mapping[str, Mapping[str, Any]],
    *,
    components: Components,
    category: str,
    channel_id: int,
    lifetime: timedelta,
    exclude_inactive: bool = True,
) -> list[Group]:
    """The audience in groups, as the limits stand now; who would wait longer than `lifetime` is left out for good.

    Raises VariableMissing and BadRule as audience_of does.
    """
    audience = audience_of(
        rule,
        mapping,
        components=components,
        category=category,
        channel_id=channel_id,
        also=COLUMNS,
        exclude_inactive=exclude_inactive,
    )
    rules = in_force(ledger_db(), channel_id)
    mine = ledger.portfolio_of(ledger_db(), channel_id)
    promotional = "true" if category == Template.Category.MARKETING else "false"
    no, until = verdict(promotional=promotional, free_form="false", expires_at="%(_expires)s::timestamptz")
    # First everybody is counted by what the rules may ask: their zone, the first digits of their number, when they were
    # written to (to the quarter of an hour, rounded up); whoever has something open with this number stands alone. Then
    # the rules are asked of each such group as if it were one contact: of thousands instead of a million.
    sql = f"""
        WITH counted AS MATERIALIZED (
            -- One key and not twelve: hashed once.
            SELECT ARRAY[a.reason, left(a.recipient, %(_length)s), a.country, a.timezone, a.marketing, a.service,
                         ({_quarter("a.held_until", "%(_now)s")})::text,
                         ({_quarter("told.at", "%(_now)s - %(_gap)s")})::text,
                         CASE WHEN GREATEST(p.window_open_until, p.borrowed_until, p.blocked_until) > %(_now)s
                              THEN p.contact_id::text END,
                         CASE WHEN pw.minute > %(_since)s THEN 'counts' END,
                         CASE WHEN f.contact_id IS NOT NULL THEN 'free' END,
                         CASE WHEN a.blocked_at IS NOT NULL THEN 'blocked' END]::text[] COLLATE "C" AS key,
                   count(*) AS people
              FROM ({audience.sql}) a
              LEFT JOIN pairs p ON p.contact_id = a.contact_id AND p.channel_id = %(_channel)s
              LEFT JOIN portfolio_writes pw ON pw.contact_id = a.contact_id AND pw.portfolio_id = %(_portfolio)s
              LEFT JOIN {TOLD} told ON told.contact_id = a.contact_id
              LEFT JOIN {FREE_ENTRY} f ON f.contact_id = a.contact_id
             GROUP BY 1
        ),
        people AS (
            -- Who is written to by an id has no phone: the rules go by their country, as they do at the send.
            SELECT key[1] AS reason, key[2] AS prefix, CASE WHEN starts_with(key[2], '+') THEN key[2] END AS phone,
                   key[3] AS country, key[4] AS timezone, key[5] AS marketing,
                   key[6] AS service, key[7]::timestamptz AS held_until, key[8]::timestamptz AS promoted_at,
                   key[9]::bigint AS id, key[10] IS NOT NULL AS counts,
                   key[11] IS NOT NULL AS free_entry,
                   CASE WHEN key[12] IS NOT NULL THEN %(_now)s::timestamptz END AS blocked_at, people
              FROM counted
        ),
        told AS (
            SELECT c.reason, c.prefix, c.free_entry, c.people,
                   CASE WHEN c.reason = '' THEN {no} ELSE '' END AS no,
                   CASE WHEN c.reason = '' THEN {until} END AS until,
                   w.open_now,
                   NOT (w.open_now OR c.counts) AS unseen
              FROM people c
              {joins(promotional=promotional, of="groups")}
        )
        SELECT reason, no, prefix, open_now, free_entry, until IS NULL, sum(people)::bigint,
               COALESCE(sum(people) FILTER (WHERE unseen), 0)::bigint, max(until)
          FROM told
         GROUP BY reason, no, prefix, open_now, free_entry, until IS NULL
    """  # noqa: S608  (only the fixed pieces above vary)
    parameters = {
        **audience.parameters,
        **rules.parameters,
        "_length": PREFIX_LENGTH,
        "_expires": rules.now + lifetime,
        "_portfolio": mine.id,
        "_since": rules.now - portfolio.WINDOW,
    }
    with connection.cursor() as cursor:
        cursor.execute(TOGETHER)
        cursor.execute(sql, parameters)
        return list(_by_country(cursor.fetchall()))


def _quarter(moment: str, after: str) -> str:
    """The end of the moment's quarter of an hour, NULL for a moment that is over."""
    ends = f"date_bin('15 minutes', {moment}, 'epoch'::timestamptz) + interval '15 minutes'"
    return f"CASE WHEN {moment} > {after} THEN {ends} END"


def _by_country(rows: list[tuple[Any, ...]]) -> Iterator[Group]:
    merged: dict[tuple[Any, ...], list[Any]] = {}
    for reason, no, prefix, window_open, free_entry, for_good, people, unseen, until in rows:
        left_out, waits = (reason or no, "") if for_good else (reason, no)
        key = (left_out, waits, country_of_prefix(prefix or ""), window_open, free_entry)
        counted = merged.setdefault(key, [0, 0, None])
        counted[0] += people
        counted[1] += unseen
        counted[2] = max(filter(None, (counted[2], until)), default=None)
    for key, counted in merged.items():
        yield Group(*key, *counted)


def also_queued(audience: Audience, *, not_lane: int | None = None) -> int:
    """How many who would get it wait for a promotion of another campaign at this moment."""
    with connection.cursor() as cursor:
        # Mostly nobody waits anywhere, and nobody has to be asked.
        cursor.execute("SELECT EXISTS (SELECT 1 FROM outbox WHERE promotional AND state = 'queued')")
        row = cursor.fetchone()
        if not (row and row[0]):
            return 0
        cursor.execute(
            f"""
            SELECT count(*) FROM ({audience.sql}) a
             WHERE a.reason = ''
               AND a.contact_id IN (SELECT contact_id FROM outbox
                                     WHERE promotional AND state = 'queued' AND lane_id IS DISTINCT FROM %(_lane)s)
            """,  # noqa: S608
            {**audience.parameters, "_lane": not_lane},
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0
