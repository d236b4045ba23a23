"""The fixtures behind tests of Twilio's face, for whoever imports them into a conftest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from pyreqwest.client import ClientBuilder

from envoi.simulator.customers import Scenario
from envoi.simulator.main import Simulator
from envoi.simulator.settings import Settings, changed

from .rig import CONTENTS, SENDER, SID, TOKEN, MakeRig, Receiver, Rig


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
        receiver = Receiver()
        await receiver.start()
        played = msgspec.convert(scenario, Scenario) if scenario else None
        simulator = Simulator(seed=seed, settings=changed(Settings(), {"speed": 100_000, **settings}), scenario=played)
        address = await simulator.start()
        client = ClientBuilder().no_proxy().follow_redirects(False).build()
        rig = Rig(simulator, address, receiver, client)
        started.append(rig)
        spec = {
            "auth_token": TOKEN,
            "callback_url": receiver.url,
            "status_callback_url": receiver.url,
            "senders": [{"sender": SENDER}],
            "contents": CONTENTS,
            **(account or {}),
        }
        status, answer = await rig.call("PUT", f"/_simulator/twilio/accounts/{SID}", spec)
        assert status == 200, answer
        rig.sids = {name.partition("/")[0]: sid for name, sid in answer["contents"].items()}
        return rig

    yield make
    for rig in started:
        await rig.simulator.stop()
        await rig.receiver.stop()
        await rig.client.close()


@pytest.fixture
async def rig(make_rig: MakeRig) -> Rig:
    """A world without faults in which time flies."""
    return await make_rig()
