"""Adding staff and keeping the audit log."""

from __future__ import annotations

import unicodedata
from contextvars import ContextVar
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from ..core.errors import BadInput
from .models import AuditEntry, Staff
from .rights import require, require_role

# They part and join letters in Persian, Hindi and emoji.
JOINERS = "\u200c\u200d"

# Through which API key the request of this moment came; keys.acting sets it for the length of a request.
acting_key: ContextVar[int | None] = ContextVar("acting_key", default=None)


@transaction.atomic
def add_staff(*, email: str, role: str, password: str, name: str = "", by: Staff | None) -> Staff:
    """Add someone who may sign in. Raises BadInput for a taken or bad e-mail, an unknown role, a weak password."""
    require(by, "team.write")
    email, name = address_of(email), name_of(name)
    require_role(by, role)
    staff = Staff(email=email, role=role, name=name_of(name))
    set_password(staff, password)
    staff.save()
    note(by, "staff.add", f"staff/{staff.pk}", {"email": email, "role": role})
    return staff


def address_of(email: str) -> str:
    """An e-mail address of nobody on the team, as it is kept. Raises BadInput."""
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError:
        raise BadInput(_("“%(email)s” is not an e-mail address.") % {"email": email[:100]}) from None
    if len(email) > 254:
        raise BadInput(_("An e-mail has at most 254 characters, a name 120."))
    if Staff.objects.filter(email__iexact=email).exists():
        raise BadInput(_("%(email)s is already on the team.") % {"email": email})
    return email


def is_seen(letter: str) -> bool:
    """Whether a character is more than a control or a mark of direction."""
    return unicodedata.category(letter) not in ("Cc", "Cf")


def name_of(name: str) -> str:
    """A name as it is kept. Raises BadInput."""
    # Signs that nobody sees, marks of direction above all, would turn the words around the name.
    name = "".join(letter for letter in " ".join(name.split()) if letter in JOINERS or is_seen(letter))
    if len(name) > 120:
        raise BadInput(_("An e-mail has at most 254 characters, a name 120."))
    return name


def set_password(staff: Staff, password: str) -> None:
    """Give `staff`, whom the caller saves, a password. Raises BadInput for a weak one."""
    if any(ord(letter) < 32 or 0xD800 <= ord(letter) < 0xE000 for letter in password):
        raise BadInput(_("The password holds a character that nobody can type."))
    try:
        validate_password(password, user=staff)
    except ValidationError as error:
        raise BadInput(" ".join(error.messages)) from None
    staff.set_password(password)


def note(by: Staff | None, verb: str, subject: str, detail: dict[str, Any] | None = None) -> None:
    """Write one line of the audit log, in the caller's transaction: no action without its line."""
    AuditEntry.objects.create(staff=by, key_id=acting_key.get(), verb=verb, subject=subject, detail=detail or {})


def forget(subject: str) -> None:
    """Empty the details of everything noted about a subject, in the caller's transaction: that it happened stays."""
    AuditEntry.objects.filter(subject=subject).update(detail={})
