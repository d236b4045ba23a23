"""The shapes that resources share: ids, money, lists with their cursor, what of a change was given."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

from django.utils.translation import gettext as _
from ninja import Query, Schema
from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field

from ..core.errors import BadInput
from ..core.paging import Page

T = TypeVar("T")
Out = TypeVar("Out", bound=Schema)

LARGEST = 2**63 - 1
WRITTEN_OUT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?([Zz]|[+-]\d\d(:?\d\d)?)", re.ASCII)
MOST = 200

Id = Annotated[int, Field(ge=1, le=LARGEST, examples=[7])]
# Of what belongs to one customer: theirs, a point, its own. So it is found on the one shard that holds the customer.
PairedId = Annotated[str, Field(pattern=r"^[0-9]{1,18}\.[0-9]{1,18}$", examples=["7.1042"])]
Name = Annotated[str, Field(min_length=1, max_length=120)]
Limit = Annotated[int, Query(ge=1, le=MOST, description="How many of them, at most.")]
Cursor = Annotated[
    str, Query(max_length=1_000, description="What next said on the page before, for the same question.")
]


def _is_written_out(value: Any) -> Any:
    """Refuse what pydantic would take for a moment, too: a bare number, of seconds or of their thousandths."""
    if not isinstance(value, datetime) and not (isinstance(value, str) and WRITTEN_OUT.fullmatch(value.strip())):
        raise ValueError(_("Write a day and a time with its zone, such as 2026-12-24T09:00:00Z."))
    return value


# A moment as a program writes it: ISO 8601 with its zone, and nothing else.
Moment = Annotated[AwareDatetime, BeforeValidator(_is_written_out)]


class Given(Schema):
    """What a call may send. A word that nobody knows is a mistake, not something to pass over in silence."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    def said(self) -> dict[str, Any]:
        """Only what was sent, for a change."""
        return self.model_dump(exclude_unset=True)


class Money(Schema):
    """An amount; a text, since no sum of money should pass through a binary fraction."""

    amount: Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,6})?$", examples=["12.34"])]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["EUR"])]


class Listing(Schema, Generic[T]):
    """One page; `next` is the cursor of the one after it, null at the end."""

    items: list[T]
    next: str | None


def money(amount: Decimal | None, currency: str) -> Money | None:
    """An amount as the API gives it: to the cent, and further where it goes further."""
    if amount is None or not currency:
        return None
    exact = f"{amount:f}"
    whole, _point, rest = exact.partition(".")
    return Money.model_construct(amount=f"{whole}.{rest.rstrip('0').ljust(2, '0')}", currency=currency)


def listing(page: Page[Any], shown: Callable[[Any], Out]) -> Listing[Out]:
    """A page as the API gives it."""
    return Listing(items=[shown(one) for one in page.items], next=cursor_of(page.next))


def whole_list(items: Sequence[Any], cursor: str, limit: int, shown: Callable[[Any], Out]) -> Listing[Out]:
    """A page of what is few and read at once, in the order of ids: `items` have a `pk`."""
    after = int(place(cursor) or 0)
    rest = sorted((one for one in items if one.pk > after), key=lambda one: one.pk)
    page = rest[:limit]
    return listing(Page(page, next=str(page[-1].pk) if len(rest) > limit else None), shown)


def cursor_of(place: str | None) -> str | None:
    """A list's own cursor, wrapped so that nobody reads anything into it."""
    return base64.urlsafe_b64encode(f"1{place}".encode()).decode().rstrip("=") if place else None


def place(cursor: str, *, digits: bool = True) -> str | None:
    """What `cursor_of` wrapped, None for the first page; digits: a number. Raises BadInput for what it did not wrap."""
    if not cursor:
        return None
    wrong = BadInput(_("This cursor is not one of this list: start again without it."))
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (ValueError, binascii.Error):
        raise wrong from None
    inside = text.removeprefix("1")
    if inside == text or not inside or "\0" in inside:
        raise wrong
    if digits and not (inside.isascii() and inside.isdecimal() and len(inside) < 19):
        raise wrong
    return inside


def paired(contact_id: int, own_id: int) -> str:
    """A PairedId."""
    return f"{contact_id}.{own_id}"


def parts(paired_id: str) -> tuple[int, int]:
    """Both numbers of a PairedId."""
    contact_id, _point, own_id = paired_id.partition(".")
    return int(contact_id), int(own_id)
