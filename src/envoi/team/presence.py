"""Who is there: what they chose, and whether a page of theirs is open. Pages call every minute while somebody looks."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from ..core import clock
from ..core.errors import BadInput
from .models import Staff

# Whose pages have not called for so long is not there; pages call twice in that time.
SILENT_FOR = timedelta(minutes=2)
# A call is written down no more often than this, however many pages somebody has open.
WRITTEN_EVERY = timedelta(seconds=20)


def call(staff: Staff, *, language: str = "", at: datetime | None = None) -> bool:
    """A page of theirs is open; returns whether they come in with this, having been away.

    language: of that page, and so the one in which they are written to.
    """
    at = at or clock.now()
    last = staff.seen_at
    speaks = language[:12] or staff.language
    if last is not None and at - last < WRITTEN_EVERY and speaks == staff.language:
        return False
    Staff.objects.filter(pk=staff.pk).update(seen_at=at, language=speaks)
    return last is None or at - last > SILENT_FOR


@transaction.atomic
def choose(staff: Staff, present: str) -> None:
    """Say of oneself that one is online, away or offline. Raises BadInput."""
    if present not in Staff.Presence.values:
        raise BadInput(_("Choose online, away or offline."))
    Staff.objects.filter(pk=staff.pk).update(present=present, seen_at=clock.now())
    staff.present = present


def shown(staff: Staff, *, at: datetime | None = None) -> str:
    """Online, away or offline, as colleagues see it: who has no page open is offline, whatever they chose."""
    at = at or clock.now()
    if staff.seen_at is None or at - staff.seen_at > SILENT_FOR:
        return Staff.Presence.OFFLINE
    return staff.present


def there(team_id: int | None = None, *, at: datetime | None = None) -> QuerySet[Staff]:
    """Who is online at this moment: of a team, or of everybody."""
    since = (at or clock.now()) - SILENT_FOR
    found = Staff.objects.filter(is_active=True, present=Staff.Presence.ONLINE, seen_at__gte=since)
    return found.filter(Q(memberships__team_id=team_id)) if team_id is not None else found
