"""Connecting and changing accounts, adding numbers, pausing and resuming; the provider itself is asked in jobs."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core import jobs
from ..core.errors import BadInput, NotFound
from ..core.phone import e164
from ..core.vault import Unreadable, seal, unseal
from ..providers.table import PROVIDERS
from ..team.actions import note
from ..team.models import Staff
from ..team.rights import require
from . import proving, wire
from .credentials import PORTFOLIO, filled, old_keys
from .errors import AlreadyConnected, NoSuchService, NotConnected
from .models import Account, Channel

JOBS = {"check": "channels.check_account", "hooks": "channels.set_up_hooks"}
MOST_PER_SECOND = 10_000


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
    """Keep an account with its secrets sealed, and make the unguessable key of its webhook address.

    Raises BadInput for a provider that is not known, AlreadyConnected for an account that is here.
    """
    require(by, "channels.write")
    if provider not in PROVIDERS:
        raise BadInput(_("Unknown provider: %(provider)s.") % {"provider": provider})
    account = Account(
        provider=provider,
        name=_name(name),
        provider_id=_id(provider_id),
        credentials=seal(filled(provider, credentials)),
        base_url=_address(base_url),
        hook_key=secrets.token_urlsafe(32),
    )
    try:
        with transaction.atomic():
            account.save()
    except IntegrityError:
        raise AlreadyConnected(_("%(id)s is connected already.") % {"id": account.provider_id}) from None
    note(by, "account.connect", f"account/{account.pk}", {"provider": provider, "name": account.name})
    return account


@transaction.atomic
def change_account(
    account_id: int,
    *,
    name: str,
    provider_id: str,
    credentials: Mapping[str, str],
    base_url: str | None = None,
    portfolio: str | None = None,
    by: Staff | None,
) -> Account:
    """Change what is given. An empty secret stays as it was; the one before a new one still opens webhooks.

    base_url, portfolio: None leaves it. Secrets that can't be read any more are all to be entered again.
    """
    require(by, "channels.write")
    account = _locked(account_id)
    try:
        before = unseal(bytes(account.credentials))
    except (Unreadable, ValueError):
        before = {}
    account.name, account.provider_id = _name(name), _id(provider_id)
    after = filled(account.provider, credentials, before=before)
    account.credentials = seal(after)
    if base_url is not None:
        account.base_url = _address(base_url)
    business = account.portfolio
    if portfolio is not None:
        account.portfolio = _portfolio(portfolio)
    try:
        with transaction.atomic():
            account.save()
    except IntegrityError:
        raise AlreadyConnected(_("%(id)s is connected already.") % {"id": account.provider_id}) from None
    changed = sorted(key for key in after if after[key] != before.get(key))
    said = {"name": account.name, "portfolio": account.portfolio, "credentials": changed}
    note(by, "account.change", f"account/{account.pk}", said)
    if account.portfolio != business:
        jobs.defer("contacts.rescope", account_id=account.pk, before=business)
    return account


@transaction.atomic
def forget_old_secrets(account_id: int, *, by: Staff | None) -> Account:
    """From now on only today's secrets open webhooks."""
    require(by, "channels.write")
    account = _locked(account_id)
    credentials = unseal(bytes(account.credentials))
    gone = old_keys(credentials)
    account.credentials = seal({key: value for key, value in credentials.items() if key not in gone})
    account.save(update_fields=["credentials"])
    note(by, "account.forget_old_secrets", f"account/{account.pk}", {"credentials": gone})
    return account


@transaction.atomic
def ask(account_id: int, what: Literal["check", "hooks"], *, resume: bool = False, by: Staff | None) -> Account:
    """Queue a job that asks the provider; the account says that one is under way until it is done.

    resume: with the provider's good answer, suspended numbers of the account send again (“Try again”).
    """
    require(by, "channels.write")
    account = _locked(account_id)
    arguments: dict[str, Any] = {"account_id": account.pk}
    if what == "hooks" and PROVIDERS[account.provider].hooks is None:
        raise NoSuchService(_("This provider has no API for it: paste the webhook address in its console."))
    if what == "check" and account.state == Account.State.OFF and resume:
        account.state, account.state_reason = Account.State.SUSPENDED, ""
    if resume:
        arguments["resume"] = True
        note(by, "account.try_again", f"account/{account.pk}")
    account.work, account.work_since = what, timezone.now()
    account.save(update_fields=["work", "work_since", "state", "state_reason"])
    # A look that waits already does not say that sending may go on: “Try again” is a job of its own.
    jobs.defer(JOBS[what], once=f"{account.pk}{' again' if resume else ''}", **arguments)
    return account


