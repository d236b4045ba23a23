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
    "inbox.read",
    "replies.read",
}
# Taking care of conversations: reading, answering, closing, taking them over; the words kept for it.
SERVE = {
    "contacts.read",
    "contacts.write",
    "templates.read",
    "media.write",
    "messages.write",
    "inbox.read",
    "inbox.write",
    "replies.read",
}
MARKET = (
    READ
    | SERVE
    | {
        "contacts.import",
        "contacts.export",
        "contacts.merge",
        "segments.write",
        "campaigns.write",
        "campaigns.launch",
        "messages.settle",
        # Marketers write the words of campaigns; WhatsApp approves every template before anybody can get it.
        "templates.write",
        "replies.write",
    }
)
# What somebody may ask for by law, and what can't be undone: their data, their erasure.
ALL = MARKET | {
    "channels.write",
    "team.write",
    "contacts.privacy",
    # Giving conversations to others, opening hours and targets, the audit log.
    "inbox.assign",
    "service.write",
    "audit.read",
}

RIGHTS: dict[str, frozenset[str]] = {
    Staff.Role.OWNER: frozenset(ALL),
    Staff.Role.ADMINISTRATOR: frozenset(ALL),
    Staff.Role.MARKETER: frozenset(MARKET),
    Staff.Role.AGENT: frozenset(SERVE),
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
