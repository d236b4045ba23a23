"""What money an order may be in."""

from __future__ import annotations

import pytest

from envoi.contacts.cells import BadCell
from envoi.orders.amounts import currency_of


@pytest.mark.parametrize("text", ["EUR", " usd ", "JPY", "HRK", "CLF"])
def test_a_currency_is_known_by_its_letters(text):
    assert currency_of(text) == text.strip().upper()


@pytest.mark.parametrize("text", ["XXQ", "XXX", "EURO", "E", "", "€€€", "ＥＵＲ"])
def test_three_letters_alone_are_no_currency(text):
    with pytest.raises(BadCell, match="no currency"):
        currency_of(text)
