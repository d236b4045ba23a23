"""One campaign, held by whoever changes it until their transaction ends."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ..core.errors import NotFound
from .models import Campaign


def locked(campaign_id: int) -> Campaign:
    """A campaign with its parts; nobody else changes it before the caller's transaction ends. Raises NotFound."""
    try:
        return (
            Campaign.objects.select_for_update(of=("self",))
            .select_related("template", "channel__account", "segment", "lane")
            .get(pk=campaign_id)
        )
    except Campaign.DoesNotExist:
        raise NotFound(_("There is no such campaign.")) from None
