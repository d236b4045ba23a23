"""Fixtures: simulators on free ports, each with a platform that listens."""

import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import pytest
from pyreqwest.client import ClientBuilder

from envoi.simulator.customers import Scenario
from envoi.simulator.main import Simulator
from envoi.simulator.settings import Settings, changed
from tests.simulator.rig import NUMBER, SECRET, TEMPLATES, TOKEN, WABA, MakeRig, Platform, Rig


@pytest.fixture(autouse=True)
def no_bug_was_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The simulator survives its own bugs and logs them; a test does not."""
    yield
    assert [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR] == []


@pytest.fixture
async def make_rig() -> AsyncIterator[MakeRig]:
    """Start simulators: make_rig(seed=…, scenario=…, account={…}, **settings)."""
    started: list[Rig] = []

    async def make(
        *,
        seed: int = 7,
        scenario: dict[str, Any] | None = None,
        account: dict[str, Any] | None = None,
        **settings: Any,
    ) -> Rig:
        platform = Platform()
        await platform.start()
        played = msgspec.convert(scenario, Scenario) if scenario else None
        chosen = changed(Settings(), {"speed": 100_000, **settings})
        simulator = Simulator(seed=seed, settings=chosen, scenario=played)
        address = await simulator.start()
        rig = Rig(simulator, address, platform, ClientBuilder().no_proxy().build())
        started.append(rig)
        spec = {
            "token": TOKEN,
            "app_secret": SECRET,
            "app_id": "333",
            "callback_url": platform.url,
            "verify_token": "verify",
            "numbers": [{"id": NUMBER, "display_phone_number": "+33 1 70 00 00 00"}],
            "templates": TEMPLATES,
            **(account or {}),
        }
        status, answer = await rig.call("PUT", f"/_simulator/meta/accounts/{WABA}", spec)
        assert status == 200, answer
        return rig

    yield make
    for rig in started:
        await rig.simulator.stop()
        await rig.platform.stop()
        await rig.client.close()


@pytest.fixture
async def rig(make_rig: MakeRig) -> Rig:
    """A world without faults in which time flies."""
    return await make_rig()
