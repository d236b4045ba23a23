"""What people set about the limits: the hours of promotions, and where marketing is not delivered for a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.errors import BadInput, NotFound
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from .limit_tables import LimitSettings, MarketingBar, Place
from .limits.hours import Hours, all_zones
from .limits.places import places

LONGEST_GAP_HOURS = 24 * 31


@transaction.atomic
def set_hours(
    *,
    quiet_from: time,
    quiet_to: time,
    active: Sequence[tuple[time, time]] = (),
    zone: str,
    by: Staff | None,
) -> LimitSettings:
    """When promotions may arrive, by the clock of whoever gets them; the same time twice means no quiet hours.

    active: only within these, when given. zone: for people of whom no zone is known. Raises BadInput.
    """
    require(by, "channels.write")
    if zone not in all_zones():
        raise BadInput(_("“%(zone)s” is not a time zone: write it as Europe/Paris.") % {"zone": zone})
    if any(start == end for start, end in active):
        raise BadInput(_("Active hours must end at another time than they begin."))
    clocks = [quiet_from, quiet_to, *(clock for span in active for clock in span)]
    if any(clock.second or clock.microsecond or clock.tzinfo for clock in clocks):
        raise BadInput(_("Write hours and minutes only."))
    hours = Hours(quiet_from, quiet_to, tuple(active), zone)
    if not any(hours.allow(time(minute // 60, minute % 60)) for minute in range(24 * 60)):
        raise BadInput(_("These hours leave no time of the day for promotions."))
    settings = _settings()
    settings.quiet_from, settings.quiet_to, settings.timezone = quiet_from, quiet_to, zone
    settings.active_hours = [f"{start:%H:%M}-{end:%H:%M}" for start, end in active]
    settings.save()
    note(by, "limits.hours", "limits", {"quiet": f"{quiet_from:%H:%M}-{quiet_to:%H:%M}", "zone": zone})
    return settings


@transaction.atomic
def set_promotion_gap(hours: int, *, by: Staff | None) -> LimitSettings:
    """How long a customer has no second promotion. Raises BadInput for less than an hour or more than a month."""
    require(by, "channels.write")
    if not 1 <= hours <= LONGEST_GAP_HOURS:
        raise BadInput(_("Between two promotions lie at least 1 hour and at most 744 hours."))
    settings = _settings()
    settings.promotion_gap_hours = hours
    settings.save()
    note(by, "limits.promotion_gap", "limits", {"hours": hours})
    return settings


@transaction.atomic
def set_promotions(
    *,
    quiet_from: time,
    quiet_to: time,
    active: Sequence[tuple[time, time]],
    zone: str,
    gap_hours: int,
    by: Staff | None,
) -> LimitSettings:
    """Hours and gap together, as their page asks for them: both change, or neither. Raises BadInput."""
    set_hours(quiet_from=quiet_from, quiet_to=quiet_to, active=active, zone=zone, by=by)
    return set_promotion_gap(gap_hours, by=by)


@transaction.atomic
def bar_marketing(
    region: str,
    *,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
    source: str = "",
    by: Staff | None,
) -> MarketingBar:
    """Hold marketing templates to a region back from one date to another (None: from now, without an end)."""
    require(by, "channels.write")
    region = region.strip().upper()
    if not Place.objects.filter(region=region).exclude(region="").exists():
        raise BadInput(_("“%(region)s” is not a country: write two letters, such as US.") % {"region": region})
    begins = from_at or timezone.now()
    if until_at is not None and until_at <= begins:
        raise BadInput(_("The rule would end before it begins."))
    bar = MarketingBar.objects.create(region=region, from_at=begins, until_at=until_at, source=source)
    note(by, "limits.bar", f"marketing_bar/{bar.pk}", {"region": region})
    return bar


@transaction.atomic
def end_bar(bar_id: int, *, at: datetime | None = None, by: Staff | None) -> None:
    """Let marketing go to a region again from `at` on (None: now); a rule that has not begun is removed."""
    require(by, "channels.write")
    try:
        bar = MarketingBar.objects.select_for_update().get(pk=bar_id)
    except MarketingBar.DoesNotExist:
        raise NotFound(_("There is no such rule.")) from None
    ends = at or timezone.now()
    if ends <= bar.from_at:
        bar.delete()
    else:
        bar.until_at = ends
        bar.save(update_fields=["until_at"])
    note(by, "limits.bar_end", f"marketing_bar/{bar_id}", {"region": bar.region})


def bars(*, by: Staff | None) -> list[MarketingBar]:
    """Every rule of this kind that has not ended, by region."""
    require(by, "channels.read")
    ended = models.Q(until_at__lte=timezone.now())
    return list(MarketingBar.objects.exclude(ended).order_by("region", "from_at"))


def in_force(*, by: Staff | None) -> LimitSettings:
    """What is set now. An installation that has set nothing has no quiet hours, and the usual gap."""
    require(by, "channels.read")
    kept = LimitSettings.objects.filter(pk=1).first()
    return kept or LimitSettings(quiet_from=time(0), quiet_to=time(0), timezone="UTC")


def regions() -> list[str]:
    """The countries that a rule may name."""
    return list(Place.objects.exclude(region="").order_by("region").values_list("region", flat=True).distinct())


@transaction.atomic
def fill_places() -> int:
    """Write `places` anew from the tables of this version's `phonenumbers`; returns how many there are."""
    fresh = [Place(key=one.key, west=one.west, east=one.east, region=one.region) for one in places()]
    Place.objects.all().delete()
    Place.objects.bulk_create(fresh, batch_size=1000)
    return len(fresh)


def _settings() -> LimitSettings:
    LimitSettings.objects.get_or_create(pk=1)
    return LimitSettings.objects.select_for_update().get(pk=1)
