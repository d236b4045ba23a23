"""Two-step verification as a rule of the company: which roles need it, and until when somebody has to set it up."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.errors import BadInput
from .actions import note
from .models import Staff, TeamSettings
from .people import person_for
from .rights import require, require_change

MOST_DAYS = 60
# Recovery codes alone are no second step: they come with one.
STEPS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def rule() -> TeamSettings:
    """What the company asks; for everybody, as everybody is asked."""
    return TeamSettings.objects.filter(pk=1).first() or TeamSettings()


def has(staff: Staff) -> bool:
    """Whether somebody has a second step."""
    return Authenticator.objects.filter(user=staff, type__in=STEPS).exists()


def who_have(staff_ids: Iterable[int]) -> set[int]:
    """Which of these have a second step."""
    rows = Authenticator.objects.filter(user_id__in=list(staff_ids), type__in=STEPS)
    return set(rows.values_list("user_id", flat=True))


def due_for(staff: Staff) -> datetime | None:
    """Until when somebody has to set a second step up; None when nobody asks them to, or they have."""
    asked = rule()
    if staff.role not in asked.two_step_roles or asked.two_step_since is None or has(staff):
        return None
    # Who came later has as many days as those who were there.
    return max(asked.two_step_since, staff.created_at) + timedelta(days=asked.two_step_days)


@transaction.atomic
def ask_for(roles: Collection[str], days: int, *, by: Staff | None) -> TeamSettings:
    """Say which roles need a second step, and how many days they have. Raises BadInput, NotAllowed."""
    require(by, "team.write")
    if set(roles) - set(Staff.Role.values):
        raise BadInput(_("There is no such role."))
    if not 0 <= days <= MOST_DAYS:
        raise BadInput(_("From 0 to %(most)s days.") % {"most": MOST_DAYS})
    TeamSettings.objects.bulk_create([TeamSettings(pk=1)], ignore_conflicts=True)
    asked = TeamSettings.objects.select_for_update().get(pk=1)
    wanted = [role for role in Staff.Role.values if role in roles]
    if set(wanted) - set(asked.two_step_roles) or days != asked.two_step_days:
        asked.two_step_since = timezone.now()
    asked.two_step_roles, asked.two_step_days = wanted, days
    asked.save()
    note(by, "team.two_step", "team_settings/1", {"roles": wanted, "days": days})
    return asked


@transaction.atomic
def take_away(staff_id: int, *, by: Staff | None) -> None:
    """Remove the second step of somebody who lost theirs. Not one's own: that is behind one's own password."""
    staff = person_for(by, staff_id, lock=True)
    require_change(by, staff)
    if by is not None and by.pk == staff.pk:
        raise BadInput(_("Switch your own off under “Two-step verification”."))
    gone, _each = Authenticator.objects.filter(user=staff).delete()
    if gone:
        note(by, "staff.two_step_off", f"staff/{staff.pk}")
