"""The portfolio's count: who may be written to first today, over all numbers and campaigns of one business.

`portfolio_writes` has since when each customer counts, `portfolio_minutes` the sums by minute. Whoever counts holds the
portfolio's row, taken after contacts and before pairs (ledger.holding), to the end of its transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..limits import portfolio
from .moves import whole
from .words import Connection

# A portfolio is a business, or an account whose business is unknown; its tier is what all its numbers say.
MINE = """
    SELECT COALESCE(NULLIF(a.portfolio, ''), 'account:' || a.id) AS id,
           (SELECT array_agg(DISTINCT peers.tier)
              FROM channels peers JOIN accounts theirs ON theirs.id = peers.account_id
             WHERE theirs.id = a.id OR a.portfolio <> '' AND theirs.portfolio = a.portfolio) AS tiers,
           -- What accounts of this business counted while nobody knew that they belong to it.
           (SELECT array_agg(alone.id::text)
              FROM accounts theirs JOIN portfolios alone ON alone.id = 'account:' || theirs.id
             WHERE a.portfolio <> '' AND theirs.portfolio = a.portfolio) AS alone
      FROM channels c JOIN accounts a ON a.id = c.account_id
     WHERE c.id = %(channel)s
"""
STANDING = f"""
SELECT mine.id, mine.tiers, clock_timestamp(),
       COALESCE((SELECT sum(contacts) FROM portfolio_minutes
                  WHERE portfolio_id = ANY(mine.alone || mine.id::text)
                    AND minute > clock_timestamp() - %(window)s), 0)::bigint,
       mine.alone
  FROM ({MINE}) AS mine
"""  # noqa: S608  (our own text)

# A business became known: its accounts' counts become one. Rare, so it may read every row of theirs.
JOIN_UP = (
    "SELECT 1 FROM portfolios WHERE id = ANY(%(alone)s) ORDER BY id FOR NO KEY UPDATE",
    "UPDATE portfolio_returns SET portfolio_id = %(portfolio)s WHERE portfolio_id = ANY(%(alone)s)",
    """
    WITH moved AS (
        DELETE FROM portfolio_writes WHERE portfolio_id = ANY(%(alone)s) RETURNING contact_id, minute, counted_by
    )
    INSERT INTO portfolio_writes (contact_id, portfolio_id, minute, counted_by)
    SELECT DISTINCT ON (contact_id) contact_id, %(portfolio)s, minute, counted_by
      FROM moved ORDER BY contact_id, minute DESC
    ON CONFLICT (contact_id, portfolio_id) DO UPDATE
       SET minute = GREATEST(portfolio_writes.minute, EXCLUDED.minute), counted_by = NULL
    """,
    "DELETE FROM portfolio_minutes WHERE portfolio_id = %(portfolio)s OR portfolio_id = ANY(%(alone)s)",
    """
    INSERT INTO portfolio_minutes (portfolio_id, minute, contacts)
    SELECT portfolio_id, minute, count(*) FROM portfolio_writes
     WHERE portfolio_id = %(portfolio)s AND minute > clock_timestamp() - %(window)s
     GROUP BY portfolio_id, minute
    """,
    "DELETE FROM portfolios WHERE id = ANY(%(alone)s)",
)

# Those who reached nobody stop counting. Locked rows are left for the next count: nobody waits here.
RETURNS = """
WITH back AS (
    DELETE FROM portfolio_returns WHERE portfolio_id = %(portfolio)s RETURNING contact_id, message_id
),
gone AS (
    DELETE FROM portfolio_writes w USING back
     WHERE w.contact_id = back.contact_id AND w.portfolio_id = %(portfolio)s AND w.counted_by = back.message_id
    RETURNING w.minute
)
UPDATE portfolio_minutes m SET contacts = m.contacts - g.n
  FROM (SELECT minute, count(*)::int AS n FROM gone GROUP BY minute) AS g
 WHERE m.portfolio_id = %(portfolio)s AND m.minute = g.minute
"""

# A customer who counts already may always be written to again and counts from now on; of the others, the first `room`.
COUNT = """
-- MATERIALIZED: its probe is named twice below, and would be made twice.
WITH asked AS MATERIALIZED (
    SELECT a.*,
           -- By both keys of the primary key, one probe each. As a join it was planned on the portfolio alone while the
           -- table's statistics were young: each claim then read all of the day's writes, 400 ms where this takes 2.
           (SELECT w.minute FROM portfolio_writes w
             WHERE w.contact_id = a.contact_id AND w.portfolio_id = %(portfolio)s AND w.minute > %(since)s) AS before
      FROM unnest(%(contacts)s::bigint[], %(messages)s::bigint[]) WITH ORDINALITY
           AS a (contact_id, message_id, position)
),
seen AS (
    SELECT *, count(*) FILTER (WHERE before IS NULL) OVER (ORDER BY position) AS rank FROM asked
),
let AS (SELECT * FROM seen WHERE before IS NOT NULL OR %(room)s::bigint IS NULL OR rank <= %(room)s::bigint),
written AS (
    INSERT INTO portfolio_writes (contact_id, portfolio_id, minute, counted_by)
    SELECT contact_id, %(portfolio)s, %(minute)s, CASE WHEN before IS NULL THEN message_id END FROM let
     ORDER BY contact_id
    ON CONFLICT (contact_id, portfolio_id) DO UPDATE
       SET minute = EXCLUDED.minute,
           -- The message that made them count, come back from a wait, still is.
           counted_by = CASE WHEN EXCLUDED.counted_by IS NOT NULL THEN EXCLUDED.counted_by
                             WHEN portfolio_writes.counted_by = ANY(%(messages)s::bigint[])
                             THEN portfolio_writes.counted_by END
),
sums AS (
    SELECT minute, sum(n)::int AS n
      FROM (SELECT before AS minute, -1 AS n FROM let WHERE before IS NOT NULL
            UNION ALL SELECT %(minute)s, 1 FROM let) AS moves
     GROUP BY minute HAVING sum(n) <> 0
),
summed AS (
    INSERT INTO portfolio_minutes (portfolio_id, minute, contacts)
    SELECT %(portfolio)s, minute, n FROM sums ORDER BY minute
    ON CONFLICT (portfolio_id, minute) DO UPDATE SET contacts = portfolio_minutes.contacts + EXCLUDED.contacts
)
SELECT contact_id FROM let
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """Who may be written to, and when the others get their turn."""

    let: set[int]
    turns: dict[int, datetime]


