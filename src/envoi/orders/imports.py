"""Orders from a file: what each column means, row by row, and the SQL that writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from ..contacts import importing
from ..contacts.cells import BadCell, moment_of, past
from ..contacts.columns import ORDER_TITLES, Columns, need_orders
from ..contacts.columnwise import EMPTY, Known, doubtful, longer, without
from ..contacts.importing import Cells, Outcome, Reader, StageRow, Watch
from ..contacts.imports import shortened_phone
from ..contacts.models import Import
from ..contacts.options import ImportOptions
from ..contacts.phones import Phones
from ..contacts.reading import Batch
from ..core import clock
from ..core.phone import BadPhone, is_shortened
from .amounts import amount_of, currency_of, quantity_of
from .givenback import given_back, state_of
from .merging import COPY, STAGE, merge
from .products import product_of, products_of


def run(import_id: int) -> None:
    """Bring in the orders of a stored file; see contacts.importing.run."""
    importing.run(import_id, OrderFile())


class OrderFile:
    """The orders' part of an import."""

    titles = ORDER_TITLES
    stage = STAGE
    copy = COPY
    tables = "orders, order_totals"

    def reader(self, one: Import, header: Cells, columns: Columns) -> Reader:
        """What turns the cells of a row into the columns of the stage."""
        options = ImportOptions.parse(one.options)
        need_orders(header, columns, options.currency)
        return OrderReader(len(header), columns, options, clock.now())

    def write(self, cursor: Any, one: Import, watch: Watch) -> Outcome:
        """Move the stage into orders and order_totals."""
        return merge(cursor, one, ImportOptions.parse(one.options), watch)


