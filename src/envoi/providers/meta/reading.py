"""Moved to providers.reading; kept until nobody imports it from here."""

from __future__ import annotations

from ..reading import MISSHAPEN, Json, NotJson, fields, items, need, read, text

__all__ = ["MISSHAPEN", "Json", "NotJson", "fields", "items", "need", "read", "text"]
