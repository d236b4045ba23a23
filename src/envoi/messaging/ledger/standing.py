"""What a customer's limits say, in SQL: written once, asked at the send and by what is promised before it.

`limits.customer.standing` says the same of one person; the tests compare the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Literal

from ..limits import pair
from ..limits.hours import Hours, night
from .words import Connection


@dataclass(frozen=True, slots=True)
class InForce:
    """The installation's limits at the database's time `now`, as the parameters of the SQL below."""

    now: datetime
    hours: Hours | None
    parameters: Mapping[str, Any]


# Every rule in the order in which they are asked: the reason, when it says no, and until when (NULL is for good).
# c is the contact, pr the pair with this channel (perhaps NULLs), told the last promotion of any channel, w what is
# computed once; {names} is the message.
RULES: tuple[tuple[str, str, str], ...] = (
    ("expired", "{expires_at} <= %(_now)s", "NULL"),
    # Whoever is blocked gets nothing at all, whatever it is.
    ("blocked", "c.blocked_at IS NOT NULL", "NULL"),
    ("opted_out", "{promotional} AND c.marketing = 'withdrawn'", "NULL"),
    ("no_consent", "{promotional} AND c.marketing <> 'granted'", "NULL"),
    ("opted_out", "NOT {promotional} AND c.service = 'withdrawn'", "NULL"),
    # A free-form message outside the window would only be sent to fail (Meta sheet, E.5: 131047).
    ("window_closed", "{free_form} AND NOT w.open_now", "NULL"),
    ("not_delivered_there", "{promotional} AND NOT {free_form} AND w.barred", "w.barred_until"),
    # In an open window Meta's cap does not count (Meta sheet, E.3).
    ("cooling_down", "{promotional} AND c.held_until > %(_now)s AND NOT w.open_now", "c.held_until"),
    (
        "promoted_recently",
        "{promotional} AND told.at > %(_now)s - %(_gap)s",
        "told.at + %(_gap)s",
    ),
    ("quiet_hours", "{promotional} AND w.rests_until IS NOT NULL", "w.rests_until"),
    ("pair_resting", "pr.blocked_until > %(_now)s", "pr.blocked_until"),
    ("too_fast", "pr.borrowed_until > %(_now)s + %(_tolerance)s", "pr.borrowed_until - %(_tolerance)s"),
)


# All of a contact's pairs, as many as the numbers that wrote to them, by one probe of the primary key, which OFFSET 0
# keeps it. As a plain join it read all the pairs of the channel for each claim as long as the table's statistics were
# young: 3.6 us a message after 4,500 pairs, and growing. A promotion put back and claimed again is no other one.
PAIRS_BY_KEY = """
     CROSS JOIN LATERAL (
            SELECT max(p.window_open_until) FILTER (WHERE p.channel_id = %(_channel)s) AS window_open_until,
                   max(p.borrowed_until) FILTER (WHERE p.channel_id = %(_channel)s) AS borrowed_until,
                   max(p.blocked_until) FILTER (WHERE p.channel_id = %(_channel)s) AS blocked_until,
                   max(p.promoted_at) FILTER (WHERE p.promoted_by IS DISTINCT FROM {message_id}) AS promoted_at
              FROM pairs p WHERE p.contact_id = c.id OFFSET 0
           ) AS pr
     CROSS JOIN LATERAL (SELECT pr.promoted_at AS at) AS told
"""
PAIR = """
      LEFT JOIN pairs pr ON pr.contact_id = c.id AND pr.channel_id = %(_channel)s
