"""Asking an account's provider: numbers, health, webhooks. It stores nothing; checks.py decides what follows."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from ..core.addresses import hook_url
from ..core.events import Failure
from ..core.vault import Unreadable, unseal
from ..providers import base
from ..providers.http import Client
from ..providers.table import PROVIDERS
from .models import Account

T = TypeVar("T")

# A hiccup is no reason to stop an account: what never answered is asked again.
TRIES = 3
PAUSE_SECONDS = 1.0
ANSWER_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Look:
    """What the provider answered. `numbers` is None where it has no list, `hooks` None where it can't be asked.

    portfolio: the business behind the account, "" where the provider does not tell or we know one already.
    """

    numbers: list[base.RemoteNumber] | None = None
    hooks: base.HookHealth | None = None
    portfolio: str = ""
    error: base.SendError | None = field(default=None, compare=False)


def may_have_own_address() -> bool:
    """Whether accounts may carry a base_url (ENVOI_PROVIDER_URLS=1): it receives the token."""
    return os.environ.get("ENVOI_PROVIDER_URLS") == "1"


def known_to_wire(account: Account) -> base.Account:
    """The account as the providers know it. Raises Suspended when its secrets can't be read."""
    try:
        credentials = unseal(bytes(account.credentials))
    except (Unreadable, ValueError) as error:
        raise base.Suspended(Failure("secrets", "The account’s secrets can’t be read", str(error))) from error
    return base.Account(
        provider_id=account.provider_id,
        credentials={"webhook_url": hook_url(account.provider, account.hook_key), **credentials},
        base_url=account.base_url,
        allow_base_url=may_have_own_address(),
    )


def look(account: Account) -> Look:
    """Ask for the numbers and the webhooks; what went wrong is in `error`. Call it outside a transaction."""
    try:
        return asyncio.run(_look(account))
    except base.SendError as error:
        return Look(error=error)


def subscribe(account: Account, secret: str) -> str | None:
    """Have the provider send webhooks to us. Returns a secret of its own making. Raises SendError."""
    hooks = PROVIDERS[account.provider].hooks
    assert hooks is not None

    async def ask() -> str | None:
        async with Client(answer_seconds=ANSWER_SECONDS) as http:
            known = known_to_wire(account)
            # Not tried twice: where it makes a secret, a lost answer left one that nobody knows.
            return await hooks.subscribe(http, known, hook_url(account.provider, account.hook_key), secret)

    return asyncio.run(ask())


async def _look(account: Account) -> Look:
    provider = PROVIDERS[account.provider]
    known = known_to_wire(account)
    async with Client(answer_seconds=ANSWER_SECONDS) as http:
        numbers: list[base.RemoteNumber] | None = None
        asked = False
        if provider.numbers is not None:
            listing = provider.numbers
            try:
                numbers = await _stubborn(lambda: listing.list_numbers(http, known))
                asked = True
            except base.Rejected as error:
                # Said before the network: this mode of the provider has no list.
                if error.failure.code != "kind":
                    raise
        health: base.HookHealth | None = None
        if provider.hooks is not None:
            hooks, url = provider.hooks, hook_url(account.provider, account.hook_key)
            try:
                health = await _stubborn(lambda: hooks.health(http, known, url))
            except base.SendError:
                # A token that may list numbers may yet not see webhooks: not a reason to stop sending.
                if not asked:
                    raise
        elif not asked and provider.templates is not None:
            templates = provider.templates
            await _stubborn(lambda: templates.list_templates(http, known))
        portfolio = ""
        if isinstance(provider.numbers, base.Owners) and not account.portfolio:
            owners = provider.numbers
            # Nice to know, and not every token may see it.
            with suppress(base.SendError):
                portfolio = await owners.portfolio(http, known)
        return Look(numbers, health, portfolio)


async def _stubborn(call: Callable[[], Awaitable[T]]) -> T:
    for _ in range(TRIES - 1):
        try:
            return await call()
        except (base.Unreachable, base.Uncertain):
            await asyncio.sleep(PAUSE_SECONDS)
    return await call()
