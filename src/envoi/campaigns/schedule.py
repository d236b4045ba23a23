"""When a draft leaves by itself: said by a person who may launch it, and launched as them when the time comes."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from ..core.errors import Problem
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from . import actions
from .errors import AlreadyLaunched, BadTime
from .held import locked
from .models import Campaign

log = logging.getLogger("envoi.campaigns")

LONGEST = timedelta(days=365)
# Later than that after its time it is no longer what was meant: "only today" of Saturday does not leave on Monday.
LATEST = timedelta(hours=1)


@transaction.atomic
def schedule(campaign_id: int, at: datetime | None, *, by: Staff | None) -> Campaign:
    """Have a draft leave at this moment, within a minute; None: it waits for somebody again.

    Whatever would refuse its launch then leaves it a draft and stands on its page. Raises BadTime, AlreadyLaunched.
    """
    require(by, "campaigns.launch")
    campaign = locked(campaign_id)
    if campaign.state != Campaign.State.DRAFT:
        raise AlreadyLaunched(_("“%(name)s” was already launched.") % {"name": campaign.name})
    if at is not None:
        if at <= timezone.now():
            raise BadTime(_("This moment is over: choose one that is yet to come, or launch it now."))
        if at > timezone.now() + LONGEST:
            raise BadTime(_("A campaign is planned for a year ahead at most."))
    campaign.scheduled_at = at
    campaign.scheduled_by = by if at is not None else None
    campaign.schedule_problem = ""
    campaign.save(update_fields=["scheduled_at", "scheduled_by", "schedule_problem"])
    note(by, "campaign.schedule", f"campaign/{campaign.pk}", {"at": at.isoformat() if at is not None else None})
    return campaign


def launch_due() -> int:
    """Launch every draft whose time has come; returns how many left. What is refused says so and stays a draft."""
    due = Campaign.objects.filter(state=Campaign.State.DRAFT, scheduled_at__lte=timezone.now())
    left, faults = 0, []
    for campaign_id in due.order_by("scheduled_at").values_list("pk", flat=True):
        try:
            left += _launch(campaign_id)
        except Exception as fault:
            # It is tried again in a minute; the others' time has come all the same.
            log.exception("campaign %s did not leave as planned", campaign_id)
            faults.append(fault)
    if faults:
        raise faults[0]
    return left


@transaction.atomic
def _launch(campaign_id: int) -> bool:
    campaign = locked(campaign_id)
    if campaign.state != Campaign.State.DRAFT or not campaign.scheduled_at or campaign.scheduled_at > timezone.now():
        # Somebody launched it, or chose another time, a moment ago.
        return False
    by = campaign.scheduled_by
    with override(by.language if by is not None and by.language else None):
        try:
            # A savepoint: what a refused launch has begun goes, the reason stays.
            with transaction.atomic():
                if timezone.now() > campaign.scheduled_at + LATEST:
                    raise BadTime(_("Nothing was at work here when its time came."))
                actions.launch(campaign_id, by=by)
            return True
        except Problem as problem:
            campaign.scheduled_at = None
            campaign.schedule_problem = problem.sentence
            campaign.save(update_fields=["scheduled_at", "schedule_problem"])
            note(None, "campaign.not_launched", f"campaign/{campaign.pk}", {"reason": problem.sentence})
            return False
