"""Reading the audit log: deeds, each with its verb and what it changed, field by field.

A deed is a transaction: the lines of `audit_log` and of `changes` that carry its number. Both tables have an index by
(at, deed); a page walks both from the newest, so that page 5,000 costs what page 1 does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from django.db import connection
from django.utils import timezone

from ..core.paging import Page, whole
from .models import ApiKey, AuditEntry, Change, Staff
from .rights import require

LIMIT = 50
# More lines of one deed than anybody reads on a page; the file has all.
MOST_LINES = 40

# The newest deeds of both tables that fit the filters, each table by its own index and cut before they meet.
DEEDS = """
SELECT at, deed FROM (
    (SELECT DISTINCT at, deed FROM audit_log
      WHERE {audit} AND (at, deed) < (%(at)s, %(deed)s) ORDER BY at DESC, deed DESC LIMIT %(limit)s)
    UNION
    (SELECT DISTINCT at, deed FROM changes
      WHERE {changes} AND (at, deed) < (%(at)s, %(deed)s) ORDER BY at DESC, deed DESC LIMIT %(limit)s)
) d ORDER BY at DESC, deed DESC LIMIT %(limit)s
"""
# Some dozens of verbs in perhaps millions of lines: one look into the index for each, never all lines.
VERBS = """
WITH RECURSIVE v AS (
    (SELECT verb FROM audit_log ORDER BY verb LIMIT 1)
    UNION ALL
    SELECT (SELECT verb FROM audit_log WHERE verb > v.verb ORDER BY verb LIMIT 1) FROM v WHERE v.verb IS NOT NULL
)
SELECT verb FROM v WHERE verb IS NOT NULL
"""
END = datetime(9999, 1, 1, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


# What the audit log calls a subject, and the table that it is a row of.
PLACES = {
    "account": "accounts",
    "campaign": "campaigns",
    "canned": "canned_replies",
    "channel": "channels",
    "faq": "faq_entries",
    "invitation": "invitations",
    "key": "api_keys",
    "pool": "promo_pools",
    "rule": "reply_rules",
    "segment": "segments",
    "staff": "staff",
    "tag": "tags",
    "team": "teams",
    "template": "templates",
}
# What is set for a team or, without one, for the whole company: known by the team's name, "" for the company.
OF_TEAM = {"alarm_rules", "assignment_rules", "opening_hours", "service_targets"}
# By what a row of each is known, as SQL.
NAMED = {
    **dict.fromkeys(OF_TEAM, "coalesce((SELECT t.name FROM teams t WHERE t.id = team_id), '')"),
    "accounts": "name",
    "api_keys": "name",
    "campaigns": "name",
    "canned_replies": "title",
    "channels": "name",
    "faq_entries": "question",
    "invitations": "email",
    "opening_exceptions": "coalesce(nullif(name, ''), day::text)",
    "promo_pools": "name",
    "reply_rules": "name",
    "segments": "name",
    "staff": "coalesce(nullif(name, ''), email)",
    "tags": "name",
    "teams": "name",
    "templates": "name",
}
# Columns that point at rows which have a name.
POINTS = {
    "account_id": "accounts",
    "by_id": "staff",
    "channel_id": "channels",
    "created_by_id": "staff",
    "launched_by_id": "staff",
    "made_by_id": "staff",
    "revoked_by_id": "staff",
    "segment_id": "segments",
    "staff_id": "staff",
    "tag_id": "tags",
    "team_id": "teams",
    "template_id": "templates",
    "to_team_id": "teams",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the reader looks for. person: a staff id, or "none" for what nobody of the staff did. zone: by whose clock
    the days are meant: the reader's, by which the lines are shown too."""

    person: str = ""
    subject: str = ""
    verb: str = ""
    since: date | None = None
    until: date | None = None
    zone: tzinfo = field(default_factory=timezone.get_current_timezone)


