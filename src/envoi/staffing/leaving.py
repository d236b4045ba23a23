"""Leaving and coming back: somebody's access ends at once, and their work goes to others.

Access, keys and sessions end in one transaction with the first stretch of the hand-over. What is more than one stretch
a job passes on; it looks at what is still theirs, so it may be killed and started as often as one likes.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..contacts import owners
from ..core import jobs
from ..core.errors import BadInput
from ..inbox import handing_over
from ..team.actions import note
from ..team.models import ApiKey, Invitation, Staff, Team, TeamMember
from ..team.people import keep_an_owner, person_for
from ..team.rights import require_change, require_role
from ..team.sessions import end_all
from ..team.teams import team_for

# So many are passed on while the page waits: about a second.
CONVERSATIONS = 200
CONTACTS = 5_000


@transaction.atomic
def leave(
    staff_id: int,
    *,
    to_staff: int | None = None,
    to_team: int | None = None,
    contacts_to: int | None = None,
    by: Staff | None,
) -> Staff:
    """End somebody's access and hand their work over: conversations to a person, a team or nobody, contacts likewise.

    Raises NotAllowed for the last owner and for who may more than `by`; BadInput for oneself and for absent heirs.
    """
    staff = person_for(by, staff_id, lock=True)
    require_change(by, staff)
    if by is not None and by.pk == staff.pk:
        raise BadInput(_("You can’t switch off your own access: ask somebody else who may."))
    if not staff.is_active:
        raise BadInput(_("%(name)s has no access any more.") % {"name": staff})
    if staff.role == Staff.Role.OWNER:
        keep_an_owner(staff)
    _heirs(staff, to_staff, contacts_to, to_team)

    staff.is_active = False
    staff.save(update_fields=["is_active"])
    end_all(staff)
    now = timezone.now()
    keys = ApiKey.objects.filter(made_by=staff, revoked_at=None).update(revoked_at=now, revoked_by=by)
    Invitation.objects.filter(staff=staff, accepted_at=None, revoked_at=None).update(revoked_at=now)
    Invitation.objects.filter(made_by=staff, accepted_at=None, revoked_at=None).update(revoked_at=now)
    TeamMember.objects.filter(staff=staff).delete()
    detail = {"email": staff.email, "to": to_staff, "to_team": to_team, "contacts_to": contacts_to, "keys": keys}
    note(by, "staff.leave", f"staff/{staff.pk}", detail)
    if to_staff is not None:
        handing_over.tell_of_all(staff, to_staff, by=by)
    if not pass_on(staff.pk, to_staff=to_staff, to_team=to_team, contacts_to=contacts_to, by=by):
        jobs.defer(
            "staffing.hand_over",
            once=str(staff.pk),
            staff_id=staff.pk,
            to_staff=to_staff,
            to_team=to_team,
            contacts_to=contacts_to,
            by=by.pk if by else None,
        )
    return staff


@transaction.atomic
def come_back(staff_id: int, *, by: Staff | None) -> Staff:
    """Let somebody in again, with the role, rights and password they had, without their teams, work and keys."""
    staff = person_for(by, staff_id, lock=True)
    require_change(by, staff)
    require_role(by, staff.role)
    if not staff.is_active:
        staff.is_active = True
        staff.save(update_fields=["is_active"])
        note(by, "staff.return", f"staff/{staff.pk}", {"email": staff.email, "role": staff.role})
    return staff


@transaction.atomic
def delete_team(team_id: int, *, to_team: int | None, by: Staff | None) -> str:
    """Delete a team; its conversations and canned replies go to another, or to none. Returns its name."""
    team = team_for(by, team_id, lock=True)
    if to_team is not None and (to_team == team_id or not Team.objects.filter(pk=to_team).exists()):
        raise BadInput(_("There is no such team."))
    went = handing_over.from_team(team_id, to_team=to_team, by=by)
    note(by, "team.delete", f"team/{team.pk}", {"name": team.name, "conversations": went, "to_team": to_team})
    team.delete()
    return team.name


@transaction.atomic
def pass_on(
    staff_id: int, *, to_staff: int | None, to_team: int | None, contacts_to: int | None, by: Staff | None
) -> bool:
    """Pass one stretch on; whether nothing is left. Who came back meanwhile keeps what is still theirs."""
    staff = person_for(None, staff_id, lock=True)
    if staff.is_active:
        return True
    # An heir may leave too, before all has reached them: then it waits for somebody to take it.
    to_staff = to_staff if _works_here(to_staff) else None
    heir = Staff.objects.filter(pk=contacts_to, is_active=True).first() if contacts_to else None
    to_team = to_team if to_team and Team.objects.filter(pk=to_team).exists() else None
    went = handing_over.from_person(staff_id, to_staff=to_staff, to_team=to_team, limit=CONVERSATIONS, by=by)
    moved = owners.pass_on(staff_id, to=heir, limit=CONTACTS, by=by)
    return went < CONVERSATIONS and moved < CONTACTS


def _heirs(staff: Staff, to_staff: int | None, contacts_to: int | None, to_team: int | None) -> None:
    for one in (to_staff, contacts_to):
        if one is not None and (one == staff.pk or not _works_here(one)):
            raise BadInput(_("Choose somebody who works here."))
    if to_team is not None and not Team.objects.filter(pk=to_team).exists():
        raise BadInput(_("There is no such team."))


def _works_here(staff_id: int | None) -> bool:
    return staff_id is not None and Staff.objects.filter(pk=staff_id, is_active=True).exists()
