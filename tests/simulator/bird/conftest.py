"""Fixtures: simulated Birds on free ports, each with a platform that listens."""

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

from .rig import ACCOUNT, CHANNELS, KEYS, PHONE, SIGNING, TEMPLATES, WABA, MakeRig, Platform, Rig


@pytest.fixture
async def make_bird() -> AsyncIterator[MakeRig]:
    """Start simulators: make_bird("gen2", scenario=…, account={…}, **settings)."""
    started: list[Rig] = []

    async def make(
        mode: str = "gen3",
        *,
        scenario: dict[str, Any] | None = None,
        account: dict[str, Any] | None = None,
        **settings: Any,
    ) -> Rig:
        platform = Platform()
        await platform.start()
        played = msgspec.convert(scenario, Scenario) if scenario else None
        simulator = Simulator(seed=7, settings=changed(Settings(), {"speed": 100_000, **settings}), scenario=played)
        address = await simulator.start()
        rig = Rig(simulator, address, platform, ClientBuilder().no_proxy().build(), Http(), mode)
        started.append(rig)
        spec = {
            "mode": mode,
            "access_key": KEYS[mode],
            "signing_key": SIGNING[mode],
            "callback_url": platform.url,
            "workspace_id": "ws-1",
            "organization_id": "org-1",
            "waba": WABA,
            "channels": [{"id": CHANNELS[mode], "phone_number": PHONE}],
            "templates": TEMPLATES,
            **(account or {}),
        }
        status, answer = await rig.control("PUT", f"bird/accounts/{ACCOUNT}", spec)
        assert status == 200, answer
        rig.templates = answer["templates"]
        return rig

    yield make
    for rig in started:
        await rig.simulator.stop()
        await rig.platform.stop()
        await rig.client.close()
        await rig.http.close()
