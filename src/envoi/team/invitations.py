"""Invitations by link: signed, for seven days, used once. Such a link also lets one of the staff choose a new password.

The link is `signing.dumps` of the row's id and turn: the database holds nothing that opens anything, and whoever may
see the row may copy its link again. Sending anew raises the turn, so that the link before it is dead.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core import jobs
from ..core.errors import BadInput, NotAllowed, NotFound, Problem
from .actions import address_of, name_of, note, set_password
from .models import Invitation, Staff, Team, TeamMember
from .people import person_for
from .rights import require, require_change, require_role
from .sessions import end_all

LIFE = timedelta(days=7)
SALT = "envoi.team.invitation"


class LinkOver(Problem):
    """The link is no invitation that still stands."""

    status = 410


def mails() -> bool:
    """Whether e-mail leaves this installation (ENVOI_SMTP_URL); without it links are copied by hand."""
    return not settings.EMAIL_BACKEND.endswith((".console.EmailBackend", ".dummy.EmailBackend"))


def invitations(by: Staff | None) -> list[Invitation]:
    """Those that wait to be accepted, the newest first; of people, not of passwords."""
    require(by, "team.write")
    waiting = Invitation.objects.filter(accepted_at=None, revoked_at=None, staff=None)
    return list(waiting.select_related("made_by").order_by("-pk"))


def invitation_for(by: Staff | None, invitation_id: int, *, lock: bool = False) -> Invitation:
    """One invitation. Raises NotFound, NotAllowed."""
    require(by, "team.write")
    # Of the row alone: who made it may be nobody, and an outer join can't be locked.
    rows = Invitation.objects.select_for_update(of=("self",)) if lock else Invitation.objects
    found = rows.filter(pk=invitation_id).first()
    if found is None:
        raise NotFound(_("There is no such invitation."))
    return found


@transaction.atomic
def invite(*, email: str, role: str, name: str = "", teams: Collection[int] = (), by: Staff | None) -> Invitation:
    """Invite somebody. Raises BadInput for who is here or invited already, NotAllowed for a role beyond `by`'s."""
    require(by, "team.write")
    require_role(by, role)
    email, name = address_of(email), name_of(name)
    known = set(Team.objects.filter(pk__in=teams).values_list("pk", flat=True))
    if set(teams) - known:
        raise BadInput(_("There is no such team."))
    try:
        with transaction.atomic():
            made = Invitation.objects.create(
                email=email,
                name=name,
                role=role,
                teams=sorted(known),
                language=by.language if by else "en",
                made_by=by,
                expires_at=timezone.now() + LIFE,
            )
    except IntegrityError:
        raise BadInput(_("%(email)s is invited already: send that invitation again.") % {"email": email}) from None
    note(by, "staff.invite", f"invitation/{made.pk}", {"email": email, "role": role})
    _mail(made)
    return made


@transaction.atomic
def resend(invitation_id: int, *, by: Staff | None) -> Invitation:
    """A new link for seven days more; the one before it opens nothing any more."""
    found = _waiting(invitation_for(by, invitation_id, lock=True))
    require_role(by, found.role)
    found.turn += 1
    found.expires_at = timezone.now() + LIFE
    found.save(update_fields=["turn", "expires_at"])
    note(by, "staff.invite_again", f"invitation/{found.pk}", {"email": found.email})
    _mail(found)
    return found


@transaction.atomic
def revoke(invitation_id: int, *, by: Staff | None) -> Invitation:
    """Take an invitation back: its link opens nothing any more."""
    found = _waiting(invitation_for(by, invitation_id, lock=True))
    found.revoked_at = timezone.now()
    found.save(update_fields=["revoked_at"])
    note(by, "staff.invite_revoke", f"invitation/{found.pk}", {"email": found.email})
    return found


@transaction.atomic
def password_link(staff_id: int, *, by: Staff | None) -> Invitation:
    """A link by which one of the staff, who forgot theirs, chooses a new password; one of before opens nothing more."""
    staff = person_for(by, staff_id, lock=True)
    require_change(by, staff)
    if not staff.is_active:
        raise BadInput(_("%(name)s can’t sign in: let them in again first.") % {"name": staff})
    Invitation.objects.filter(staff=staff, accepted_at=None, revoked_at=None).update(revoked_at=timezone.now())
    made = Invitation.objects.create(
        email=staff.email,
        name=staff.name,
        role=staff.role,
        language=staff.language,
        staff=staff,
        made_by=by,
        expires_at=timezone.now() + LIFE,
    )
    note(by, "staff.password_link", f"staff/{staff.pk}", {"email": staff.email})
    _mail(made)
    return made


def link_of(invitation: Invitation) -> str:
    """The address to send. It is as good as a password until it is used: only who may invite gets to see it."""
    sealed = signing.dumps([invitation.pk, invitation.turn], salt=SALT)
    return settings.BASE_URL + reverse("team:accept", args=[sealed])


def behind(sealed: str, *, lock: bool = False) -> Invitation:
    """The invitation that a link opens at this moment. Raises LinkOver, with the same words for every other link."""
    over = LinkOver(
        _("This link is not valid any more: it was used, taken back or sent anew, or is older than 7 days.")
    )
    try:
        invitation_id, turn = signing.loads(sealed, salt=SALT, max_age=LIFE)
    except (signing.BadSignature, ValueError, TypeError):
        raise over from None
    rows = Invitation.objects.select_for_update(of=("self",)) if lock else Invitation.objects.select_related("made_by")
    found = rows.filter(pk=invitation_id, turn=turn, accepted_at=None, revoked_at=None).first()
    if found is None or found.expires_at <= timezone.now() or not _still_meant(found):
        raise over
    return found


@transaction.atomic
def accept(sealed: str, *, name: str, password: str) -> Staff:
    """Come onto the team, or take a new password. Raises LinkOver, BadInput. Of two who try at once, one succeeds."""
    found = behind(sealed, lock=True)
    if found.staff_id:
        staff = Staff.objects.select_for_update().get(pk=found.staff_id)
        set_password(staff, password)
        staff.save(update_fields=["password"])
        end_all(staff)
        note(staff, "staff.password", f"staff/{staff.pk}")
    else:
        staff = Staff(
            email=address_of(found.email), role=found.role, name=name_of(name) or found.name, language=found.language
        )
        set_password(staff, password)
        staff.save()
        TeamMember.objects.bulk_create(
            TeamMember(team_id=team, staff=staff)
            for team in Team.objects.filter(pk__in=found.teams).values_list("pk", flat=True)
        )
        note(staff, "staff.accept", f"staff/{staff.pk}", {"email": staff.email, "role": staff.role})
    found.accepted_at = timezone.now()
    found.save(update_fields=["accepted_at"])
    return staff


def _still_meant(found: Invitation) -> bool:
    """Whether whoever invited may still give this role: they may have left, or lost it, since."""
    try:
        if found.made_by is not None:
            require(found.made_by, "team.write")
            require_role(found.made_by, found.role)
    except NotAllowed:
        return False
    return found.staff is None or found.staff.is_active


def _waiting(found: Invitation) -> Invitation:
    if found.accepted_at or found.revoked_at:
        raise BadInput(_("This invitation does not wait any more."))
    return found


def _mail(found: Invitation) -> None:
    if mails():
        jobs.defer("team.mail_invitation", invitation_id=found.pk, turn=found.turn)
