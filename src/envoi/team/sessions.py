"""In which browsers staff are signed in, and ending that: one browser, all others, or somebody else's.

A session is Django's own row; `staff_sessions` says whose it is, from which device and address. Ending deletes both, so
the next request of that browser is nobody's. A changed password ends the others by itself (Django's session hash).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.errors import NotFound
from .actions import note
from .models import Staff, StaffSession
from .people import person_for
from .rights import require_change

# One statement a request, which writes once a minute at most: the row, and that its person is here.
SEEN = """
WITH seen AS (
    INSERT INTO staff_sessions (staff_id, session_key, device, address)
    VALUES (%(staff)s, %(key)s, %(device)s, %(address)s)
    ON CONFLICT (session_key) DO UPDATE
       SET last_seen_at = now(), address = EXCLUDED.address, staff_id = EXCLUDED.staff_id
     WHERE staff_sessions.last_seen_at < now() - interval '1 minute' OR staff_sessions.staff_id <> EXCLUDED.staff_id
    RETURNING staff_id
)
UPDATE staff SET seen_at = now() FROM seen
 WHERE staff.id = seen.staff_id AND (staff.seen_at IS NULL OR staff.seen_at < now() - interval '30 seconds')
"""


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser in which somebody is signed in."""

    id: int
    device: str
    address: str
    since: datetime
    last_seen_at: datetime
    is_this: bool


def seen(request: HttpRequest, staff: Staff) -> None:
    """Note that `staff` is signed in here; called for every request of a page."""
    if not request.session.session_key:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            SEEN,
            {
                "staff": staff.pk,
                "key": request.session.session_key,
                "device": request.headers.get("User-Agent", "").replace("\0", "")[:200],
                "address": address_of(request),
            },
        )


def address_of(request: HttpRequest) -> str:
    """Where a request comes from: the connection's address, or what our own proxy says (ENVOI_PROXIES)."""
    return str(getattr(request, "client_address", "") or request.META.get("REMOTE_ADDR", ""))[:45]


def browsers_of(by: Staff | None, staff: Staff, *, this: str | None = None) -> list[Browser]:
    """Where somebody is signed in now, the latest first; one's own, or another's for who may change them."""
    if by is None or by.pk != staff.pk:
        require_change(by, staff)
    alive = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    rows = StaffSession.objects.filter(staff=staff, session_key__in=alive).order_by("-last_seen_at")
    return [
        Browser(row.pk, device_name(row.device), row.address, row.created_at, row.last_seen_at, row.session_key == this)
        for row in rows
    ]


@transaction.atomic
def end(session_id: int, *, by: Staff) -> None:
    """Sign one browser out: one's own, or that of somebody whom `by` may change. Raises NotFound for any other."""
    row = StaffSession.objects.select_for_update(of=("self",)).select_related("staff").filter(pk=session_id).first()
    if row is None:
        raise NotFound(_("There is no such session."))
    if row.staff_id != by.pk:
        # Whether it exists is nothing that one may learn of others.
        try:
            require_change(by, row.staff)
        except Exception as error:
            raise NotFound(_("There is no such session.")) from error
    _delete([row.session_key])
    note(by, "staff.end_session", f"staff/{row.staff_id}", {"device": device_name(row.device), "address": row.address})


@transaction.atomic
def end_others(staff: Staff, *, this: str | None) -> int:
    """Sign somebody out everywhere but here; returns of how many browsers."""
    keys = list(
        StaffSession.objects.filter(staff=staff).exclude(session_key=this or "").values_list("session_key", flat=True)
    )
    _delete(keys)
    if keys:
        note(staff, "staff.end_sessions", f"staff/{staff.pk}", {"sessions": len(keys)})
    return len(keys)


@transaction.atomic
def force_out(staff_id: int, *, by: Staff | None) -> int:
    """Sign somebody out everywhere. Raises NotAllowed for who may not change them."""
    staff = person_for(by, staff_id)
    require_change(by, staff)
    ended = end_all(staff)
    note(by, "staff.force_out", f"staff/{staff.pk}", {"sessions": ended})
    return ended


def end_all(staff: Staff) -> int:
    """End every session of somebody, in the caller's transaction."""
    keys = list(StaffSession.objects.filter(staff=staff).values_list("session_key", flat=True))
    _delete(keys)
    return len(keys)


def forget_over() -> None:
    """Delete sessions that have run out, and what we knew of those that are gone."""
    Session.objects.filter(expire_date__lte=timezone.now()).delete()
    StaffSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()


def device_name(agent: str) -> str:
    """A browser and its system as people call them: "Firefox, Windows"; what it says of itself when unknown."""
    # The order matters: Edge calls itself Chrome, Chrome calls itself Safari.
    browser = _first(
        agent, ("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari")
    )
    system = _first(
        agent,
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    )
    if not browser and not system:
        return re.sub(r"\s.*", "", agent)[:40] or _("unknown")
    return ", ".join(part for part in (browser, system) if part)


def _first(agent: str, *names: tuple[str, str]) -> str:
    return next((name for sign, name in names if sign in agent), "")


def _delete(keys: list[str]) -> None:
    Session.objects.filter(session_key__in=keys).delete()
    StaffSession.objects.filter(session_key__in=keys).delete()
