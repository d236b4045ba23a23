"""Reading the team: who is on it, in which teams, with which rights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from . import two_step
from .models import Staff, StaffRight, Team
from .rights import RIGHTS, WORDS, require


@dataclass(frozen=True, slots=True)
class Differs:
    """Somebody who may more or less than their role."""

    staff: Staff
    given: list[Any]
    taken: list[Any]


def active(by: Staff | None) -> list[Staff]:
    """Everybody who may sign in, by name."""
    require(by, "team.write")
    return sorted(Staff.objects.filter(is_active=True), key=lambda one: str(one).casefold())


def teams(by: Staff | None) -> list[Team]:
    """Every team with `people` and `leading`: how many are in it, and lead it."""
    require(by, "team.write")
    counted = Team.objects.annotate(people=Count("members"), leading=Count("members", filter=Q(members__leads=True)))
    return list(counted.order_by("name"))


def rights_of_roles(by: Staff | None) -> list[tuple[Any, list[bool]]]:
    """Every right in words, and of each role whether it has it."""
    require(by, "team.write")
    return [(words, [right in RIGHTS[role] for role in Staff.Role.values]) for right, words in WORDS.items()]


def who_differ(by: Staff | None) -> list[Differs]:
    """Who may more or less than their role."""
    require(by, "team.write")
    found: dict[int, Differs] = {}
    rows = (
        StaffRight.objects.exclude(staff__role=Staff.Role.OWNER)
        .select_related("staff")
        .order_by("staff__name", "staff_id", "right")
    )
    for row in rows:
        one = found.setdefault(row.staff_id, Differs(row.staff, [], []))
        (one.given if row.granted else one.taken).append(WORDS.get(row.right, row.right))
    return list(found.values())


def without_second_step(by: Staff | None) -> list[Staff]:
    """Who may sign in with a password alone."""
    people = active(by)
    have = two_step.who_have(one.pk for one in people)
    return [one for one in people if one.pk not in have]
