"""Messages as a program asks for them: page by page, along keys that lead with the contact."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q
from django.utils.translation import gettext as _

from ..core.errors import BadInput
from ..core.paging import Page
from ..team.models import Staff
from ..team.rights import require
from .models import Message

Key = tuple[int, int]  # contact, message


def messages(
    staff: Staff | None,
    *,
    contact_id: int | None = None,
    channel_id: int | None = None,
    direction: str = "",
    campaign_id: int | None = None,
    provider_id: str = "",
    after: str | None = None,
    limit: int = 50,
) -> Page[Message]:
    """One contact's messages, the newest first; those of all contacts by contact, and by time within each.

    The cursor is a place in the primary key (contact, id), so that page 5,000 costs what page 1 does, and a message
    that comes in meanwhile moves no other.
    """
    require(staff, "contacts.read")
    found = Message.objects.select_related("template", "channel__account")
    if contact_id is not None:
        found = found.filter(contact_id=contact_id)
    if channel_id is not None:
        found = found.filter(channel_id=channel_id)
    if campaign_id is not None:
        found = found.filter(campaign_id=campaign_id)
    if direction:
        found = found.filter(direction=direction)
    if provider_id:
        found = found.filter(provider_id=provider_id)
    if contact_id is not None:
        found = found.order_by("-id")
        if after:
            found = found.filter(id__lt=_key(after)[1])
    else:
        found = found.order_by("contact_id", "id")
        if after:
            contact, own = _key(after)
            # The first half alone is what the index begins with.
            found = found.filter(contact_id__gte=contact).filter(Q(contact_id__gt=contact) | Q(id__gt=own))
    rows = list(found[: limit + 1])
    page = rows[:limit]
    last = f"{page[-1].contact_id}.{page[-1].id}" if len(rows) > limit else None
    return Page(page, next=last)


def may_read(staff: Staff | None) -> None:
    """Raises NotAllowed unless messages are for this reader."""
    require(staff, "contacts.read")


def by_keys(keys: Iterable[Key]) -> dict[Key, Message]:
    """These messages, by their keys; what is not there is left out."""
    wanted = set(keys)
    found = Message.objects.filter(contact_id__in={one[0] for one in wanted}, id__in={one[1] for one in wanted})
    return {(one.contact_id, one.id): one for one in found}


def _key(text: str) -> Key:
    contact, point, own = text.partition(".")
    if not (point and contact.isdecimal() and own.isdecimal() and len(contact) < 19 and len(own) < 19):
        raise BadInput(_("This cursor is not one of this list: start again without it."))
    return int(contact), int(own)
