"""What of an app's tables belongs to one customer (contacts.belongings)."""

from __future__ import annotations

from ..contacts.belongings import Belonging

BELONGINGS = (Belonging("segment_members", key=("segment_id",), same=("segment_id",)),)
