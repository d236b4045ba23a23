"""Teams: making, renaming, who is in one and who leads it. Deleting hands its work over: staffing.leaving, above."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from ..core.errors import BadInput, NotFound
from .actions import name_of, note
from .models import Staff, Team, TeamMember
from .rights import require


@dataclass(frozen=True, slots=True)
class Member:
    """One of a team."""

    staff: Staff
    leads: bool


def team_for(by: Staff | None, team_id: int, *, lock: bool = False) -> Team:
    """One team. Raises NotFound, NotAllowed."""
    require(by, "team.write")
    found = (Team.objects.select_for_update() if lock else Team.objects).filter(pk=team_id).first()
    if found is None:
        raise NotFound(_("There is no such team."))
    return found


def choices() -> list[tuple[int, str]]:
    """Every team, for forms."""
    return list(Team.objects.order_by("name").values_list("pk", "name"))


def members_of(team: Team) -> list[Member]:
    """Who is in a team, by name."""
    rows = TeamMember.objects.filter(team=team).select_related("staff")
    return sorted((Member(row.staff, row.leads) for row in rows), key=lambda one: str(one.staff).casefold())


@transaction.atomic
def make(name: str, *, by: Staff | None) -> Team:
    """Make a team without anybody in it. Raises BadInput for a name that is taken or none."""
    require(by, "team.write")
    team = Team.objects.create(name=_name(name))
    note(by, "team.make", f"team/{team.pk}", {"name": team.name})
    return team


@transaction.atomic
def change(team_id: int, *, name: str, members: Collection[int], leads: Collection[int], by: Staff | None) -> Team:
    """Set a team's name, its people, and who of them lead it. Who leads it is in it. Raises BadInput, NotFound."""
    team = team_for(by, team_id, lock=True)
    wanted = {staff_id: staff_id in set(leads) for staff_id in {*members, *leads}}
    if Staff.objects.filter(pk__in=wanted, is_active=True).count() != len(wanted):
        raise BadInput(_("Somebody of these is not on the team any more: look again."))
    old = team.name
    if name != team.name:
        team.name = _name(name, but=team.pk)
        team.save(update_fields=["name"])
    had = {row.staff_id: row for row in TeamMember.objects.filter(team=team)}
    TeamMember.objects.filter(team=team, staff_id__in=had.keys() - wanted.keys()).delete()
    TeamMember.objects.bulk_create(
        TeamMember(team=team, staff_id=staff_id, leads=wanted[staff_id])
        for staff_id in sorted(wanted.keys() - had.keys())
    )
    for staff_id in sorted(had.keys() & wanted.keys()):
        if had[staff_id].leads != wanted[staff_id]:
            TeamMember.objects.filter(team=team, staff_id=staff_id).update(leads=wanted[staff_id])
    if old != team.name or {key: row.leads for key, row in had.items()} != wanted:
        note(by, "team.change", f"team/{team.pk}", {"name": team.name, "members": len(wanted)})
    return team


def _name(name: str, but: int | None = None) -> str:
    name = name_of(name)
    if not name or len(name) > 80:
        raise BadInput(_("A team’s name has 1 to 80 characters."))
    if Team.objects.filter(name__iexact=name).exclude(pk=but or 0).exists():
        raise BadInput(_("There is a team of this name already."))
    return name
