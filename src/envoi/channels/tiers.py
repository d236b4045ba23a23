"""A provider's word for a daily limit, and the pace of a number without one. No Django: dispatch asks too."""

from __future__ import annotations

import re

# The first step of Meta's ladder, where every new business begins (Meta sheet, E.2).
LOWEST = 250

# The source's advice for bulk sending from a new number: at most 30 messages a minute until it has proved itself.
UNPROVEN_PER_MINUTE = 30

_TIER = re.compile(r"(?<![\d.])(\d+(?:[.,]\d+)?)\s*([KM]?)(?![A-Z0-9])")


def limit_of(tier: str) -> int | None:
    """The limit behind a provider's word for it; None when it sets none, or when it is not known.

    Known words: TIER_250, TIER_1K, tier_10k, TIER_UNLIMITED, TIER_NOT_SET, "10K Customers/24hr", "2,000".
    """
    if is_unlimited(tier):
        return None
    found = _TIER.search(tier.upper().replace("_", " ").replace(",", ""))
    if found is None:
        return None
    return int(float(found[1]) * {"": 1, "K": 1_000, "M": 1_000_000}[found[2]])


def is_unlimited(tier: str) -> bool:
    """Whether the provider says that there is no limit."""
    return "UNLIMITED" in tier.upper()


def is_raised(tier: str) -> bool:
    """Whether the limit is known to lie above the step where everybody begins: Meta has looked at quality then."""
    limit = limit_of(tier)
    return is_unlimited(tier) or (limit is not None and limit > LOWEST)
