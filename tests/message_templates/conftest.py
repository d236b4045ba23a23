"""A simulator for the module, and an account of ours at each of its four providers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from envoi.channels.models import Account
from envoi.config.commands.simulated import Simulated
from envoi.config.shop.account import PLAYED
from envoi.core.vault import seal
from tests.providers.simulated import simulator


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    """A simulator process that reviews within a moment."""
    folder: Path = tmp_path_factory.mktemp("simulator")
    with simulator(folder) as one:
        yield one


def account_at(simulated: Simulated, provider: str) -> Account:
    """The demo's account at one provider, known on both sides and without any template of ours."""
    played = PLAYED[provider]
    simulated.put_account(provider, played.control, played.spec("", 80))
    return Account.objects.create(
        provider=provider,
        name=provider.capitalize(),
        provider_id=played.account_id,
        credentials=seal(played.credentials),
        base_url=simulated.url + played.path,
        hook_key=f"hook-{provider}",
    )
