"""The conversations behind a number of the service report, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection

from ..core.paging import Page, whole
from ..team import opening
from ..team.models import Staff
from ..team.rights import require
from .service_hours import AROUND, in_opening_hours
from .service_terms import KEYS, SPANS, starts

LIMIT = 50

# Which conversations each number counts; the same words as in service.FIGURES.
WHICH = {
    "began": "true",
    "answered": "c.first_answer_at IS NOT NULL",
    "closed": "c.closed_at IS NOT NULL",
    "quick": "{answer} <= %(quick)s",
    "late": "{waited} > %(late)s",
    "scored": "c.satisfaction IS NOT NULL",
    "satisfied": "c.satisfaction >= %(satisfied)s",
    "unhappy": "c.satisfaction < %(satisfied)s",
}

# By conversations_by_begin, from the latest on.
ROWS = """
{before}
SELECT c.contact_id, c.id, p.name, p.phone, c.first_inbound_at, c.first_answer_at, c.closed_at, c.satisfaction,
       c.satisfaction_text, coalesce(nullif(s.name, ''), s.email, '')
  FROM conversations c
  JOIN contacts p ON p.id = c.contact_id
  LEFT JOIN staff s ON s.id = COALESCE(c.first_answer_by_id, c.assignee_id) {join}
 WHERE c.first_inbound_at >= %(since)s AND c.first_inbound_at < %(until)s AND {which} AND {key}
   AND (c.first_inbound_at, c.id) < (%(at)s, %(after)s)
 ORDER BY c.first_inbound_at DESC, c.id DESC
 LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One conversation."""

    contact_id: int
    id: int
    name: str
    phone: str | None
    began_at: datetime
    answered_at: datetime | None
    closed_at: datetime | None
    score: int | None
    word: str
    who: str

    @property
    def answer(self) -> timedelta | None:
        return self.answered_at - self.began_at if self.answered_at else None


def rows(
    by: Staff | None,
    *,
    since: date,
    until: date,
    which: str,
    group: str,
    key: str | None,
    after: str | None = None,
    in_hours: bool = False,
) -> Page[Row]:
    """The conversations that a number counts, the latest first. key: of which line; None: of all, "" of no one's.

    in_hours: as the report that counts only opening hours.
    """
    require(by, "reports.read")
    require(by, "contacts.read")
    zone = opening.company_zone()
    begin, end = starts(since, zone), starts(until + timedelta(days=1), zone)
    given: dict[str, Any] = {"zone": zone, "since": begin, "until": end, "at": end, "after": 0, "limit": LIMIT + 1}
    clock = in_opening_hours(begin) if in_hours else AROUND
    given |= {**SPANS, **clock.given}
    if after and "." in after:
        micro, number = (whole(part) for part in after.split(".", 1))
        if micro is not None and number is not None and micro < 250_000_000_000_000_000:
            given |= {"at": datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micro), "after": number}
    condition = "true"
    if key is not None:
        condition = f"{KEYS.get(group, KEYS['agent'])} IS NOT DISTINCT FROM %(key)s"
        given["key"] = key or None
    counts = WHICH.get(which, "true").format(
        answer=clock.seconds_to("c.first_answer_at"),
        waited=clock.seconds_to("COALESCE(c.first_answer_at, c.closed_at, now())"),
    )
    statement = ROWS.format(before=clock.before, join=clock.join, which=counts, key=condition)
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        found = [Row(*row) for row in cursor.fetchall()]
    last = found[LIMIT - 1] if len(found) > LIMIT else None
    return Page(found[:LIMIT], next=_cursor(last) if last else None)


def _cursor(row: Row) -> str:
    return f"{(row.began_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)}.{row.id}"