@transaction.atomic
def disconnect(account_id: int, *, by: Staff | None) -> Account:
    """Send nothing more for this account. Its secrets stay, so that receipts and replies under way still come in."""
    require(by, "channels.write")
    account = _locked(account_id)
    reason = _("The account is disconnected.")
    account.state, account.state_reason, account.state_until = Account.State.OFF, reason, None
    account.save(update_fields=["state", "state_reason", "state_until"])
    account.channels.filter(state=Channel.State.ACTIVE).update(state=Channel.State.SUSPENDED, state_reason=reason)
    note(by, "account.disconnect", f"account/{account.pk}")
    return account


@transaction.atomic
def add_channel(
    account_id: int,
    *,
    name: str,
    address: str,
    provider_id: str,
    throughput_per_second: int = 80,
    tier: str = "",
    has_sent: bool = False,
    by: Staff | None,
) -> Channel:
    """Add a number of an account. `throughput_per_second` is the provider's limit: 80 on Meta at first, 20 when the
    number also lives in the WhatsApp Business app, 1,000 after the upgrade (Meta sheet, E.1).

    tier: the provider's word for its daily limit, where that is known already.
    has_sent: a person says that campaigns left from it before; else they leave at 30 a minute (proving).
    """
    require(by, "channels.write")
    account = _locked(account_id)
    if not 1 <= throughput_per_second <= MOST_PER_SECOND:
        raise BadInput(_("A channel sends at least 1 message a second."))
    stopped = account.state not in (Account.State.ACTIVE, Account.State.RESTRICTED)
    channel = Channel(
        account=account,
        name=_name(name),
        address=e164(address),
        provider_id=_id(provider_id),
        throughput_per_second=throughput_per_second,
        tier=tier[:24],
        state=Channel.State.SUSPENDED if stopped else Channel.State.ACTIVE,
        state_reason=account.state_reason if stopped else "",
    )
    proving.begin(channel, has_sent=has_sent)
    try:
        with transaction.atomic():
            channel.save()
    except IntegrityError:
        raise AlreadyConnected(_("%(id)s is a number of this account already.") % {"id": provider_id}) from None
    note(by, "channel.add", f"channel/{channel.pk}", {"address": channel.address, "per_minute": channel.per_minute})
    return channel


@transaction.atomic
def set_state(channel_id: int, *, state: str, by: Staff | None) -> Channel:
    """Pause a channel, or make it active again; dispatch follows within a second.

    Raises NotConnected for a number whose account can't send: there the account is what has to be mended.
    """
    require(by, "channels.write")
    try:
        channel = Channel.objects.select_for_update(of=("self",)).select_related("account").get(pk=channel_id)
    except Channel.DoesNotExist:
        raise NotFound(_("There is no such channel.")) from None
    if state not in (Channel.State.ACTIVE, Channel.State.PAUSED):
        raise BadInput(_("A channel can be made active or paused."))
    account = channel.account
    if state == Channel.State.ACTIVE and account.state not in (Account.State.ACTIVE, Account.State.RESTRICTED):
        raise NotConnected(_("“%(name)s” can’t send: press “Try again” on its page.") % {"name": account.name})
    channel.state = state
    channel.state_reason = ""
    channel.save(update_fields=["state", "state_reason"])
    note(by, f"channel.{state}", f"channel/{channel.pk}")
    return channel


def _locked(account_id: int) -> Account:
    try:
        return Account.objects.select_for_update().get(pk=account_id)
    except Account.DoesNotExist:
        raise NotFound(_("There is no such account.")) from None


def _name(name: str) -> str:
    word = " ".join(name.replace("\x00", "").split())
    if not word or len(word) > 120:
        raise BadInput(_("A name has 1 to 120 characters."))
    return word


def _id(text: str) -> str:
    word = text.replace("\x00", "").strip()
    if not word or len(word) > 120:
        raise BadInput(_("The provider’s id has 1 to 120 characters."))
    return word


def _portfolio(text: str) -> str:
    word = text.strip()
    if word and not re.fullmatch(PORTFOLIO, word):
        raise BadInput(_("A business portfolio id is one word, such as 1052348167: Business settings show it."))
    return word


def _address(url: str) -> str:
    """A web address, "" for the provider's own. It is only honoured with ENVOI_PROVIDER_URLS=1."""
    word = url.strip()
    if not word:
        return ""
    try:
        parts = urlsplit(word)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or len(word) > 200 or not wire.may_have_own_address():
        raise BadInput(_("“%(url)s” can’t be the provider’s address here.") % {"url": word[:100]})
    return word.rstrip("/")
