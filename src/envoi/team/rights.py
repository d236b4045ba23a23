"""What each role may do; asked by every action and query, whatever page or command it came from."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ..core.errors import NotAllowed
from .models import Staff

READ = {
    "contacts.read",
    "templates.read",
    "segments.read",
    "campaigns.read",
    "channels.read",
    "reports.read",
}
MARKET = READ | {
    "contacts.write",
    "contacts.import",
    "contacts.export",
    "contacts.merge",
    "segments.write",
    "campaigns.write",
    "campaigns.launch",
    "media.write",
    "messages.settle",
    "messages.write",
    # Marketers write the words of campaigns; WhatsApp approves every template before anybody can get it.
    "templates.write",
}
# What somebody may ask for by law, and what can't be undone: their data, their erasure.
ALL = MARKET | {"channels.write", "team.write", "contacts.privacy"}

RIGHTS: dict[str, frozenset[str]] = {
    Staff.Role.OWNER: frozenset(ALL),
    Staff.Role.ADMINISTRATOR: frozenset(ALL),
    Staff.Role.MARKETER: frozenset(MARKET),
    Staff.Role.AGENT: frozenset({"contacts.read", "contacts.write", "templates.read", "media.write", "messages.write"}),
    Staff.Role.ANALYST: frozenset(READ),
}


def may(staff: Staff | None, right: str) -> bool:
    """Whether `staff` has the right; None is the operator at the command line, who owns the machine."""
    if staff is None:
        return True
    return staff.is_active and right in RIGHTS.get(staff.role, frozenset())


def require(staff: Staff | None, right: str) -> None:
    """Raise NotAllowed unless `staff` may."""
    if not may(staff, right):
        raise NotAllowed(_("Your role does not include this. Ask an administrator."))