"""
# The contacts who had a promotion lately, from any number, and when; for a whole audience.
TOLD = """
(SELECT contact_id, max(promoted_at) AS at FROM pairs WHERE promoted_at > %(_now)s - %(_gap)s GROUP BY contact_id)
"""
PAIRS = {
    "claim": PAIRS_BY_KEY,
    "audience": f"{PAIR} LEFT JOIN {TOLD} AS told ON told.contact_id = c.id",
    # They were grouped by it.
    "groups": f"{PAIR} CROSS JOIN LATERAL (SELECT c.promoted_at AS at) AS told",
}


def joins(*, promotional: str, of: Literal["claim", "audience", "groups"], message_id: str = "NULL::bigint") -> str:
    """What the rules need beside `contacts c`, to be put behind it in FROM; `promotional` as in `verdict`.

    Small tables and hash joins: for a whole audience each is read once; for a claim, by its key. Groups of an audience
    stand in the place of contacts, and bring along when they had a promotion (`promoted_at`).
    """
    return f"""
      {PAIRS[of].format(message_id=message_id)}
      LEFT JOIN places own ON {promotional} AND own.key = c.timezone
      LEFT JOIN places area ON {promotional} AND area.key = left(c.phone, 5)
      LEFT JOIN places land ON {promotional} AND land.key = c.country
      LEFT JOIN unnest(%(_night)s::text[], %(_night_untils)s::timestamptz[]) AS west (zone, until)
             ON west.zone = COALESCE(own.west, NULLIF(area.west, ''), NULLIF(land.west, ''), %(_home)s)
      LEFT JOIN unnest(%(_night)s::text[], %(_night_untils)s::timestamptz[]) AS east (zone, until)
             ON east.zone = COALESCE(own.east, NULLIF(area.east, ''), NULLIF(land.east, ''), %(_home)s)
      LEFT JOIN unnest(%(_barred)s::text[], %(_barred_untils)s::timestamptz[]) AS bar (region, until)
             ON bar.region = CASE WHEN c.phone IS NULL THEN c.country ELSE area.region END
     CROSS JOIN LATERAL (
            SELECT COALESCE(pr.window_open_until > %(_now)s + %(_margin)s, false) AS open_now,
                   GREATEST(west.until, east.until) AS rests_until,
                   bar.region IS NOT NULL AS barred,
                   bar.until AS barred_until
           ) AS w
    """


def verdict(*, promotional: str, free_form: str, expires_at: str) -> tuple[str, str]:
    """Two SQL expressions: the reason why not now ("" when nothing says no), and until when (NULL is for good).

    The arguments are SQL expressions of the message's attributes. Waiting to its own end is for good.
    """
    names = {"promotional": promotional, "free_form": free_form, "expires_at": expires_at}
    reasons = " ".join(f"WHEN {no.format(**names)} THEN '{reason}'" for reason, no, _ in RULES)
    untils = " ".join(f"WHEN {no.format(**names)} THEN {until}" for _, no, until in RULES)
    until = f"(CASE {untils} END)"
    return (
        f"(CASE {reasons} ELSE '' END)",
        f"(CASE WHEN {until} >= {expires_at} THEN NULL ELSE {until} END)",
    )


IN_FORCE = """
SELECT now(), s.quiet_from, s.quiet_to, s.active_hours, s.timezone, s.promotion_gap_hours, s.window_margin_seconds,
       b.regions, b.untils
  FROM (SELECT) AS one
  LEFT JOIN limit_settings s ON true
  LEFT JOIN (SELECT array_agg(region) AS regions, array_agg(until) AS untils
               FROM (SELECT region, CASE WHEN bool_or(until_at IS NULL) THEN NULL ELSE max(until_at) END AS until
                       FROM marketing_bars
                      WHERE from_at <= now() AND (until_at IS NULL OR until_at > now())
                      GROUP BY region) AS bars) AS b ON true
"""


def in_force(db: Connection, channel_id: int) -> InForce:
    """The limits of this moment, by the database's clock alone. Without a row of settings nothing is quiet."""
    row = db.execute(IN_FORCE).fetchone()
    assert row is not None
    now, quiet_from, quiet_to, active, zone, gap, margin, regions, untils = row
    hours = None if quiet_from is None else Hours(quiet_from, quiet_to, tuple(map(_span, active or ())), zone)
    resting = night(now, hours) if hours else []
    return InForce(
        now,
        hours,
        {
            "_channel": channel_id,
            "_now": now,
            "_gap": timedelta(hours=gap or 24),
            "_margin": timedelta(seconds=60 if margin is None else margin),
            "_tolerance": pair.TOLERANCE,
            "_home": hours.home if hours else "UTC",
            "_night": [zone for zone, _ in resting],
            "_night_untils": [until for _, until in resting],
            "_barred": regions or [],
            "_barred_untils": untils or [],
        },
    )


def _span(words: str) -> tuple[time, time]:
    start, _, end = words.partition("-")
    return time.fromisoformat(start), time.fromisoformat(end)
