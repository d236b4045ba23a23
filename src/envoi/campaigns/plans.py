"""Who planned a launch, whether they may still launch it when its time comes, and who is told that it does not leave.

The plan of a person or of an API key is judged by their rights of that moment, never by those of the day on which they
made it. A plan of nobody is nobody's right: it does not leave.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _

from ..core.errors import NotAllowed
from ..notifications.actions import notify
from ..notifications.models import Notification
from ..team import keys
from ..team.models import ApiKey, Staff
from ..team.rights import may
from ..team.scopes import allows
from .models import Campaign

SCOPE = "campaigns:write"
PLAN = ("scheduled_at", "scheduled_by", "scheduled_key", "schedule_problem")


def may_plan(by: Staff | None, key: ApiKey | None) -> bool:
    """Whether this actor may have a campaign leave later: a person, or a key within its scopes and its maker's rights.

    Nobody without a key can plan: at launch time there would be nobody whose rights could be asked.
    """
    if key is not None and (key.revoked_at is not None or not allows(key.scopes, SCOPE)):
        return False
    return (by is not None or key is not None) and may(by, "campaigns.launch")


def require_still(campaign: Campaign) -> None:
    """Raise NotAllowed unless whoever planned it may launch it now."""
    key, by = campaign.scheduled_key, _person(campaign)
    if key is None and by is None:
        raise NotAllowed(_("Whoever planned it is no longer on the team."))
    if key is not None and key.revoked_at is not None:
        raise NotAllowed(_("The API key “%(name)s”, which planned it, was revoked.") % {"name": key.name})
    if may_plan(by, key):
        return
    if key is not None:
        raise NotAllowed(_("The API key “%(name)s”, which planned it, may not launch campaigns.") % {"name": key.name})
    if by is not None and not by.is_active:
        raise NotAllowed(_("%(name)s, who planned it, can no longer sign in.") % {"name": by})
    raise NotAllowed(_("%(name)s, who planned it, may not launch campaigns.") % {"name": by})


@contextmanager
def acting_for(campaign: Campaign) -> Iterator[Staff | None]:
    """While this lasts, the audit log says that whoever planned it acts; gives whose rights they have.

    None is an operator's key: ask require_still first.
    """
    if campaign.scheduled_key is None:
        yield campaign.scheduled_by
    else:
        with keys.acting(campaign.scheduled_key):
            yield campaign.scheduled_key.made_by


def language_of(campaign: Campaign) -> str | None:
    """In which language it is said why it does not leave: that of the first of those who will be told."""
    told = _told(campaign)
    return (Staff.objects.filter(pk=told[0]).values_list("language", flat=True).first() or None) if told else None


def clear(campaign: Campaign) -> None:
    """Leave nothing of a plan, nor of why one did not hold. The caller holds the campaign and saves it."""
    campaign.scheduled_at = campaign.scheduled_by = campaign.scheduled_key = None
    campaign.schedule_problem = ""


def drop(campaign: Campaign, reason: str) -> None:
    """Take its plan away, say why on its page, and tell of it. The caller holds the campaign and saves it."""
    people = _told(campaign)
    clear(campaign)
    campaign.schedule_problem = reason
    facts = {"campaign": campaign.name, "reason": reason}
    notify(people, Notification.Kind.NOT_LAUNCHED, link=f"/campaigns/{campaign.pk}/", facts=facts)


def _person(campaign: Campaign) -> Staff | None:
    return campaign.scheduled_key.made_by if campaign.scheduled_key is not None else campaign.scheduled_by


def _told(campaign: Campaign) -> list[int]:
    """Whoever planned it; and, when a key did or they can't launch it any more, all who may."""
    by = _person(campaign)
    told = [by.pk] if by is not None and may(by, "campaigns.read") else []
    if campaign.scheduled_key is not None or by is None or not may(by, "campaigns.launch"):
        told += [one.pk for one in Staff.objects.filter(is_active=True).order_by("pk") if may(one, "campaigns.launch")]
    return told
