"""Reading the team with its work: who is here, since when, with how many open conversations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from ..contacts import owners
from ..core.paging import Page, whole
from ..inbox import handing_over
from ..team import people, rights, sessions, two_step
from ..team.models import ApiKey, Staff, StaffRight, TeamMember

LIMIT = 50
# Who has not called for longer is not here, whatever they chose (team.models.Staff).
GONE_AFTER = timedelta(minutes=2)

PEOPLE = """
SELECT s.id FROM staff s
 WHERE (%(q)s = '' OR s.name ILIKE %(like)s OR s.email ILIKE %(like)s)
   AND (%(role)s = '' OR s.role = %(role)s)
   AND (%(team)s::bigint IS NULL
        OR EXISTS (SELECT 1 FROM team_members m WHERE m.staff_id = s.id AND m.team_id = %(team)s))
   AND s.is_active = %(active)s
   AND (%(after)s::bigint IS NULL OR (lower(coalesce(nullif(s.name, ''), s.email)), s.id) >
        (SELECT lower(coalesce(nullif(a.name, ''), a.email)), a.id FROM staff a WHERE a.id = %(after)s))
 ORDER BY lower(coalesce(nullif(s.name, ''), s.email)), s.id
 LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Person:
    """One of the staff with what the list says of them. presence: "online", "away", "offline"."""

    staff: Staff
    teams: list[str]
    presence: str
    open: int
    two_step: bool
    may_change: bool


@dataclass(frozen=True, slots=True)
class Leaving:
    """What somebody would leave behind."""

    staff: Staff
    conversations: int
    contacts: int
    keys: int
    colleagues: list[Staff]


def staff_list(
    by: Staff | None,
    *,
    q: str = "",
    role: str = "",
    team: int | None = None,
    gone: bool = False,
    after: str | None = None,
) -> Page[Person]:
    """The team by name, a page at a time; gone: those whose access is off instead. Everybody may see colleagues."""
    rights.require(by, "team.write")
    like = "%" + q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    given = {
        "q": q,
        "like": like,
        "role": role,
        "team": team,
        "active": not gone,
        "after": whole(after),
        "limit": LIMIT + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, given)
        ids = [row[0] for row in cursor.fetchall()]
    found = Staff.objects.in_bulk(ids[:LIMIT])
    items = _with_work(by, [found[one] for one in ids[:LIMIT]])
    return Page(items, next=str(ids[LIMIT - 1]) if len(ids) > LIMIT else None)


def person(by: Staff, staff_id: int) -> dict[str, Any]:
    """All that the page of one person shows. Raises NotFound, NotAllowed."""
    rights.require(by, "team.write")
    staff = people.person_for(by, staff_id)
    may = people.may_change(by, staff)
    of_role = rights.RIGHTS.get(staff.role, frozenset())
    custom = dict(StaffRight.objects.filter(staff=staff).values_list("right", "granted"))
    held = rights.rights_of(by)
    return {
        "person": _with_work(by, [staff])[0],
        "may_change": may,
        "is_self": staff.pk == by.pk,
        "browsers": sessions.browsers_of(by, staff) if may else [],
        "rights": [
            {
                "right": right,
                "words": words,
                "has": custom.get(right, right in of_role),
                "of_role": right in of_role,
                "differs": right in custom,
                "fixed": right not in held,
            }
            for right, words in rights.WORDS.items()
        ],
        "left": (handing_over.open_of(staff.pk) + owners.looked_after_by(staff.pk)) if not staff.is_active else 0,
    }


def leaving(by: Staff | None, staff_id: int) -> Leaving:
    """What somebody would leave behind, and who could take it."""
    staff = people.person_for(by, staff_id)
    rights.require_change(by, staff)
    colleagues = Staff.objects.filter(is_active=True).exclude(pk=staff.pk)
    return Leaving(
        staff,
        handing_over.open_of(staff.pk),
        owners.looked_after_by(staff.pk),
        ApiKey.objects.filter(made_by=staff, revoked_at=None).count(),
        sorted(colleagues, key=lambda one: str(one).casefold()),
    )


def presence_of(staff: Staff, now: datetime | None = None) -> str:
    """ "online", "away" or "offline": as they chose, unless no page of theirs has called for a while."""
    if staff.seen_at is None or staff.seen_at < (now or timezone.now()) - GONE_AFTER:
        return "offline"
    return staff.present


def _with_work(by: Staff | None, staff: Sequence[Staff]) -> list[Person]:
    ids = [one.pk for one in staff]
    loads, steps = handing_over.open_by_staff(), two_step.who_have(ids)
    teams: dict[int, list[str]] = {}
    for staff_id, name in (
        TeamMember.objects.filter(staff_id__in=ids).order_by("team__name").values_list("staff_id", "team__name")
    ):
        teams.setdefault(staff_id, []).append(name)
    return [
        Person(
            one,
            teams.get(one.pk, []),
            presence_of(one),
            loads.get(one.pk, 0),
            one.pk in steps,
            people.may_change(by, one),
        )
        for one in staff
    ]
