"""Reading one's own notifications; there is no way to those of others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ..team.models import Staff
from .models import Notification, NotificationSettings, PushSubscription
from .wording import headline, sentence

PAGE = 50
MOST_COUNTED = 99


@dataclass(frozen=True, slots=True)
class Told:
    """A notification as its reader sees it."""

    id: int
    kind: str
    headline: str
    sentence: str
    at: datetime
    is_new: bool


def unread(staff: Staff) -> int:
    """How many have not been read; counted no further than 100."""
    new = Notification.objects.filter(staff=staff, read_at=None, in_page=True)
    return new.values("pk")[: MOST_COUNTED + 1].count()


def latest(staff: Staff, *, before: int | None = None, limit: int = PAGE) -> list[Told]:
    """The newest, or those older than `before`."""
    mine = Notification.objects.filter(staff=staff, in_page=True)
    if before is not None:
        mine = mine.filter(pk__lt=before)
    return list(_told(mine.order_by("-id")[:limit]))


def settings_of(staff: Staff) -> NotificationSettings | None:
    """What somebody chose; None when nothing."""
    return NotificationSettings.objects.filter(staff=staff).first()


def browsers_of(staff: Staff) -> list[PushSubscription]:
    """The browsers in which somebody is told."""
    return list(PushSubscription.objects.filter(staff=staff).order_by("-id"))


def _told(rows: Iterable[Notification]) -> Iterable[Told]:
    for one in rows:
        yield Told(
            id=one.pk,
            kind=one.kind,
            headline=headline(one.kind),
            sentence=sentence(one.kind, one.facts),
            at=one.at,
            is_new=one.read_at is None,
        )
