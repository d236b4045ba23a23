"""What a provider tells of its own accord about an account or a number: restrictions, limits, quality, names.

Called by intake in its transaction; the same fact twice changes nothing the second time. Each returns a line for the
webhook's notes when nothing of ours is meant, "" otherwise.
"""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.events import AccountChanged, ChannelChanged
from ..team.actions import note
from . import proving
from .checks import stop
from .models import Account, Channel


def channel_changed(fact: ChannelChanged, *, account_id: int, provider: str) -> str:
    """Quality, limit, pace, name or a problem of one number."""
    channel = _channel(fact, account_id, provider)
    if channel is None:
        return f"ChannelChanged: no number of ours is {fact.channel or fact.address} ({fact.event})."
    moved: dict[str, Any] = {}
    for name, value, most in (("quality", fact.quality, 12), ("tier", fact.tier, 24), ("name", fact.name, 120)):
        if value and value[:most] != getattr(channel, name):
            setattr(channel, name, value[:most])
            moved[name] = value[:most]
    proving.follow_tier(channel)
    if fact.throughput_per_second and fact.throughput_per_second != channel.provider_throughput:
        channel.throughput_per_second = channel.provider_throughput = fact.throughput_per_second
        moved["throughput_per_second"] = fact.throughput_per_second
    said = _words(fact)
    if said and said != channel.said:
        channel.said, channel.said_at = said, timezone.now()
        moved["said"] = said
    if moved:
        channel.save()
        note(None, "channel.changed", f"channel/{channel.pk}", {"event": fact.event, **moved})
    return ""


def account_changed(fact: AccountChanged, *, account_id: int, provider: str) -> str:
    """A restriction, a ban, its end, or the limit of the whole portfolio.

    What the provider lifted does not send by itself: a person says “Try again” (they know why it came to that).
    """
    account = _account(fact, account_id, provider)
    if account is None:
        return f"AccountChanged: no account of ours is {fact.account} ({fact.event})."
    moved: dict[str, Any] = {}
    if fact.tier and fact.tier[:24] != account.tier:
        # The portfolio's limit is that of all its numbers (Meta sheet, E.2).
        account.tier = moved["tier"] = fact.tier[:24]
        for channel in account.channels.select_for_update().order_by("pk"):
            channel.tier = account.tier
            proving.follow_tier(channel)
            channel.save(update_fields=["tier", "per_minute", "pace_by", "pace_at"])
    reason = " ".join(part for part in (_readable(fact.event), fact.reason) if part)[:1_000]
    match fact.state:
        case "suspended" if account.state != Account.State.OFF:
            stop(account, Account.State.SUSPENDED, reason)
        case "restricted" if account.state in (Account.State.ACTIVE, Account.State.RESTRICTED):
            if (account.state, account.state_reason, account.state_until) != ("restricted", reason, fact.until):
                account.state, account.state_reason, account.state_until = "restricted", reason, fact.until
                moved |= {"state": "restricted", "reason": reason, "until": fact.until and fact.until.isoformat()}
        case "active" if account.state == Account.State.RESTRICTED:
            account.state, account.state_reason, account.state_until = "active", "", None
            moved["state"] = "active"
        case "active" if account.state == Account.State.SUSPENDED:
            reason = _("The provider lifted the suspension (%(event)s). Press “Try again” to go on sending.") % {
                "event": _readable(fact.event)
            }
    if fact.event != "CAPABILITY" and reason != account.said:
        account.said, account.said_at = reason, timezone.now()
        moved["said"] = reason
    account.save()
    if moved:
        note(None, "account.changed", f"account/{account.pk}", {"event": fact.event, **moved})
    return ""


def _channel(fact: ChannelChanged, account_id: int, provider: str) -> Channel | None:
    """By id or address, first among the account's own numbers: one address may serve several accounts of an app."""
    found = Channel.objects.select_for_update(of=("self",)).filter(account__provider=provider)
    if fact.channel:
        found = found.filter(provider_id=fact.channel)
    elif fact.address:
        found = found.filter(address=fact.address)
    else:
        return None
    candidates = list(found.order_by("pk"))
    return next((one for one in candidates if one.account_id == account_id), candidates[0] if candidates else None)


def _account(fact: AccountChanged, account_id: int, provider: str) -> Account | None:
    found = Account.objects.select_for_update().filter(provider=provider, provider_id=fact.account).first()
    if found is None and not fact.account:
        found = Account.objects.select_for_update().filter(pk=account_id).first()
    return found


def _words(fact: ChannelChanged) -> str:
    failure = fact.failure
    problem = " ".join(part for part in (failure.code, failure.title, failure.detail) if part) if failure else ""
    silent = (fact.quality or fact.tier or fact.throughput_per_second or fact.name) and not (problem or fact.reason)
    if silent:
        return ""
    return " ".join(part for part in (_readable(fact.event), problem, fact.reason) if part)[:1_000]


def _readable(event: str) -> str:
    """ "NAME_DECLINED" as "Name declined"."""
    return event.replace("_", " ").strip().capitalize()
