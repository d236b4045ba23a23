"""Changing staff: their name, role, rights, teams, skills, languages, capacity. Leaving is staffing.leaving, above."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from ..core.errors import BadInput, NotAllowed, NotFound
from .actions import name_of, note, set_password
from .models import Staff, StaffRight, Team, TeamMember
from .rights import RIGHTS, WORDS, may, may_change, require, require_change, require_role, rights_of, roles_given_by

__all__ = ["may", "may_change", "rights_of", "roles_given_by"]

MOST_CAPACITY = 500
MOST_WORDS = 40


def person_for(by: Staff | None, staff_id: int, *, lock: bool = False) -> Staff:
    """One of the staff, for who may change the team; everybody sees themselves. Raises NotFound, NotAllowed."""
    if by is None or by.pk != staff_id:
        require(by, "team.write")
    if lock:
        # With all owners, in one order: two owners who end each other's role wait for one another, and one stays.
        held = Staff.objects.select_for_update(no_key=True).filter(Q(pk=staff_id) | Q(role=Staff.Role.OWNER))
        found = next((one for one in held.order_by("pk") if one.pk == staff_id), None)
    else:
        found = Staff.objects.filter(pk=staff_id).first()
    if found is None:
        raise NotFound(_("There is nobody with this number on the team."))
    return found


@transaction.atomic
def change(
    staff_id: int,
    *,
    name: str,
    role: str,
    capacity: int,
    skills: Iterable[str] = (),
    speaks: Iterable[str] = (),
    teams: Collection[int] = (),
    by: Staff | None,
) -> Staff:
    """Set what somebody is here. Raises BadInput; NotAllowed for a role beyond `by`'s and for the last owner."""
    staff = person_for(by, staff_id, lock=True)
    require_change(by, staff)
    was = _shown(staff)
    if role != staff.role:
        require_role(by, role)
        if by is not None and by.pk == staff.pk:
            raise NotAllowed(_("You can’t change your own role: ask somebody else who may."))
        if staff.role == Staff.Role.OWNER:
            keep_an_owner(staff)
        staff.role = role
    if not 0 <= capacity <= MOST_CAPACITY:
        raise BadInput(_("Capacity is a number from 0 to %(most)s.") % {"most": MOST_CAPACITY})
    staff.name, staff.capacity = name_of(name), capacity
    staff.skills, staff.speaks = _words(skills, 40), _words(speaks, 12)
    staff.save(update_fields=["name", "role", "capacity", "skills", "speaks"])
    _set_teams(staff, set(teams))
    now = _shown(staff)
    if was != now:
        note(by, "staff.change", f"staff/{staff.pk}", {key: now[key] for key in now if now[key] != was[key]})
    return staff


@transaction.atomic
def set_rights(staff_id: int, wanted: Mapping[str, bool], *, by: Staff | None) -> Staff:
    """Say of every right in `wanted` whether somebody has it; what their role says anyway needs no row.

    Raises NotAllowed for a right that `by` does not have, for oneself, and for an owner, who has every right.
    """
    staff = person_for(by, staff_id, lock=True)
    require_change(by, staff)
    if staff.role == Staff.Role.OWNER:
        raise BadInput(_("An owner has every right: give them another role first."))
    of_role = RIGHTS[staff.role]
    before = dict(StaffRight.objects.filter(staff=staff).values_list("right", "granted"))
    after = dict(before)
    for right, has in wanted.items():
        if right not in WORDS:
            raise BadInput(_("There is no such right."))
        if has == (right in of_role):
            after.pop(right, None)
        else:
            after[right] = has
    changed = {right for right in before | after if before.get(right) != after.get(right)}
    if not changed:
        return staff
    if by is not None and by.pk == staff.pk:
        raise NotAllowed(_("You can’t change your own rights: ask somebody else who may."))
    if not changed <= rights_of(by):
        raise NotAllowed(_("You can’t give or take a right that you do not have."))
    StaffRight.objects.filter(staff=staff, right__in=changed).delete()
    StaffRight.objects.bulk_create(
        StaffRight(staff=staff, right=right, granted=after[right]) for right in sorted(changed & after.keys())
    )
    staff.__dict__.pop("_custom_rights", None)
    detail = {right: ("given" if right in rights_of(staff) else "taken") for right in sorted(changed)}
    note(by, "staff.rights", f"staff/{staff.pk}", detail)
    return staff


@transaction.atomic
def new_password(staff_id: int, password: str, *, by: Staff | None) -> None:
    """Give somebody a password, as `envoi staff password` does; ends all their sessions with the old one."""
    staff = person_for(by, staff_id, lock=True)
    require_change(by, staff)
    set_password(staff, password)
    staff.save(update_fields=["password"])
    note(by, "staff.password", f"staff/{staff.pk}")


def keep_an_owner(leaving: Staff) -> None:
    """Raise NotAllowed when nobody but `leaving`, whom `person_for` locked, could do everything."""
    if not Staff.objects.filter(role=Staff.Role.OWNER, is_active=True).exclude(pk=leaving.pk).exists():
        raise NotAllowed(_("%(name)s is the last owner: make somebody else an owner first.") % {"name": leaving})


def _set_teams(staff: Staff, wanted: set[int]) -> None:
    known = set(Team.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    if wanted - known:
        raise BadInput(_("There is no such team."))
    had = set(TeamMember.objects.filter(staff=staff).values_list("team_id", flat=True))
    TeamMember.objects.filter(staff=staff, team_id__in=had - wanted).delete()
    TeamMember.objects.bulk_create(TeamMember(staff=staff, team_id=team) for team in sorted(wanted - had))


def _shown(staff: Staff) -> dict[str, object]:
    teams = TeamMember.objects.filter(staff=staff).order_by("team__name").values_list("team__name", flat=True)
    return {
        "name": staff.name,
        "role": str(staff.role),
        "capacity": staff.capacity,
        "skills": list(staff.skills),
        "speaks": list(staff.speaks),
        "teams": list(teams),
    }


def _words(words: Iterable[str], longest: int) -> list[str]:
    """Each once, in order, without blanks around. Raises BadInput for a long one, and for too many."""
    found = list(dict.fromkeys(" ".join(word.replace("\0", "").split()).lower() for word in words if word.strip()))
    if len(found) > MOST_WORDS or any(len(word) > longest for word in found):
        raise BadInput(
            _("At most %(most)s words, each of at most %(longest)s characters.")
            % {"most": MOST_WORDS, "longest": longest}
        )
    return found
