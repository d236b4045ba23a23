"""What somebody wants to be told where, and when they want quiet. Pure: settings in, answers out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .models import Notification, NotificationSettings

Kind = Notification.Kind
WAYS = ("page", "email", "push")

# Unless somebody chose otherwise: what can't wait reaches them wherever they are, the rest where they work.
USUAL: Mapping[str, tuple[str, ...]] = {
    Kind.ASSIGNED: ("page", "push"),
    Kind.MENTIONED: ("page", "email", "push"),
    Kind.WAITING: ("page", "push"),
    Kind.RED_ALERT: ("page", "email", "push"),
    Kind.WINDOW_CLOSING: ("page", "email", "push"),
    Kind.NEW_MESSAGE: ("page",),
    Kind.CODES_LOW: ("page", "email"),
    Kind.NOT_LAUNCHED: ("page", "email", "push"),
}


def ways(settings: NotificationSettings | None, kind: str) -> tuple[str, ...]:
    """Where this person is told of this kind."""
    chosen = settings.wants.get(kind) if settings else None
    return USUAL.get(kind, ("page",)) if chosen is None else tuple(way for way in WAYS if way in chosen)


def quiet_until(settings: NotificationSettings | None, at: datetime) -> datetime | None:
    """When this person's quiet hours end, None when it is not quiet at this moment."""
    if settings is None or settings.quiet_from is None or settings.quiet_to is None:
        return None
    start, end = settings.quiet_from, settings.quiet_to
    if start == end:
        return None
    place = ZoneInfo(settings.zone)
    local = at.astimezone(place)
    if not _within(local.time().replace(fold=0), start, end):
        return None
    for day in range(2):
        ends = datetime.combine(local.date() + timedelta(days=day), end, tzinfo=place).astimezone(UTC)
        if ends > at:
            return ends
    return None


def _within(clock: time, start: time, end: time) -> bool:
    return start <= clock < end if start < end else clock >= start or clock < end
