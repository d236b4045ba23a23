"""When a draft leaves by itself: said by who may launch it, and launched as them when the time comes.

Whose plan it is, and whether they may launch it then, is asked of campaigns.plans.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from ..core.errors import NotAllowed, Problem
from ..team.actions import note
from ..team.models import ApiKey, Staff
from ..team.rights import require
from . import actions, plans
from .errors import AlreadyLaunched, BadTime
from .held import locked
from .models import Campaign

log = logging.getLogger("envoi.campaigns")

LONGEST = timedelta(days=365)
# Later than that after its time it is no longer what was meant: "only today" of Saturday does not leave on Monday.
LATEST = timedelta(hours=1)


@transaction.atomic
def schedule(campaign_id: int, at: datetime | None, *, by: Staff | None, key: ApiKey | None = None) -> Campaign:
    """Have a draft leave at this moment, within a minute; None: it waits for somebody again.

    key: the API key that says so, when it is one. Whatever would refuse its launch then leaves it a draft, stands on
    its page and is told to whoever planned it. Raises BadTime, AlreadyLaunched, NotAllowed.
    """
    require(by, "campaigns.launch")
    if at is not None and not plans.may_plan(by, key):
        raise NotAllowed(_("Only a person or an API key with the right to launch campaigns can plan one."))
    campaign = locked(campaign_id)
    if campaign.state != Campaign.State.DRAFT:
        raise AlreadyLaunched(_("“%(name)s” was already launched.") % {"name": campaign.name})
    if at is not None:
        if at <= timezone.now():
            raise BadTime(_("This time has passed: choose one that is yet to come, or launch it now."))
        if at > timezone.now() + LONGEST:
            raise BadTime(_("A campaign is planned for a year ahead at most."))
    plans.clear(campaign)
    if at is not None:
        campaign.scheduled_at, campaign.scheduled_by, campaign.scheduled_key = at, by, key
    campaign.save(update_fields=plans.PLAN)
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
    with override(plans.language_of(campaign)):
        try:
            # A savepoint: what a refused launch has begun goes, the reason stays.
            with transaction.atomic():
                if timezone.now() > campaign.scheduled_at + LATEST:
                    raise BadTime(_("Nothing was at work here when its time came."))
                plans.require_still(campaign)
                with plans.acting_for(campaign) as by:
                    actions.launch(campaign_id, by=by)
            return True
        except Problem as problem:
            plans.drop(campaign, problem.sentence)
            campaign.save(update_fields=plans.PLAN)
            note(None, "campaign.not_launched", f"campaign/{campaign.pk}", {"reason": problem.sentence})
            return False
