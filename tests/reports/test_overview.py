"""Figures as they are read."""

from __future__ import annotations

import pytest

from envoi.web.templatetags.look import percent


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (3 / 13, "23.1%"),
        (1 / 6, "16.7%"),
        (1 / 17, "5.9%"),
        (0.0, "0%"),
        (1.0, "100%"),
        (0.9996, "100%"),
        (0.065, "6.5%"),
    ],
)
def test_a_percentage_is_rounded_not_cut(share: float, said: str):
    assert percent(share) == said
