"""The products of an order as people write them in one cell: “2 x Soap; Candle; TEA-01 x 3”."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from ..contacts.cells import BadCell

_encode = msgspec.json.Encoder(decimal_format="number").encode

MOST = 200
LONGEST = 120

_BETWEEN = re.compile(r"[;|；｜\n]")
_BEFORE = re.compile(r"(\d{1,6})\s*[x×*]\s*(.+)", re.IGNORECASE)
_AFTER = re.compile(r"(.+?)\s*(?:\s[x*]|×)\s*(\d{1,6})", re.IGNORECASE)


@lru_cache(maxsize=32_768)
def products_of(text: str) -> str:
    """The products as the JSON of Order.items, "" for an empty cell. Raises BadCell.

    What stands there is both the name and the number of the product: a cell does not say which of them it is.
    """
    words = [word.strip() for word in _BETWEEN.split(text) if word.strip()]
    if len(words) > MOST:
        raise BadCell(_("An order has at most %(most)s products.") % {"most": MOST})
    return msgspec.json.encode([_product(word) for word in words]).decode() if words else ""


@lru_cache(maxsize=32_768)
def product_of(name: str, sku: str, quantity: int, price: Decimal | None) -> str:
    """One product with columns of its own as the JSON of Order.items, "" without one. Raises BadCell.

    price: of one piece. Its name is taken as it stands: “2 x” or a semicolon in it counts nothing.
    """
    if not name and not sku:
        return ""
    if max(len(name), len(sku)) > LONGEST:
        raise BadCell(_("The name of a product is longer than %(most)s characters.") % {"most": LONGEST})
    item: dict[str, Any] = {"sku": sku or name, "name": name or sku, "quantity": quantity}
    if price is not None:
        item["amount"] = price * quantity
    return _encode([item]).decode()


def _product(word: str) -> dict[str, Any]:
    name, quantity = word, 1
    if found := _BEFORE.fullmatch(word):
        name, quantity = found[2], int(found[1])
    elif found := _AFTER.fullmatch(word):
        name, quantity = found[1], int(found[2])
    if len(name) > LONGEST:
        raise BadCell(_("The name of a product is longer than %(most)s characters.") % {"most": LONGEST})
    return {"sku": name, "name": name, "quantity": quantity}
