"""/orders: what customers bought, as the shop says."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from ninja import Query, Router, Schema, Status
from pydantic import Field

from ..contacts.api import BulkDone, bulk_done
from ..contacts.bulk import MOST_ROWS
from ..core.errors import BadInput
from ..rest.requests import KeyRequest
from ..rest.shapes import (
    LARGEST,
    Cursor,
    Given,
    Id,
    Limit,
    Listing,
    Moment,
    Money,
    PairedId,
    listing,
    money,
    paired,
    place,
)
from . import bulk, finding
from .actions import NewOrder

router = Router(tags=["orders"])


# How much of an order was given back in all, in its own currency; not sent, what is known of it stays.
Refunded = Annotated[str | None, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,2})?$", examples=["10.00"])]


class OrderGiven(Given):
    """One purchase. `external_id` is the shop's number of it: the same number again brings that order up to date.

    `refunded`: how much of it was given back in all, in its own currency; without it, what is known of that stays.
    An order that was given back whole counts as none.
    """

    contact: Id
    external_id: Annotated[str, Field(min_length=1, max_length=120)]
    amount: Money
    at: Moment
    quantity: Annotated[int, Field(ge=1, le=2**31 - 1)] = 1
    items: Annotated[list[dict[str, Any]], Field(max_length=500)] = []
    refunded: Refunded = None


class OrderOut(Schema):
    """One purchase. Its id is its contact's, a point, its own."""

    id: PairedId
    contact: Id
    external_id: str
    amount: Money | None
    refunded: Money | None
    at: datetime
    quantity: int
    items: list[dict[str, Any]]


@router.get("", response=Listing[OrderOut])
def list_orders(
    request: KeyRequest,
    contact: Annotated[int | None, Query(ge=1, le=LARGEST)] = None,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Listing[OrderOut]:
    """Orders, of one contact or of all, contact by contact."""
    page = finding.orders(request.by, contact_id=contact, after=place(cursor, digits=False), limit=limit)
    return listing(page, _shown)


@router.post("", response={200: OrderOut, 201: OrderOut})
def save_order(request: KeyRequest, given: OrderGiven) -> Status[OrderOut]:
    """Add an order, or bring the one of this number up to date: 201 for a new one, else 200."""
    amount = Decimal(given.amount.amount)
    if amount != round(amount, 2):
        raise BadInput(_("An amount goes to the cent."))
    order = NewOrder(
        contact_id=given.contact,
        external_id=given.external_id,
        at=given.at,
        amount=amount,
        currency=given.amount.currency,
        quantity=given.quantity,
        items=given.items,
    )
    back = None if given.refunded is None else Decimal(given.refunded)
    saved, new = finding.save_order(order, refunded=back, by=request.by)
    return Status(201 if new else 200, _shown(saved))


class BulkOrder(Given):
    """One of many: whose it is, by `customer` (the company's own number of them) or `phone`.

    `refunded`: as for one order, but it only ever grows.
    """

    customer: Annotated[str, Field(max_length=160)] = ""
    phone: Annotated[str, Field(max_length=40)] = ""
    external_id: Annotated[str, Field(max_length=120)] = ""
    at: Moment
    amount: Money
    quantity: Annotated[int, Field(ge=1, le=2**31 - 1)] = 1
    refunded: Refunded = None


class BulkOrders(Given):
    """Many orders at once. `unknown_customers`: "create" makes a contact for who is not known yet."""

    orders: Annotated[list[BulkOrder], Field(min_length=1, max_length=MOST_ROWS)]
    unknown_customers: Literal["reject", "create"] = "reject"
    duplicates: Literal["last", "first"] = "last"


@router.post("/bulk", response=BulkDone, by_alias=True)
def bulk_orders(request: KeyRequest, given: BulkOrders) -> BulkDone:
    """Add or change up to 10,000 orders at once: good rows go in, bad ones come back with a sentence."""
    rows = [
        one.model_dump(include={"customer", "phone", "external_id", "quantity", "refunded"})
        | {"at": one.at.isoformat(), "amount": one.amount.amount, "currency": one.amount.currency}
        for one in given.orders
    ]
    options = {"unknown_customers": given.unknown_customers, "duplicates": given.duplicates}
    return bulk_done(bulk.bring_orders(rows, options=options, by=request.by))


def _shown(order: Any) -> OrderOut:
    return OrderOut(
        id=paired(order.contact_id, order.id),
        contact=order.contact_id,
        external_id=order.external_id,
        amount=money(order.amount, order.currency),
        refunded=money(order.refunded, order.currency),
        at=order.at,
        quantity=order.quantity,
        items=order.items,
    )
