"""Moments that people type into forms, read by the clock of the page on which they were typed.

A browser sends such a moment without its zone. The page says by which clock it was drawn, in words and in a hidden
field (`<c-clock>`): the zone of the browser's cookie may be another one by the time the form comes back.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.errors import BadInput
from ..core.zones import is_zone

# Python alone would take any eight digits for a day.
AS_BROWSERS_SEND_IT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?", re.ASCII)


def here() -> str:
    """The zone in which this request's page is drawn."""
    return timezone.get_current_timezone_name()


def shown(at: datetime | None) -> str:
    """A moment as a field of the page has it, by the clock of `here`; "" for none."""
    return timezone.localtime(at).strftime("%Y-%m-%dT%H:%M") if at else ""


def read(text: str, zone: str) -> datetime | None:
    """What was typed on a page drawn in `zone`; None when nothing was. Raises BadInput.

    Of an hour that comes twice, as clocks are put back, the first is meant.
    """
    text = text.strip()
    if not text:
        return None
    if not AS_BROWSERS_SEND_IT.fullmatch(text):
        raise BadInput(_("Choose a day and a time."))
    place = zone_named(zone)
    try:
        typed = datetime.fromisoformat(text)
        moment = typed.replace(tzinfo=place).astimezone(UTC)
        if moment.astimezone(place).replace(tzinfo=None) != typed:
            words = {"time": f"{typed:%H:%M}", "zone": zone}
            raise BadInput(_("On that day the clocks of %(zone)s leave out %(time)s: choose another time.") % words)
    except (ValueError, OverflowError):
        # No day has 25 hours, and what is the calendar's first day here is none elsewhere.
        raise BadInput(_("Choose a day and a time.")) from None
    return moment


def zone_named(name: str) -> ZoneInfo:
    """The zone that a page sent back. Raises BadInput: a time of an unknown clock is no time."""
    if not is_zone(name):
        raise BadInput(_("The page did not say in which time zone its times are meant. Load it again."))
    return ZoneInfo(name)
