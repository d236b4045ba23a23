"""The hours at which people want no promotions, by their own clocks. Pure: a time and a zone in, a time out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones


@dataclass(frozen=True, slots=True)
class Hours:
    """Quiet from `quiet_from` to `quiet_to` (the same twice: never); and, where given, only within `active`.

    `home` is the zone of people of whom none is known.
    """

    quiet_from: time
    quiet_to: time
    active: tuple[tuple[time, time], ...] = ()
    home: str = "UTC"

    def allow(self, clock: time) -> bool:
        """Whether a promotion may arrive when this is the time there."""
        clock = clock.replace(tzinfo=None, fold=0)
        if self.quiet_from != self.quiet_to and _within(clock, self.quiet_from, self.quiet_to):
            return False
        return not self.active or any(_within(clock, start, end) for start, end in self.active)


def _within(clock: time, start: time, end: time) -> bool:
    return start <= clock < end if start < end else clock >= start or clock < end


def rests_until(now: datetime, zone: str, hours: Hours) -> datetime | None:
    """When promotions may go to this zone again, None when they may now.

    Where the clock jumps over that hour, up to the length of the jump later. A day later when no hour is allowed.
    """
    place = _place(zone)
    local = now.astimezone(place)
    if hours.allow(local.time()):
        return None
    starts = {hours.quiet_to, *(start for start, _ in hours.active)}
    moments = [
        moment
        for day in range(3)
        for start in starts
        for fold in (0, 1)
        if (moment := _moment(local.date() + timedelta(days=day), start, fold, place)) > now
        and hours.allow(moment.astimezone(place).time())
    ]
    return min(moments, default=now + timedelta(days=1)).astimezone(now.tzinfo)


@lru_cache(maxsize=1024)
def _place(zone: str) -> ZoneInfo:
    # ZoneInfo keeps its last eight alone: all zones, asked once a minute, were read from the disk each time.
    return ZoneInfo(zone)


def _moment(day: date, start: time, fold: int, place: ZoneInfo) -> datetime:
    # By way of UTC: differences of two local times in one zone forget that its clock jumps.
    return datetime.combine(day, start.replace(fold=fold), tzinfo=place).astimezone(UTC)


def night(now: datetime, hours: Hours) -> list[tuple[str, datetime]]:
    """Every zone of the world where promotions rest at this moment, and until when."""
    return list(_night(now.replace(second=0, microsecond=0), hours))


@lru_cache(maxsize=16)
def _night(minute: datetime, hours: Hours) -> Sequence[tuple[str, datetime]]:
    # Hours are whole minutes, zones differ by whole minutes: within a minute the answer is the same.
    return [(zone, until) for zone in sorted(all_zones()) if (until := rests_until(minute, zone, hours)) is not None]


@lru_cache(maxsize=1)
def all_zones() -> frozenset[str]:
    """The names of all time zones; asked of the system once, since it reads hundreds of files for the answer."""
    return frozenset(available_timezones())


def is_zone(name: str) -> bool:
    """Whether this names a time zone."""
    return name in all_zones()
