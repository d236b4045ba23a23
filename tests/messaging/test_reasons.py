"""Every reason of the limits has words, in the story of a message as in the lists."""

from __future__ import annotations

import pytest

from envoi.messaging.reasons import REASONS
from envoi.web.told import why


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_a_reason_is_told_in_words(reason: str) -> None:
    assert why(reason) != reason
