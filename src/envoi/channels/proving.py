"""How many messages of campaigns leave a minute: 30 from a new number, the whole pace once it has proven itself.

    new     added without a rating and without a raised limit: 30 a minute (mission M1)
    tier    its daily limit lies above the first step: Meta raises it only after a look at quality (Meta sheet, E.2)
    rated   customers had rated it when it was added: a rating is made of what they did in seven days (Meta sheet, E.4)
    sent    campaigns.proving saw enough of its messages arrive
    person  somebody set it, or said that it has sent before; no rule touches it any more

Only "new" is lifted by a rule. Nothing here lowers a pace: that is the breaker's work.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.errors import BadInput, NotFound
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from .models import Channel
from .tiers import UNPROVEN_PER_MINUTE, is_raised

MOST_PER_MINUTE = 600_000
# NA, UNKNOWN and nothing at all say that nobody has rated it.
RATED = {"green", "yellow", "red", "high", "medium", "low"}


def begin(channel: Channel, *, has_sent: bool = False) -> None:
    """Say how fast a number that is about to be added may be; the caller saves it."""
    channel.pace_at = timezone.now()
    if has_sent:
        channel.pace_by = Channel.PaceBy.PERSON
    elif is_raised(channel.tier):
        channel.pace_by = Channel.PaceBy.TIER
    elif channel.quality.lower() in RATED:
        channel.pace_by = Channel.PaceBy.RATED
    else:
        channel.pace_by, channel.per_minute = Channel.PaceBy.NEW, UNPROVEN_PER_MINUTE


def follow_tier(channel: Channel) -> bool:
    """Lift the ceiling of a new number whose limit was raised; whether it was. The caller saves it."""
    if channel.pace_by != Channel.PaceBy.NEW or not is_raised(channel.tier):
        return False
    _lift(channel, Channel.PaceBy.TIER, {"tier": channel.tier})
    return True


@transaction.atomic
def sent_well(channel_id: int, figures: Mapping[str, Any]) -> bool:
    """Lift the ceiling of a number that is still new, for what it has sent; whether it was."""
    channel = Channel.objects.select_for_update().filter(pk=channel_id, pace_by=Channel.PaceBy.NEW).first()
    if channel is None:
        return False
    _lift(channel, Channel.PaceBy.SENT, figures)
    channel.save(update_fields=["per_minute", "pace_by", "pace_at"])
    return True


@transaction.atomic
def set_pace(channel_id: int, per_minute: int | None, *, by: Staff | None) -> Channel:
    """Set how many messages a minute campaigns may send, None for the whole pace. From the next claim on."""
    require(by, "channels.write")
    if per_minute is not None and not 1 <= per_minute <= MOST_PER_MINUTE:
        raise BadInput(_("A channel sends at least 1 message a minute."))
    channel = Channel.objects.select_for_update().filter(pk=channel_id).first()
    if channel is None:
        raise NotFound(_("There is no such channel."))
    before = channel.per_minute
    channel.per_minute, channel.pace_by, channel.pace_at = per_minute, Channel.PaceBy.PERSON, timezone.now()
    channel.save(update_fields=["per_minute", "pace_by", "pace_at"])
    note(by, "channel.pace", f"channel/{channel.pk}", {"before": before, "per_minute": per_minute})
    return channel


def _lift(channel: Channel, how: str, figures: Mapping[str, Any]) -> None:
    channel.per_minute, channel.pace_by, channel.pace_at = None, how, timezone.now()
    note(None, "channel.proven", f"channel/{channel.pk}", {"by": how, **figures})
