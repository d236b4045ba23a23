"""Orders as a program asks for them, page by page; and adding one."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from ..contacts.queries import contact_for
from ..core.errors import BadInput, NotFound
from ..core.paging import Page, whole
from ..team.models import Staff
from ..team.rights import require
from .actions import NewOrder, add_orders, refund
from .models import Order


def orders(
    staff: Staff | None, *, contact_id: int | None = None, after: str | None = None, limit: int = 50
) -> Page[Order]:
    """Orders by contact, and by number within each; the cursor is a place in their primary key (contact, id)."""
    require(staff, "contacts.read")
    found = Order.objects.order_by("contact_id", "id")
    if contact_id is not None:
        found = found.filter(contact_id=contact_id)
    if after:
        contact, own = (whole(part) for part in after.partition(".")[::2])
        if contact is None or own is None:
            raise BadInput(_("This cursor is not one of this list: start again without it."))
        found = found.filter(contact_id__gte=contact).filter(Q(contact_id__gt=contact) | Q(id__gt=own))
    rows = list(found[: limit + 1])
    page = rows[:limit]
    return Page(page, next=f"{page[-1].contact_id}.{page[-1].id}" if len(rows) > limit else None)


@transaction.atomic
def save_order(order: NewOrder, *, refunded: Decimal | None = None, by: Staff | None) -> tuple[Order, bool]:
    """Add one order, or bring the one with its number up to date; returns it and whether it is new. Raises BadInput.

    refunded: how much of it was given back in all; None leaves what is known of that.
    """
    require(by, "contacts.write")
    try:
        contact_for(by, order.contact_id)
    except NotFound:
        raise BadInput(_("There is no such contact.")) from None
    same = Order.objects.filter(contact_id=order.contact_id, external_id=order.external_id)
    known = same.exists()
    add_orders([order])
    if refunded is not None and same.get().refunded != refunded:
        refund(order.contact_id, order.external_id, refunded)
    return same.get(), not known