@dataclass(slots=True)
class Deed:
    """What was done at once: by whom, when, with which verbs, and what it changed."""

    at: datetime
    number: int
    staff: Staff | None = None
    key: ApiKey | None = None
    way: str = ""
    request: str = ""
    verbs: list[AuditEntry] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    more: int = 0


def deeds(by: Staff | None, asked: Asked, *, after: str | None = None, limit: int = LIMIT) -> Page[Deed]:
    """A page of deeds, the newest first."""
    require(by, "audit.read")
    rows = _keys(asked, after, limit + 1)
    found = _filled(rows[:limit])
    return Page(found, next=_cursor(rows[limit - 1]) if len(rows) > limit else None)


def all_deeds(by: Staff | None, asked: Asked) -> Iterator[Deed]:
    """Every deed, the newest first, read a page at a time."""
    require(by, "audit.read")
    after: str | None = None
    while True:
        rows = _keys(asked, after, 1_000)
        yield from _filled(rows, every_line=True)
        if len(rows) < 1_000:
            return
        after = _cursor(rows[-1])


def verbs(by: Staff | None) -> list[str]:
    """Every verb that was ever noted."""
    require(by, "audit.read")
    with connection.cursor() as cursor:
        cursor.execute(VERBS)
        return [verb for (verb,) in cursor.fetchall()]


def people(by: Staff | None) -> list[tuple[str, str]]:
    """Everybody who may have done something, also who has left."""
    require(by, "audit.read")
    return [(str(one.pk), str(one)) for one in sorted(Staff.objects.all(), key=lambda one: str(one).casefold())]


def _keys(asked: Asked, after: str | None, limit: int) -> list[tuple[datetime, int]]:
    audit, changes = ["true"], ["true"]
    given: dict[str, Any] = {"limit": limit, "at": END, "deed": 0}
    if after and (place := _place(after)):
        given["at"], given["deed"] = place
    if asked.person == "none":
        audit.append("staff_id IS NULL")
        changes.append("staff_id IS NULL")
    elif (person := whole(asked.person)) is not None:
        given["person"] = person
        audit.append("staff_id = %(person)s")
        changes.append("staff_id = %(person)s")
    if asked.subject:
        _by_subject(asked.subject, audit, changes, given)
    if asked.verb:
        given["verb"] = asked.verb
        audit.append("verb = %(verb)s")
        changes.append("false")
    for name, day, extra in (("since", asked.since, 0), ("until", asked.until, 1)):
        if day is not None:
            given[name] = datetime.combine(day, time.min, tzinfo=asked.zone) + timedelta(days=extra)
            for each in (audit, changes):
                each.append(f"at {'>=' if name == 'since' else '<'} %({name})s")
    statement = DEEDS.format(audit=" AND ".join(audit), changes=" AND ".join(changes))
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return list(cursor.fetchall())


def _by_subject(text: str, audit: list[str], changes: list[str], given: dict[str, Any]) -> None:
    """A subject as the log writes it ("staff/7", "campaign"), or a name: then whatever has it in its own."""
    kind, slash, key = text.partition("/")
    kind = next((singular for singular, place in PLACES.items() if kind in (singular, place)), kind)
    if slash or kind in PLACES:
        given |= {"begins": _like(kind) + "/%", "subject": f"{kind}/{key}", "below": _like(f"{kind}/{key}") + "/%"}
        audit.append("(subject = %(subject)s OR subject LIKE %(below)s)" if key else "subject LIKE %(begins)s")
        given |= {"place": PLACES.get(kind, kind), "key": key, "key_below": _like(key) + "/%"}
        changes.append("place = %(place)s" + (" AND (row_key = %(key)s OR row_key LIKE %(key_below)s)" if key else ""))
        return
    found = _named_like(text)
    given["subjects"] = [*(f"{singular}/{key}" for singular, key in found), text]
    given["rows"] = [f"{PLACES[singular]}/{key}" for singular, key in found]
    audit.append("subject = ANY(%(subjects)s)")
    changes.append("place || '/' || row_key = ANY(%(rows)s)")


