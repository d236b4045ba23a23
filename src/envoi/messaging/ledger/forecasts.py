"""Before the send: what the limits would say of a whole audience now, by the very rules that the send will ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.rows import class_row

from ..limits import portfolio
from .portfolios import STANDING as PORTFOLIO_STANDING
from .standing import in_force, joins, verdict
from .words import Connection


@dataclass(frozen=True, slots=True)
class Share:
    """So many people are said the same: `reason` "" may be written to now; with `latest` they wait, else for good.

    earliest, latest: when the first and the last of them may be written to. unseen: how many of them would count anew
    in the portfolio's limit.
    """

    reason: str
    people: int
    unseen: int
    earliest: datetime | None
    latest: datetime | None

    @property
    def for_good(self) -> bool:
        """Whether they are skipped rather than waiting."""
        return self.reason != "" and self.latest is None


@dataclass(frozen=True, slots=True)
class Portfolio:
    """A business's limit of people in 24 hours over all its numbers; `limit` None: none is known."""

    id: str
    limit: int | None
    used: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would become of an audience: `shares` by reason, and how long the portfolio's limit makes it take.

    days: today included. lifetime: how long a campaign has to live so that the limit makes nobody miss it.
    """

    at: datetime
    shares: list[Share]
    portfolio: Portfolio
    days: int
    lifetime: timedelta


def portfolio_of(db: Connection, channel_id: int) -> Portfolio:
    """The portfolio of a channel, its limit and how much of it is used at this moment."""
    row = db.execute(PORTFOLIO_STANDING, {"channel": channel_id, "window": portfolio.WINDOW}).fetchone()
    if row is None:
        return Portfolio("", None, 0)
    return Portfolio(row[0], portfolio.lowest(row[1] or ()), row[3])


def forecast(
    db: Connection,
    channel_id: int,
    *,
    audience: str,
    parameters: Mapping[str, Any],
    promotional: bool,
    free_form: bool = False,
    expires_at: datetime | None = None,
) -> Forecast:
    """Ask the limits of everybody in an audience who is not skipped already; it reserves and changes nothing.

    audience: SELECT text as in `enqueue_recipients`, of which contact_id and reason ("" to send) are read.
    """
    rules = in_force(db, channel_id)
    mine = portfolio_of(db, channel_id)
    wants = "true" if promotional else "false"
    reason, until = verdict(
        promotional=wants,
        free_form="true" if free_form else "false",
        expires_at="%(_expires)s::timestamptz",
    )
    with db.cursor(row_factory=class_row(Share)) as cursor:
        cursor.execute(
            f"""
            WITH audience AS ({audience}),
            said AS (
                SELECT {reason} AS reason, {until} AS until,
                       NOT (%(_free)s OR w.open_now OR COALESCE(pw.minute > %(_since)s, false)) AS unseen
                  FROM audience a
                  JOIN contacts c ON c.id = a.contact_id
                  LEFT JOIN portfolio_writes pw ON pw.contact_id = c.id AND pw.portfolio_id = %(_portfolio)s
                  {joins(promotional=wants, of="audience")}
                 WHERE a.reason = ''
            )
            SELECT reason, count(*) AS people, count(*) FILTER (WHERE unseen) AS unseen,
                   min(until) AS earliest, max(until) AS latest
              FROM said GROUP BY reason, until IS NULL ORDER BY reason
            """,  # noqa: S608  (audience as in enqueue_recipients; the rest is our own)
            {
                **parameters,
                **rules.parameters,
                "_free": free_form,
                "_expires": expires_at,
                "_portfolio": mine.id,
                "_since": rules.now - portfolio.WINDOW,
            },
        )
        shares = cursor.fetchall()
    unseen = sum(share.unseen for share in shares if not share.for_good)
    return Forecast(
        rules.now,
        shares,
        mine,
        portfolio.days(unseen, limit=mine.limit, used=mine.used),
        portfolio.lifetime(unseen, limit=mine.limit, used=mine.used),
    )
