"""Reading channels."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ..core.errors import NotFound
from ..team.models import Staff
from ..team.rights import require
from .models import Channel


def channels(staff: Staff | None) -> list[Channel]:
    """Every channel with its account, by name."""
    require(staff, "channels.read")
    return list(Channel.objects.select_related("account").order_by("name", "pk"))


def channel_for(staff: Staff | None, channel_id: int) -> Channel:
    """One channel. Raises NotFound."""
    require(staff, "channels.read")
    try:
        return Channel.objects.select_related("account").get(pk=channel_id)
    except Channel.DoesNotExist:
        raise NotFound(_("There is no such channel.")) from None


def channel_by_provider_id(account_id: int, provider_id: str) -> Channel | None:
    """The channel that a webhook names, None when it is not ours."""
    return Channel.objects.filter(account_id=account_id, provider_id=provider_id).first()
