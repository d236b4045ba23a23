"""Connecting accounts and numbers, pausing and resuming a channel."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from ..core.errors import BadInput, NotFound
from ..core.phone import e164
from ..core.vault import seal
from ..providers.table import PROVIDERS
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from .models import Account, Channel


@transaction.atomic
def connect_account(
    *,
    provider: str,
    name: str,
    provider_id: str,
    credentials: Mapping[str, str],
    base_url: str = "",
    by: Staff | None,
) -> Account:
    """Keep an account with its secrets sealed, and make the unguessable key of its webhook address."""
    require(by, "channels.write")
    if provider not in PROVIDERS:
        raise BadInput(_("Unknown provider: %(provider)s.") % {"provider": provider})
    account = Account.objects.create(
        provider=provider,
        name=name,
        provider_id=provider_id,
        credentials=seal(credentials),
        base_url=base_url,
        hook_key=secrets.token_urlsafe(32),
    )
    note(by, "account.connect", f"account/{account.pk}", {"provider": provider, "name": name})
    return account


@transaction.atomic
def add_channel(
    account_id: int,
    *,
    name: str,
    address: str,
    provider_id: str,
    throughput_per_second: int = 80,
    by: Staff | None,
) -> Channel:
    """Add a number of an account. `throughput_per_second` is the provider's limit: 80 on Meta at first, 20 when the
    number also lives in the WhatsApp Business app, 1,000 after the upgrade (Meta sheet, E.1)."""
    require(by, "channels.write")
    if throughput_per_second < 1:
        raise BadInput(_("A channel sends at least 1 message a second."))
    channel = Channel.objects.create(
        account_id=account_id,
        name=name,
        address=e164(address),
        provider_id=provider_id,
        throughput_per_second=throughput_per_second,
    )
    note(by, "channel.add", f"channel/{channel.pk}", {"address": channel.address})
    return channel


@transaction.atomic
def set_state(channel_id: int, *, state: str, by: Staff | None) -> Channel:
    """Pause a channel, or make it active again; dispatch follows within a second."""
    require(by, "channels.write")
    try:
        channel = Channel.objects.select_for_update().get(pk=channel_id)
    except Channel.DoesNotExist:
        raise NotFound(_("There is no such channel.")) from None
    if state not in (Channel.State.ACTIVE, Channel.State.PAUSED):
        raise BadInput(_("A channel can be made active or paused."))
    channel.state = state
    channel.state_reason = ""
    channel.save(update_fields=["state", "state_reason"])
    note(by, f"channel.{state}", f"channel/{channel.pk}")
    return channel
