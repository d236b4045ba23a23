"""What the tests of accounts share: a simulator process, accounts connected as a person connects them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from envoi.channels import actions
from envoi.channels.models import Account
from envoi.config.commands.simulated import Simulated
from envoi.config.shop.account import PLAYED, VERIFY_TOKEN
from tests.providers.simulated import Listener, simulator

Connect = Callable[[str], Account]


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    with simulator(Path(tmp_path_factory.mktemp("simulator"))) as one:
        yield one


@pytest.fixture
def our_door(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """Where providers reach this installation."""
    listener = Listener(lambda body, headers: 200, verify_token=VERIFY_TOKEN)
    monkeypatch.setenv("ENVOI_BASE_URL", listener.url.removesuffix("/hooks/meta/key"))
    monkeypatch.setenv("ENVOI_PROVIDER_URLS", "1")
    yield listener
    listener.close()


@pytest.fixture
def connect(db: None, simulated: Simulated, our_door: Listener) -> Connect:
    """Connects the demo's account of a provider at the simulator; nothing of it is known there but itself."""

    def connected(provider: str) -> Account:
        played = PLAYED[provider]
        spec = {
            key: value
            for key, value in played.spec("", 80).items()
            if key not in ("callback_url", "status_callback_url")
        }
        simulated.put_account(provider, played.control, spec)
        return actions.connect_account(
            provider=provider,
            name=provider,
            provider_id=played.account_id,
            credentials=played.credentials,
            base_url=simulated.url + played.path,
            by=None,
        )

    return connected
