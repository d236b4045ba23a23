"""After the breaker: go on when a person says so, or by itself when a passing sign has been gone for a while."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.errors import NotFound, Problem
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from . import actions, breaker
from .errors import Broken
from .models import BreakerEvent, Campaign

# A number sends again only when a person said so or its provider answers again: nothing is left to wait for.
AT_ONCE = {"channel_stopped"}


@transaction.atomic
def resume(event_id: int, *, by: Staff | None, itself: bool = False) -> BreakerEvent:
    """Go on with everything that this event stopped. Raises Broken while WhatsApp's own stop lasts."""
    require(by, "campaigns.launch")
    try:
        event = (
            BreakerEvent.objects.select_for_update(of=("self",))
            .select_related("campaign", "template", "channel")
            .get(pk=event_id)
        )
    except BreakerEvent.DoesNotExist:
        raise NotFound(_("There is no such event.")) from None
    if event.resumed_at is not None:
        raise Broken(_("This was resumed already."))
    if event.sign in breaker.PASSING and not breaker.is_gone(event):
        raise Broken(_("The cause is still there: %(why)s") % {"why": event.sentence})
    breaker.close([event], by=by, itself=itself)
    note(by, "breaker.resume", f"breaker/{event.pk}", {"sign": event.sign})
    for campaign in Campaign.objects.filter(pk__in=event.paused, state=Campaign.State.PAUSED).order_by("pk"):
        try:
            with transaction.atomic():
                actions.resume(campaign.pk, by=by)
        except Broken:
            continue  # something else stops it too; that event goes on with it when it is over
    return event


def recover() -> int:
    """Resume whatever a passing sign stopped that is gone for long enough; returns how many. Asked each minute."""
    done = 0
    waiting = BreakerEvent.objects.filter(resumed_at=None, resumes=BreakerEvent.Resumes.BY_ITSELF)
    for event in waiting.select_related("campaign", "template", "channel").order_by("pk"):
        if not breaker.is_gone(event):
            BreakerEvent.objects.filter(pk=event.pk).update(gone_at=None)
        elif event.gone_at is None and event.sign not in AT_ONCE:
            BreakerEvent.objects.filter(pk=event.pk).update(gone_at=timezone.now())
        elif event.gone_at is None or timezone.now() - event.gone_at >= breaker.AFTER_GONE:
            done += _by_itself(event)
    return done


def follow_channel(campaign_id: int) -> None:
    """Go on with a campaign as soon as its number sends again: asked every few seconds while it is paused."""
    waiting = BreakerEvent.objects.filter(
        resumed_at=None, sign__in=AT_ONCE, channel__in=Campaign.objects.filter(pk=campaign_id).values("channel")
    )
    for event in waiting.select_related("campaign", "template", "channel").order_by("pk"):
        if breaker.is_gone(event):
            _by_itself(event)


def _by_itself(event: BreakerEvent) -> bool:
    try:
        resume(event.pk, by=None, itself=True)
    except Problem:
        return False  # a person was quicker, or the campaign ended meanwhile
    return True
