"""The rules in force, made ready once a process and again when one of them has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import F

from ..core import lately
from .matching import Matcher
from .models import ReplyRule, ReplySettings
from .rules import rule_of

COLUMNS = (
    "id", "name", "enabled", "stops", "trigger", "conditions", "actions", "channels", "teams", "starts_at", "ends_at",
    "settles",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Book:
    """Every rule, ready; what each does and whether it ends the wait; what holds for all of them."""

    version: int
    matcher: Matcher
    actions: Mapping[int, Sequence[Mapping[str, Any]]]
    settles: frozenset[int]
    per_hour: int
    silent: timedelta
    until_closed: bool


def settings() -> ReplySettings:
    """What is set; the defaults when nothing ever was."""
    return ReplySettings.objects.filter(id=1).first() or ReplySettings()


def changed() -> None:
    """Let every process read the rules anew; in the transaction of whatever changed."""
    if not ReplySettings.objects.filter(id=1).update(version=F("version") + 1):
        ReplySettings.objects.create(id=1, version=1)


class Shelf:
    """Keeps the book of this process; a look at one small row says whether it still holds."""

    def __init__(self) -> None:
        self._book: Book | None = None

    def book(self) -> Book:
        """The rules as they hold at this moment."""
        said = lately.known("reply settings", settings)
        if self._book is None or self._book.version != said.version:
            self._book = _read(said)
        return self._book

    def forget(self) -> None:
        """Read them anew whatever the version says: another database, as tests have."""
        self._book = None


def _read(said: ReplySettings) -> Book:
    rows = list(ReplyRule.objects.order_by("position", "id").values(*COLUMNS))
    return Book(
        version=said.version,
        matcher=Matcher([rule_of(row) for row in rows]),
        actions={row["id"]: row["actions"] for row in rows},
        settles=frozenset(row["id"] for row in rows if row["settles"]),
        per_hour=said.per_hour,
        silent=timedelta(minutes=said.silent_minutes),
        until_closed=said.silent_until_closed,
    )


SHELF = Shelf()