class OrderReader:
    """From the cells of a row to the columns of the stage."""

    def __init__(self, width: int, columns: Columns, options: ImportOptions, now: datetime) -> None:
        self._width = width
        self._options = options
        self._now = now
        self._phones = Phones(options.country)
        # A place beyond the columns stands for a column that the file does not have: its cell is empty.
        self._place = {name: columns.at.get(name, width) for name in ORDER_TITLES}
        self._days = Known(lambda text: str(self._day(text)))
        self._amounts = Known(lambda text: str(amount_of(text)))
        self._currencies = Known(lambda text: (currency_of(text) if text else options.currency) or None)
        self._quantities = Known(lambda text: str(quantity_of(text) if text else 1))
        self._products = Known(products_of)
        # Each row is then one product, and not a cell a list of them.
        self._one_product = bool({"sku", "price"} & columns.at.keys())
        self._says_given_back = bool({"state", "refunded", "cancelled"} & columns.at.keys())
        self._states = Known(state_of)
        self._perhaps = Known(lambda text: _perhaps_phone(self._phones, text))

    def row(self, line: int, cells: Cells) -> StageRow:
        """One row, with all that may be wrong in it. Raises BadInput."""
        width, place = self._width, self._place
        if len(cells) != width and any(cells[width:]):
            raise BadCell(
                _("The row has %(cells)s cells, the first line %(titles)s.") % {"cells": len(cells), "titles": width}
            )
        cells = [cell.strip() for cell in cells[:width]]
        cells += [""] * (width + 1 - len(cells))
        cell = {name: cells[at] for name, at in place.items()}
        customer, number, amount = cell["customer"], cell["external_id"], cell["amount"]
        phone = cell["phone"] or cell["other_phone"]
        if len(customer) > 160 or len(number) > 120:
            raise BadCell(_("The customer number or order number is too long."))
        products = self._items(cell["items"], cell["sku"], cell["quantity"], cell["price"])
        if not amount and number:
            # A further line of an order whose first line says all else (lines.gather).
            quantity = str(quantity_of(cell["quantity"])) if cell["quantity"] else ""
            return (str(line), "", "", "", "", "", "", quantity, number, products, "")
        if not customer and not phone:
            raise BadCell(_("The row names no customer."))
        if not cell["at"] or not amount:
            raise BadCell(_("The row has no date or no amount."))
        currency = currency_of(cell["currency"]) if cell["currency"] else self._options.currency
        if not currency:
            raise BadCell(_("The row has no currency."))
        return (
            str(line),
            customer,
            _phone(self._phones, phone) if phone else "",
            # “Customer” may hold phones: tried when nobody has it as a number.
            _perhaps_phone(self._phones, customer) if customer and not phone else "",
            str(self._day(cell["at"])),
            str(amount_of(amount)),
            currency,
            str(quantity_of(cell["quantity"]) if cell["quantity"] else 1),
            number,
            products,
            given_back(state_of(cell["state"]), cell["refunded"], cell["cancelled"], amount_of(amount)),
        )

    def batch(self, found: Batch) -> tuple[list[StageRow], set[int]]:
        """The rows in which all is plain, and the places of those that `row` has to look at."""
        size = len(found)
        columns = [*found.columns, EMPTY * size]
        column = {name: columns[at] for name, at in self._place.items()}

        customers = list(map(str.strip, column["customer"]))
        phones = self._phones.all_e164(self._numbers(column["phone"], column["other_phone"]), columns[-1])
        perhaps = columns[-1] if all(phones) else self._perhaps.of(customers)
        days = self._days.of(column["at"])
        amounts = self._amounts.of(column["amount"])
        currencies = self._currencies.of(column["currency"])
        quantities = self._quantities.of(column["quantity"])
        products = (
            list(map(self._item, column["items"], column["sku"], column["quantity"], column["price"]))
            if self._one_product
            else self._products.of(column["items"])
        )
        back: list[Any] = list(columns[-1])
        if self._says_given_back:
            states = self._states.of(column["state"])
            back = list(map(self._back, states, column["refunded"], column["cancelled"], amounts))
        numbers = list(map(str.strip, column["external_id"]))
        doubt = set(found.odd) | doubtful((phones, days, amounts, currencies, quantities, products, back))
        doubt |= longer(customers, 160) | longer(numbers, 120)
        if "" in phones:
            doubt |= {at for at, keys in enumerate(zip(phones, customers, strict=True)) if not any(keys)}
        if perhaps is not columns[-1]:
            perhaps = ["" if phone else maybe for phone, maybe in zip(phones, perhaps, strict=True)]
        lines = map(str, range(found.first, found.first + size))
        ready = (lines, customers, phones, perhaps, days, amounts, currencies, quantities, numbers, products, back)
        return without(list(zip(*ready, strict=True)), doubt), doubt

    def finish(self, cursor: Any) -> None:
        """All is in the stage."""

    def _items(self, name: str, sku: str, quantity: str, price: str) -> str:
        """The products of a row as JSON, "" for none. Raises BadCell."""
        if not self._one_product:
            return products_of(name)
        pieces = quantity_of(quantity) if quantity else 1
        return product_of(name, sku, pieces, amount_of(price) if price else None)

    def _item(self, *cells: str) -> str | None:
        """As _items, None for what is refused."""
        try:
            return self._items(*map(str.strip, cells))
        except BadCell:
            return None

    def _back(self, state: str, refunded: str, cancelled: str, amount: str | None) -> str | None:
        """How much was given back, None for what is refused."""
        try:
            return given_back(state, refunded.strip(), cancelled.strip(), Decimal(amount)) if amount else None
        except BadCell:
            return None

    def _numbers(self, phones: Sequence[str], others: Sequence[str]) -> Sequence[str]:
        """The phone of each row, or the other one where it has none."""
        if self._place["other_phone"] == self._width:
            return phones
        return [phone if phone.strip() else other for phone, other in zip(phones, others, strict=True)]

    def _day(self, text: str) -> datetime:
        return past(moment_of(text, self._options.date_order), self._now)


def _phone(phones: Phones, text: str) -> str:
    try:
        return phones.e164(text)
    except BadPhone:
        if is_shortened(text):
            raise shortened_phone(text) from None
        raise BadCell(_("“%(phone)s” is no phone number with its country code.") % {"phone": text[:40]}) from None


def _perhaps_phone(phones: Phones, text: str) -> str:
    if len(text) < 8 or not text.lstrip("+")[:1].isdigit():
        return ""
    try:
        return phones.e164(text)
    except BadPhone:
        return ""
