"""Orders from a file: what each column means, row by row, and the SQL that writes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from ..contacts import importing
from ..contacts.cells import BadCell, moment_of, past
from ..contacts.columns import CUSTOMER, PHONE, Columns, Titles, missing
from ..contacts.importing import Cells, Outcome, StageRow
from ..contacts.models import Import
from ..contacts.options import ImportOptions
from ..contacts.phones import Phones
from ..core import clock
from ..core.phone import BadPhone
from .amounts import amount_of, currency_of, quantity_of
from .merging import COPY, STAGE, merge

DATE: tuple[str, ...] = ("date", "order date", "ordered at", "purchase date", "date de commande", "date d'achat")
DATE += ("日期", "下单日期", "订单日期", "下单时间", "购买日期")
AMOUNT: tuple[str, ...] = ("amount", "total", "total amount", "order total", "price", "value")
AMOUNT += ("montant", "prix", "montant total", "金额", "总额", "订单金额", "总金额", "价格")
ORDER: tuple[str, ...] = ("order", "order id", "order number", "order no", "commande", "numéro de commande")
ORDER += ("n° commande", "id commande", "订单号", "订单编号", "订单id")

TITLES: Titles = {
    "customer": CUSTOMER,
    "phone": PHONE,
    "at": DATE,
    "amount": AMOUNT,
    "currency": ("currency", "devise", "monnaie", "货币", "币种"),
    "quantity": ("quantity", "qty", "items", "pieces", "quantité", "qté", "数量", "件数"),
    "external_id": ORDER,
}


def run(import_id: int) -> None:
    """Bring in the orders of a stored file; see contacts.importing.run."""
    importing.run(import_id, OrderFile())


class OrderFile:
    """The orders' part of an import."""

    titles = TITLES
    stage = STAGE
    copy = COPY

    def reader(self, one: Import, header: Cells, columns: Columns) -> Callable[[int, Cells], StageRow]:
        """A function from the cells of a row to the columns of the stage."""
        options = ImportOptions.parse(one.options)
        found = columns.at.keys()
        if not found & {"customer", "phone"} or not found >= {"at", "amount"}:
            needed = _("columns with the customer (“customer” or “phone”), the date (“date”) and the amount (“amount”)")
            raise missing(header, needed)
        if "currency" not in found and not options.currency:
            needed = _("a column with the currency (“currency”), or a currency chosen for the whole file")
            raise missing(header, needed)
        return _reader(len(header), columns, options, clock.now())

    def write(self, cursor: Any, one: Import, step: Callable[[], None]) -> Outcome:
        """Move the stage into orders and order_totals."""
        return merge(cursor, ImportOptions.parse(one.options), step)


def _reader(width: int, columns: Columns, options: ImportOptions, now: datetime) -> Callable[[int, Cells], StageRow]:
    places = (columns.at.get(name, width) for name in TITLES)
    customer_at, phone_at, day_at, amount_at, currency_at, quantity_at, id_at = places
    phones = Phones(options.country)
    order = options.date_order

    def row(line: int, cells: Cells) -> StageRow:
        if len(cells) != width and any(cells[width:]):
            raise BadCell(
                _("The row has %(cells)s cells, the first line %(titles)s.") % {"cells": len(cells), "titles": width}
            )
        # A place beyond the columns stands for a column that the file does not have: its cell is empty.
        cells = [cell.strip() for cell in cells[:width]]
        cells += [""] * (width + 1 - len(cells))

        customer, phone = cells[customer_at], cells[phone_at]
        if not customer and not phone:
            raise BadCell(_("The row names no customer."))
        if len(customer) > 160 or len(cells[id_at]) > 120:
            raise BadCell(_("The customer number or order number is too long."))
        if not cells[day_at] or not cells[amount_at]:
            raise BadCell(_("The row has no date or no amount."))
        currency = currency_of(cells[currency_at]) if cells[currency_at] else options.currency
        if not currency:
            raise BadCell(_("The row has no currency."))
        return (
            line,
            customer,
            _phone(phones, phone) if phone else "",
            # “Customer” may hold phones: tried when nobody has it as a number.
            _perhaps_phone(phones, customer) if customer and not phone else "",
            past(moment_of(cells[day_at], order), now),
            amount_of(cells[amount_at]),
            currency,
            quantity_of(cells[quantity_at]) if cells[quantity_at] else 1,
            cells[id_at],
        )

    return row


def _phone(phones: Phones, text: str) -> str:
    try:
        return phones.e164(text)
    except BadPhone:
        raise BadCell(_("“%(phone)s” is no phone number with its country code.") % {"phone": text[:40]}) from None


def _perhaps_phone(phones: Phones, text: str) -> str:
    if len(text) < 8 or not text.lstrip("+")[:1].isdigit():
        return ""
    try:
        return phones.e164(text)
    except BadPhone:
        return ""
