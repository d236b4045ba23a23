"""Amounts of money and quantities as people write them. It never guesses between two meanings."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from django.utils.formats import get_format
from django.utils.translation import gettext as _

from ..contacts.cells import BadCell
from ..core.currencies import CURRENCIES

LARGEST = Decimal(10) ** 12

_AROUND = re.compile(r"^[A-Za-z$€£¥₹￥元 \u00a0\u202f]*|[A-Za-z$€£¥₹￥元 \u00a0\u202f]*$")
_PLAIN = re.compile(r"\d+(?:\.\d{1,2})?")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:([ '’\u00a0\u202f.,])\d{3})(?:\1\d{3})*(?:(?!\1)[.,]\d+)?")
_DECIMAL = re.compile(r"\d*[.,]\d+|\d+")


@lru_cache(maxsize=32_768)
def amount_of(text: str) -> Decimal:
    """Money as people write it: 1234.50, 1.234,50, 1 234,50 €, $1,234.50. To the cent, halves to the even one.

    1,234 and 1.234 can be read in two ways and are refused, as are negative amounts. Raises BadCell.
    """
    wrong = BadCell(_("“%(text)s” is no amount: write it as 1234.50.") % {"text": text[:40]})
    bare = text.strip()
    if not _PLAIN.fullmatch(bare):
        bare = _AROUND.sub("", bare)
        if bare.startswith("-"):
            raise BadCell(_("“%(text)s” is negative: a refund is no order.") % {"text": text[:40]})
        if grouped := _GROUPED.fullmatch(bare):
            mark = grouped[1]
            if mark in ".," and bare.count(mark) == 1 and not re.search(r"[.,]\d+$", bare.replace(mark, "", 1)):
                raise BadCell(
                    _("“%(text)s” can be read in two ways: write it without marks between thousands.")
                    % {"text": text[:40]}
                )
            bare = bare.replace(mark, "")
        elif not _DECIMAL.fullmatch(bare):
            raise wrong
        bare = bare.replace(",", ".")
    if not bare.isascii():
        raise wrong
    amount = Decimal(bare)
    if amount >= LARGEST:
        raise wrong
    return amount.quantize(Decimal("0.01"))


def figure_of(text: str) -> str:
    """A plain number with a point: "0,92" is 0.92, as is "0.92". Raises BadCell for what can be read in two ways."""
    bare = text.strip().replace("\u00a0", "").replace("\u202f", "").replace(" ", "")
    if bare.count(",") != 1 or "." in bare:
        return bare
    whole, rest = bare.split(",")
    if len(rest) == 3 and whole.lstrip("0") and get_format("DECIMAL_SEPARATOR") != ",":
        raise BadCell(
            _("“%(text)s” can be read in two ways: write it without marks between thousands.") % {"text": text[:40]}
        )
    return f"{whole}.{rest}"


@lru_cache(maxsize=4096)
def quantity_of(text: str) -> int:
    """A number of pieces, below two thousand million. Raises BadCell."""
    whole = text.strip().removesuffix(".0").removesuffix(".00")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= 10 and int(whole) < 2**31):
        raise BadCell(_("“%(text)s” is no quantity: write a whole number.") % {"text": text[:40]})
    return int(whole)


@lru_cache(maxsize=4096)
def currency_of(text: str) -> str:
    """The letters of a currency that there is. Raises BadCell."""
    code = text.strip().upper()
    if code not in CURRENCIES:
        raise BadCell(_("“%(text)s” is no currency: write three letters, such as EUR.") % {"text": text[:40]})
    return code
