"""Why a price can't be taken: headlines with a sentence each."""

from __future__ import annotations

from ..core.errors import BadInput


class BadCard(BadInput):
    """The file is no rate card; the sentence names the line."""
