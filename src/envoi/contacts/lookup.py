"""Contacts by an exact key, and the keys of contacts: what programs ask for."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from ..core.errors import NotFound
from ..core.phone import line_of
from ..team.models import Staff
from ..team.rights import require
from .models import ConsentEntry, Contact, Identity, Tag


def contact_ids(staff: Staff | None, *, kind: str, value: str) -> list[int]:
    """Whose key this is: one contact, or none."""
    require(staff, "contacts.read")
    key = line_of(value) if kind == Identity.Kind.PHONE else value
    return list(Identity.objects.filter(kind=kind, value=key).values_list("contact_id", flat=True))


def known(contact: Contact) -> Contact:
    """The same contact. Raises NotFound when nothing is known of them any more."""
    if contact.erased_at:
        raise NotFound(_("There is no such contact."))
    return contact


def user_ids(contacts: Sequence[Contact]) -> dict[int, str]:
    """The provider's own id of each, where one is known."""
    found = Identity.objects.filter(contact_id__in=[one.pk for one in contacts], kind=Identity.Kind.USER_ID)
    return dict(found.values_list("contact_id", "value"))


def with_tags(contacts: Sequence[Contact]) -> Sequence[Contact]:
    """The same contacts, each with its `tag_names`."""
    names: dict[int, list[str]] = {one.pk: [] for one in contacts}
    rows = Tag.objects.filter(tagged__contact_id__in=names).order_by("name").values_list("tagged__contact_id", "name")
    for contact_id, name in rows:
        names[contact_id].append(name)
    for one in contacts:
        one.tag_names = names[one.pk]  # type: ignore[attr-defined]
    return contacts


def consent_entries(
    staff: Staff | None, contact_id: int, *, before: int | None = None, limit: int = 50
) -> list[ConsentEntry]:
    """The ledger of one contact, the newest line first; `before`: only lines with smaller ids. Raises NotFound."""
    require(staff, "contacts.read")
    if not Contact.objects.filter(pk=contact_id, erased_at=None).exists():
        raise NotFound(_("There is no such contact."))
    found = ConsentEntry.objects.filter(contact_id=contact_id).order_by("-id")
    if before is not None:
        found = found.filter(id__lt=before)
    return list(found[:limit])


def all_tags(staff: Staff | None) -> list[Tag]:
    """Every tag."""
    require(staff, "contacts.read")
    return list(Tag.objects.order_by("pk"))


def tag_for(staff: Staff | None, tag_id: int) -> Tag:
    """One tag. Raises NotFound."""
    require(staff, "contacts.read")
    found = Tag.objects.filter(pk=tag_id).first()
    if found is None:
        raise NotFound(_("There is no such tag."))
    return found
