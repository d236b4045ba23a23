"""How much of an order was given back, as a shop's own export says it: by a status, an amount, a day of cancelling.

What was never paid (voided, failed, expired) counts as given back whole: the order is known, and is no purchase. What
is still to be paid is one.
"""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from ..contacts.cells import BadCell
from ..contacts.words import folded
from .amounts import amount_of

WHOLE = "whole"
PART = "part"

# Shopify's and WooCommerce's words, and what people call them in French and Chinese.
_WHOLE: tuple[str, ...] = ("refunded", "fully refunded", "voided", "void", "expired", "failed", "cancelled", "canceled")
_WHOLE += ("remboursé", "remboursée", "annulé", "annulée", "échoué", "échouée", "échec", "expiré", "expirée")
_WHOLE += ("已退款", "全额退款", "已取消", "已作废", "已失效", "已过期", "失败", "支付失败")
_PART: tuple[str, ...] = ("partially refunded", "partially_refunded", "partly refunded", "partial refund")
_PART += ("partiellement remboursé", "partiellement remboursée", "部分退款", "已部分退款")

_STATES = {folded(word): WHOLE for word in _WHOLE} | {folded(word): PART for word in _PART}


def state_of(text: str) -> str:
    """WHOLE, PART, or "" for every other word: of a purchase that counts."""
    return _STATES.get(folded(text).removeprefix("wc "), "")


def given_back(state: str, refunded: str, cancelled: str, amount: Decimal) -> str:
    """How much of `amount`, as text and never more than it; "" where the row says nothing of it. Raises BadCell."""
    if state == WHOLE or cancelled:
        return str(amount)
    back = amount_of(refunded.removeprefix("-")) if refunded else Decimal(0)
    if state == PART and not back:
        raise BadCell(_("A part of the order was given back, and the row does not say how much."))
    return str(min(back, amount)) if refunded else ""
