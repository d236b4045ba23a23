"""Each provider as the simulator plays it, with an account of ours there and an ear for its webhooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from envoi.channels.models import Account, Channel
from envoi.config.commands.simulated import Simulated
from envoi.config.shop import account as demo
from envoi.core.vault import seal
from envoi.intake import engine
from envoi.intake.models import WebhookEvent
from envoi.media import actions
from envoi.media.models import File
from envoi.team.models import Staff
from tests.media.files import png
from tests.providers.simulated import ANA, Listener, simulator, until
from tests.rig import Rig


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    with simulator(Path(tmp_path_factory.mktemp("simulator"))) as one:
        yield one


class Connected:
    """An account and its number at a simulated provider; `say` is a customer's act there, `heard` takes it in."""

    def __init__(self, provider: str, simulated: Simulated, credentials: dict[str, str], spec: dict[str, Any]) -> None:
        self.simulated = simulated
        self.played = demo.PLAYED[provider]
        self.ear = Listener(lambda body, headers: 200, verify_token=demo.VERIFY_TOKEN)
        self.account = Account.objects.create(
            provider=provider,
            name="Shop",
            provider_id=self.played.account_id,
            credentials=seal({**self.played.credentials, **credentials}),
            hook_key=f"hook-of-{provider}",
            base_url=simulated.url + self.played.path,
        )
        self.channel = Channel.objects.create(
            account=self.account, name="Shop", address=demo.ADDRESS, provider_id=self.played.channel_id
        )
        whole = self.played.spec(self.ear.url, 80) | spec
        simulated.put_account(provider, self.played.control, whole)

    def say(self, **words: Any) -> None:
        """Ana writes; returns when intake has taken her webhook in."""
        before = len(self.ear.posts)
        self.simulated._call(
            "POST", f"/_simulator/customers/{ANA}/say", {"phone_number_id": self.played.channel_id, **words}
        )
        until(lambda: len(self.ear.posts) > before, "the simulator tells what Ana wrote")
        for body, headers in self.ear.posts[before:]:
            WebhookEvent.objects.create(
                account_id=self.account.pk,
                provider=self.account.provider,
                body=body,
                content_type=headers.get("content-type", ""),
            )
        while engine.step():
            pass

    def close(self) -> None:
        self.ear.close()
        self.simulated._call("POST", "/_simulator/reset", {"accounts": True})


@pytest.fixture
def rig(transactional_db: None, test_database_url: str, tmp_path: Path) -> Iterator[Rig]:
    """Simulator, gateway, intake and worker around the tests' database."""
    one = Rig(test_database_url, tmp_path)
    try:
        yield one
    finally:
        one.close()


Connect = Callable[..., Connected]


@pytest.fixture
def connect(transactional_db: None, simulated: Simulated) -> Iterator[Connect]:
    """connect(provider) makes an account there."""
    made: list[Connected] = []

    def one(provider: str, *, credentials: dict[str, str] | None = None, **spec: Any) -> Connected:
        made.append(Connected(provider, simulated, credentials or {}, spec))
        return made[-1]

    yield one
    for each in made:
        each.close()


@pytest.fixture
def picture(db: None) -> File:
    """A picture in the library."""
    return library_file(png(), "summer.png", "image/png")


def library_file(data: bytes, name: str, told: str, by: Staff | None = None) -> File:
    """Upload bytes as the page does."""
    return actions.upload(BytesIO(data), name=name, size=len(data), told=told, by=by)
