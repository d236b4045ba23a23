"""Deleting a contact with all that is theirs, in the highest app that knows what may be under way to them."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from ..contacts.models import Contact
from ..core.errors import NotFound, Problem
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from .models import Message


class UnderWay(Problem):
    """A message to them has still to leave, or nobody knows yet whether it did."""


@transaction.atomic
def delete_contact(contact_id: int, *, by: Staff | None) -> None:
    """Delete a contact, their keys, consent, orders and messages. Raises NotFound, UnderWay."""
    require(by, "contacts.write")
    contact = Contact.objects.select_for_update().filter(pk=contact_id).first()
    if contact is None:
        raise NotFound(_("There is no such contact."))
    if Message.objects.filter(contact_id=contact_id, state__in=("queued", "sending", "uncertain")).exists():
        raise UnderWay(_("A message to them is under way: cancel its campaign, or wait until it has ended."))
    note(by, "contacts.delete", f"contact/{contact_id}")
    contact.delete()
