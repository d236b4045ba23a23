"""Orders that a program sends many at a time, brought in by the path of files (contacts.bulk)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..contacts.bulk import Done, bring, text_of
from ..contacts.columns import ORDER_TITLES, recognise
from ..contacts.models import Import
from ..core.errors import BadInput
from ..team.models import Staff
from .imports import OrderFile

ORDER_KEYS = tuple(ORDER_TITLES)


def bring_orders(
    rows: Sequence[Mapping[str, Any]], *, options: Mapping[str, Any] | None = None, by: Staff | None
) -> Done:
    """Add or change orders: ORDER_KEYS as text, the customer by number or phone. See contacts.bulk.bring_contacts."""
    header = list(ORDER_KEYS)
    columns = recognise(header, ORDER_TITLES, header)
    return bring(OrderFile(), Import.Kind.ORDERS, header, columns, list(_cells(rows)), options or {}, by=by)


def _cells(rows: Sequence[Mapping[str, Any]]) -> Iterator[list[str] | BadInput]:
    for row in rows:
        try:
            yield [text_of(row.get(key)) for key in ORDER_KEYS]
        except BadInput as problem:
            yield problem