def _named_like(text: str) -> list[tuple[str, str]]:
    """The rows whose name holds these letters, as (subject, key); deleted ones are found by their number alone."""
    parts = [
        f"(SELECT '{singular}', id::text FROM {place} WHERE {NAMED[place]} ILIKE %(like)s ORDER BY id DESC LIMIT 50)"  # noqa: S608
        for singular, place in PLACES.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), {"like": f"%{_like(text)}%"})
        return list(cursor.fetchall())


def names_of(found: Iterable[Deed]) -> dict[tuple[str, str], str]:
    """What the rows that deeds speak of are called now, by table and key; one look at each table."""
    wanted: dict[str, set[int]] = {}

    def want(place: str, key: object) -> None:
        if place in NAMED and (number := whole(str(key))) is not None:
            wanted.setdefault(place, set()).add(number)

    for deed in found:
        for change in deed.changes:
            # A row that ties two others has both their keys.
            want(
                {"staff_rights": "staff", "team_members": "teams"}.get(change.place, change.place),
                change.row_key.split("/")[0],
            )
            for side in (change.was or {}, change.became or {}):
                for column, place in POINTS.items():
                    want(place, side.get(column))
        for entry in deed.verbs:
            singular, _slash, key = entry.subject.partition("/")
            want(PLACES.get(singular, ""), key)
    names: dict[tuple[str, str], str] = {}
    with connection.cursor() as cursor:
        for place, numbers in wanted.items():
            statement = f"SELECT id::text, {NAMED[place]} FROM {place} WHERE id = ANY(%(ids)s)"  # noqa: S608
            cursor.execute(statement, {"ids": list(numbers)})
            names |= {(place, key): name for key, name in cursor.fetchall()}
    return names


def _filled(rows: list[tuple[datetime, int]], *, every_line: bool = False) -> list[Deed]:
    found = {row: Deed(*row) for row in rows}
    if not rows:
        return []
    # By time as well: both indexes begin with it.
    moments, numbers = list({at for at, _deed in rows}), list({deed for _at, deed in rows})
    for entry in (
        AuditEntry.objects.filter(at__in=moments, deed__in=numbers).select_related("staff", "key").order_by("pk")
    ):
        if deed := found.get((entry.at, entry.deed)):
            deed.verbs.append(entry)
            deed.staff, deed.key = deed.staff or entry.staff, deed.key or entry.key
    staff_ids: dict[int, list[Deed]] = {}
    for change in Change.objects.filter(at__in=moments, deed__in=numbers).order_by("pk").iterator():
        if (deed := found.get((change.at, change.deed))) is None:
            continue
        if every_line or len(deed.changes) < MOST_LINES:
            deed.changes.append(change)
        else:
            deed.more += 1
        deed.way, deed.request = deed.way or change.way, deed.request or change.request
        if deed.staff is None and change.staff_id:
            staff_ids.setdefault(change.staff_id, []).append(deed)
    for staff in Staff.objects.filter(pk__in=staff_ids):
        for deed in staff_ids[staff.pk]:
            deed.staff = deed.staff or staff
    return [found[row] for row in rows]


def _cursor(row: tuple[datetime, int]) -> str:
    return f"{(row[0] - EPOCH) // timedelta(microseconds=1)}.{row[1]}"


def _place(cursor: str) -> tuple[datetime, int] | None:
    moment, _point, number = cursor.partition(".")
    micro, deed = whole(moment), whole(number.removeprefix("-"))
    if micro is None or deed is None or micro > 250_000_000_000_000_000:
        return None
    # Exactly the microsecond that PostgreSQL keeps: a float of it would be another.
    at = EPOCH + timedelta(microseconds=micro)
    return at, -deed if number.startswith("-") else deed


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
