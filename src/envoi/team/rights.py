"""What each role may do, and each person beside it; asked by every action and query, from whatever page or command."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..core.errors import BadInput, NotAllowed
from .models import Staff, StaffRight

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


# Every right in words, in the order in which the pages show them. A right without a sentence can't be given.
WORDS: dict[str, Any] = {
    "inbox.read": gettext_lazy("Read every conversation"),
    "inbox.write": gettext_lazy("Answer customers, take over and close conversations"),
    "inbox.assign": gettext_lazy("Give conversations to others"),
    "messages.write": gettext_lazy("Write to customers"),
    "replies.read": gettext_lazy("See the automatic replies"),
    "replies.write": gettext_lazy("Change the automatic replies"),
    "service.write": gettext_lazy("Set opening hours, targets, and the question after closing"),
    "contacts.read": gettext_lazy("See contacts and orders"),
    "contacts.write": gettext_lazy("Add and change contacts, tags and consent"),
    "contacts.import": gettext_lazy("Bring contacts and orders in from files"),
    "contacts.export": gettext_lazy("Take contacts and orders out as files"),
    "contacts.merge": gettext_lazy("Merge two contacts into one"),
    "contacts.privacy": gettext_lazy("Hand out or erase all that is known of a person"),
    "segments.read": gettext_lazy("See segments"),
    "segments.write": gettext_lazy("Make and change segments"),
    "templates.read": gettext_lazy("See templates"),
    "templates.write": gettext_lazy("Write templates and send them to WhatsApp for approval"),
    "media.write": gettext_lazy("Add and delete files"),
    "campaigns.read": gettext_lazy("See campaigns and their results"),
    "campaigns.write": gettext_lazy("Prepare campaigns"),
    "campaigns.launch": gettext_lazy("Launch, pause and cancel campaigns"),
    "messages.settle": gettext_lazy("Decide about messages whose outcome is not known"),
    "reports.read": gettext_lazy("See reports"),
    "channels.read": gettext_lazy("See channels, their limits and quality"),
    "channels.write": gettext_lazy("Connect accounts and numbers; change limits and prices"),
    "team.write": gettext_lazy("Invite and change staff, teams and API keys"),
    "audit.read": gettext_lazy("Read who changed what"),
}


def rights_of(staff: Staff | None) -> frozenset[str]:
    """Every right that `staff` has: their role's, and what was given to or taken from them.

    None is the operator at the command line, who owns the machine. An owner has every right, whatever the table says:
    so there is always somebody who can give a right back.
    """
    if staff is None:
        return frozenset(ALL)
    if not staff.is_active:
        return frozenset()
    of_role = RIGHTS.get(staff.role, frozenset())
    if staff.role == Staff.Role.OWNER:
        return of_role
    given, taken = _custom(staff)
    return (of_role | given) - taken


def may(staff: Staff | None, right: str) -> bool:
    """Whether `staff` has the right; None is the operator at the command line, who owns the machine."""
    return staff is None or right in rights_of(staff)


def require(staff: Staff | None, right: str) -> None:
    """Raise NotAllowed unless `staff` may."""
    if not may(staff, right):
        raise NotAllowed(_("Your role does not include this. Ask an administrator."))


def may_change(by: Staff | None, staff: Staff) -> bool:
    """Whether `by` may change `staff` at all: only owners change owners, and nobody changes who may more than they."""
    return by is None or (
        may(by, "team.write")
        and (staff.role != Staff.Role.OWNER or by.role == Staff.Role.OWNER)
        and (staff.pk == by.pk or _as_if_active(staff) <= rights_of(by))
    )


def require_change(by: Staff | None, staff: Staff) -> None:
    """Raise NotAllowed unless `by` may change `staff`."""
    require(by, "team.write")
    if not may_change(by, staff):
        if staff.role == Staff.Role.OWNER:
            raise NotAllowed(_("Only an owner may change an owner."))
        raise NotAllowed(_("%(name)s may do more than you may: ask an owner.") % {"name": staff})


def roles_given_by(by: Staff | None) -> list[str]:
    """The roles that `by` may give: those whose every right they have. Only owners make owners."""
    held = rights_of(by)
    return [
        role
        for role in Staff.Role.values
        if RIGHTS[role] <= held and (role != Staff.Role.OWNER or by is None or by.role == Staff.Role.OWNER)
    ]


def require_role(by: Staff | None, role: str) -> None:
    """Raise BadInput for a role that does not exist, NotAllowed for one that `by` may not give."""
    if role not in Staff.Role.values:
        raise BadInput(_("Unknown role. Choose one of: %(roles)s.") % {"roles": ", ".join(Staff.Role.values)})
    if role not in roles_given_by(by):
        if role == Staff.Role.OWNER:
            raise NotAllowed(_("Only an owner may make somebody an owner."))
        raise NotAllowed(_("You can’t give a role that may do more than you may."))


def _custom(staff: Staff) -> tuple[frozenset[str], frozenset[str]]:
    # Read once for each object, so once for each request: a page asks dozens of times.
    found: tuple[frozenset[str], frozenset[str]] | None = staff.__dict__.get("_custom_rights")
    if found is None:
        rows = list(StaffRight.objects.filter(staff_id=staff.pk).values_list("right", "granted"))
        found = (
            frozenset(right for right, granted in rows if granted),
            frozenset(right for right, granted in rows if not granted),
        )
        staff.__dict__["_custom_rights"] = found
    return found


def _as_if_active(staff: Staff) -> frozenset[str]:
    """What somebody who was switched off would have again."""
    if staff.role == Staff.Role.OWNER:
        return RIGHTS[staff.role]
    given, taken = _custom(staff)
    return (RIGHTS.get(staff.role, frozenset()) | given) - taken
