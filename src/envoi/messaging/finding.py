"""Messages as a program asks for them: page by page, along keys that lead with the contact."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from ..core.errors import BadInput
from ..core.paging import Page, whole
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
    """One contact's messages, the newest first; those of all contacts by contact.

    The cursor is a place in the primary key (contact, id), or in time for one contact, so that page 5,000 costs what
    page 1 does, and a message that comes in meanwhile moves no other.
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
        # By time: ids are given out in blocks, so they are not in the order in which messages were written. One
        # customer's messages are few enough to be sorted.
        found = found.order_by("-created_at", "-id")
        if after:
            at, own = _moment(after)
            found = found.filter(Q(created_at__lt=at) | Q(created_at=at, id__lt=own))
    else:
        found = found.order_by("contact_id", "id")
        if after:
            contact, own = _key(after)
            # The first half alone is what the index begins with.
            found = found.filter(contact_id__gte=contact).filter(Q(contact_id__gt=contact) | Q(id__gt=own))
    rows = list(found[: limit + 1])
    page = rows[:limit]
    if len(rows) <= limit:
        return Page(page)
    last = page[-1]
    return Page(page, next=f"{last.contact_id if contact_id is None else last.created_at.isoformat()} {last.id}")


def may_read(staff: Staff | None) -> None:
    """Raises NotAllowed unless messages are for this reader."""
    require(staff, "contacts.read")


def by_keys(keys: Iterable[Key]) -> dict[Key, Message]:
    """These messages, by their keys; what is not there is left out."""
    wanted = set(keys)
    found = Message.objects.filter(contact_id__in={one[0] for one in wanted}, id__in={one[1] for one in wanted})
    return {(one.contact_id, one.id): one for one in found}


def _key(text: str) -> Key:
    contact, _blank, own = text.partition(" ")
    return _number(contact), _number(own)


def _moment(text: str) -> tuple[datetime, int]:
    at, _blank, own = text.partition(" ")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise _not_ours() from None
    if moment.tzinfo is None:
        raise _not_ours()
    return moment, _number(own)


def _number(text: str) -> int:
    number = whole(text)
    if number is None:
        raise _not_ours()
    return number


def _not_ours() -> BadInput:
    return BadInput(_("This cursor is not one of this list: start again without it."))
