"""Fixtures: simulated Zenvias on free ports, each with a platform that listens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from pyreqwest.client import ClientBuilder

from envoi.providers.http import Client as Http
from envoi.simulator.customers import Scenario
from envoi.simulator.main import Simulator
from envoi.simulator.settings import Settings, changed

from .rig import SECRET, SENDER, TEMPLATES, TOKEN, MakeRig, Platform, Rig


@pytest.fixture
async def make_zenvia() -> AsyncIterator[MakeRig]:
    """Start simulators: make_zenvia(scenario=…, account={…}, **settings)."""
    started: list[Rig] = []

    async def make(
        *, scenario: dict[str, Any] | None = None, account: dict[str, Any] | None = None, **settings: Any
    ) -> Rig:
        platform = Platform()
        await platform.start()
        played = msgspec.convert(scenario, Scenario) if scenario else None
        simulator = Simulator(seed=7, settings=changed(Settings(), {"speed": 100_000, **settings}), scenario=played)
        address = await simulator.start()
        rig = Rig(simulator, address, platform, ClientBuilder().no_proxy().build(), Http())
        started.append(rig)
        spec = {
            "token": TOKEN,
            "callback_url": platform.url,
            "hook_headers": {"X-Hook-Secret": SECRET},
            "senders": [{"id": SENDER}],
            "templates": TEMPLATES,
            **(account or {}),
        }
        status, said = await rig.control("PUT", "zenvia/accounts/z1", spec)
        assert status == 200, said
        return rig

    yield make
    for rig in started:
        await rig.simulator.stop()
        await rig.platform.stop()
        await rig.client.close()
        await rig.http.close()


@pytest.fixture
async def zenvia(make_zenvia: MakeRig) -> Rig:
    """A world without faults in which time flies."""
    return await make_zenvia()