def count(db: Connection, channel_id: int, firsts: Sequence[tuple[int, int]]) -> Counted:
    """Count customers who are about to be written to first; firsts: (contact_id, message_id), each contact once.

    Those beyond the limit are promised their turns over the next days, in their order. The counting is exact, to the
    minute, by the database's clock: two dispatchers never let more in than the limit.
    """
    if not firsts:
        return Counted(set(), {})
    row = db.execute(MINE, {"channel": channel_id}).fetchone()
    assert row is not None
    mine = str(row[0])
    promised = _hold(db, mine)
    if row[2]:
        for statement in JOIN_UP:
            db.execute(statement, {"portfolio": mine, "alone": row[2], "window": portfolio.WINDOW})
    db.execute(RETURNS, {"portfolio": mine})
    # Only now, when nobody else counts; clock_timestamp() is the time after the wait, not the transaction's.
    standing = db.execute(STANDING, {"channel": channel_id, "window": portfolio.WINDOW}).fetchone()
    assert standing is not None
    _, tiers, now, used, _ = standing
    limit = portfolio.lowest(tiers or ())
    minute = now.replace(second=0, microsecond=0)
    let = {
        found[0]
        for found in db.execute(
            COUNT,
            {
                "portfolio": mine,
                "contacts": whole(contact for contact, _ in firsts),
                "messages": whole(message for _, message in firsts),
                "since": now - portfolio.WINDOW,
                "minute": minute,
                "room": None if limit is None else max(limit - used, 0),
            },
        ).fetchall()
    }
    left = [contact for contact, _ in firsts if contact not in let]
    if not left or limit is None:
        return Counted(let, {})
    return Counted(let, dict(zip(left, _turns(db, mine, limit, now, len(left), promised), strict=True)))


def next_room(db: Connection, channel_id: int) -> datetime | None:
    """When a full portfolio has room for one more customer; None while there is room, or no limit is known."""
    standing = db.execute(STANDING, {"channel": channel_id, "window": portfolio.WINDOW}).fetchone()
    if standing is None:
        return None
    mine, tiers, now, used, alone = standing
    limit = portfolio.lowest(tiers or ())
    if limit is None or used < limit:
        return None
    turns, _ = portfolio.plan(_minutes(db, [mine, *(alone or ())], now), limit=limit, now=now, count=1)
    return turns[0]


def _hold(db: Connection, mine: str) -> portfolio.Promise | None:
    query = "SELECT promised_at, promised FROM portfolios WHERE id = %(id)s FOR NO KEY UPDATE"
    row = db.execute(query, {"id": mine}).fetchone()
    if row is None:
        db.execute("INSERT INTO portfolios (id) VALUES (%(id)s) ON CONFLICT DO NOTHING", {"id": mine})
        row = db.execute(query, {"id": mine}).fetchone()
    assert row is not None
    return portfolio.Promise(*row) if row[0] else None


def _turns(
    db: Connection, mine: str, limit: int, now: datetime, count: int, promised: portfolio.Promise | None
) -> list[datetime]:
    """Turns for those who found no room; what has been promised before is not promised again."""
    db.execute(
        "DELETE FROM portfolio_minutes WHERE portfolio_id = %(portfolio)s AND minute <= %(since)s",
        {"portfolio": mine, "since": now - portfolio.WINDOW},
    )
    turns, promise = portfolio.plan(_minutes(db, [mine], now), limit=limit, now=now, count=count, promised=promised)
    if promise and promise != promised:
        db.execute(
            "UPDATE portfolios SET promised_at = %(at)s, promised = %(count)s WHERE id = %(portfolio)s",
            {"at": promise.at, "count": promise.count, "portfolio": mine},
        )
    return turns


def _minutes(db: Connection, mine: Sequence[str], now: datetime) -> list[tuple[datetime, int]]:
    """How many customers count since which minute, oldest first; each minute once, as portfolio.plan takes them."""
    return db.execute(
        "SELECT minute, sum(contacts)::int FROM portfolio_minutes"
        " WHERE portfolio_id = ANY(%(portfolios)s) AND contacts > 0 AND minute > %(since)s"
        " GROUP BY minute ORDER BY minute",
        {"portfolios": list(mine), "since": now - portfolio.WINDOW},
    ).fetchall()


def take_back(db: Connection, messages: Iterable[tuple[int, int]]) -> None:
    """These messages reached nobody: (contact_id, message_id). Their customers stop counting at the next count."""
    keys = sorted(messages)
    if keys:
        db.execute(
            """
            INSERT INTO portfolio_returns (contact_id, message_id, portfolio_id)
            SELECT w.contact_id, k.message_id, w.portfolio_id
              FROM unnest(%(contacts)s::bigint[], %(messages)s::bigint[]) AS k (contact_id, message_id)
              JOIN portfolio_writes w ON w.contact_id = k.contact_id AND w.counted_by = k.message_id
            ON CONFLICT DO NOTHING
            """,
            {"contacts": [key[0] for key in keys], "messages": [key[1] for key in keys]},
        )
