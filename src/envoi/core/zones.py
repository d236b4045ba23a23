"""Which names are time zones; asked of the system's own list, so a path or a nickname is none."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import available_timezones


@lru_cache(maxsize=1)
def zones() -> tuple[str, ...]:
    """The names of all time zones; asked of the system once, since it reads hundreds of files for the answer."""
    return tuple(sorted(available_timezones()))


def is_zone(name: str) -> bool:
    """Whether this names a time zone."""
    return name in zones()
