"""Reading accounts and channels. Secrets never leave here; what a person has to paste elsewhere does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection as database
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.addresses import hook_url
from ..core.errors import NotFound
from ..core.vault import Unreadable, unseal
from ..providers.table import PROVIDERS
from ..team.models import Staff
from ..team.rights import may, require
from .credentials import needs_of, old_keys
from .guides import NAMES
from .models import Account, Channel

# A job that has not come back after this was lost with its worker; the button works again.
LOST_AFTER = timedelta(minutes=5)

# The business behind the account `a`, by Meta's id of it; where that is unknown, the account stands for itself.
PORTFOLIO_KEY = "COALESCE(NULLIF(a.portfolio, ''), 'account:' || a.id)"


def portfolio_key(channel_id: int) -> str:
    """The business behind a channel: within it the ids hold by which WhatsApp knows people. "" for no such channel."""
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT {PORTFOLIO_KEY} FROM channels c JOIN accounts a ON a.id = c.account_id WHERE c.id = %(channel)s",  # noqa: S608
            {"channel": channel_id},
        )
        row = cursor.fetchone()
    return str(row[0]) if row else ""


@dataclass(frozen=True, slots=True)
class Connection:
    """An account as its page shows it. `kept` are credentials that are set, by key; visible ones with their value.

    paste: what is typed at the provider beside the webhook address (Meta's verify token), "" for nothing.
    """

    account: Account
    provider: str
    hook_url: str
    kept: dict[str, str]
    old: list[str]
    paste: str
    readable: bool
    can_list: bool
    can_subscribe: bool
    busy: bool
    local: bool


def channels(staff: Staff | None) -> list[Channel]:
    """Every channel with its account, by name."""
    require(staff, "channels.read")
    return list(Channel.objects.select_related("account").order_by("name", "pk"))


def accounts(staff: Staff | None) -> list[Account]:
    """Every account, by name."""
    require(staff, "channels.read")
    return list(Account.objects.order_by("name", "pk"))


def account_for(staff: Staff | None, account_id: int) -> Account:
    """One account. Raises NotFound."""
    require(staff, "channels.read")
    try:
        return Account.objects.get(pk=account_id)
    except Account.DoesNotExist:
        raise NotFound(_("There is no such account.")) from None


def connection(staff: Staff | None, account_id: int) -> Connection:
    """One account for whoever may change it. Raises NotFound."""
    require(staff, "channels.write")
    try:
        account = Account.objects.get(pk=account_id)
    except Account.DoesNotExist:
        raise NotFound(_("There is no such account.")) from None
    try:
        credentials: dict[str, Any] = unseal(bytes(account.credentials))
        readable = True
    except (Unreadable, ValueError):
        credentials, readable = {}, False
    provider = PROVIDERS[account.provider]
    shown = {one.key: one for one in needs_of(account.provider).credentials}
    kept = {
        key: str(value) if key in shown and not shown[key].secret else ""
        for key, value in credentials.items()
        if value and not key.endswith("_old")
    }
    url = hook_url(account.provider, account.hook_key)
    since = account.work_since
    return Connection(
        account=account,
        provider=str(NAMES.get(account.provider, account.provider.capitalize())),
        hook_url=url,
        kept=kept,
        old=old_keys(credentials),
        paste=str(credentials.get("verify_token") or "") if account.provider == "meta" else "",
        readable=readable,
        can_list=provider.numbers is not None and credentials.get("mode") != "conversations",
        can_subscribe=provider.hooks is not None,
        busy=bool(account.work) and since is not None and timezone.now() - since < LOST_AFTER,
        local=not url.startswith("https://"),
    )


def numbers(staff: Staff | None, account_id: int) -> list[Channel]:
    """The numbers of one account, by name."""
    require(staff, "channels.read")
    return list(Channel.objects.filter(account_id=account_id).select_related("account").order_by("name", "pk"))


def may_change(staff: Staff | None) -> bool:
    """Whether this person connects and changes accounts."""
    return may(staff, "channels.write")


def channel_for(staff: Staff | None, channel_id: int) -> Channel:
    """One channel. Raises NotFound."""
    require(staff, "channels.read")
    try:
        return Channel.objects.select_related("account").get(pk=channel_id)
    except Channel.DoesNotExist:
        raise NotFound(_("There is no such channel.")) from None


def channels_of_portfolio(channel: Channel) -> list[Channel]:
    """Every number that shares the limit of people a day with this one, itself too, by name."""
    same = Q(account_id=channel.account_id)
    if channel.account.portfolio:
        same |= Q(account__portfolio=channel.account.portfolio)
    return list(Channel.objects.filter(same).order_by("name", "pk"))


def channel_by_provider_id(account_id: int, provider_id: str) -> Channel | None:
    """The channel that a webhook names, None when it is not ours."""
    return Channel.objects.filter(account_id=account_id, provider_id=provider_id).first()
