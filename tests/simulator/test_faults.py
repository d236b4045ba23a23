"""What goes wrong on purpose, and that chance can be repeated."""

import asyncio
import time
from typing import Any

import pytest
from pyreqwest.exceptions import PyreqwestError

from tests.simulator.rig import MakeRig, Rig, template

ANA = "+33639980001"


async def broken(rig: Rig, message: dict[str, Any]) -> None:
    """Send and expect no answer at all."""
    with pytest.raises(PyreqwestError):
        await rig.send(message)


@pytest.mark.parametrize(
    ("fault", "status", "code", "accepted"),
    [("error_500", 500, 131000, 0), ("error_503", 503, 2, 0), ("error_500_after", 500, 131000, 1)],
)
async def test_server_errors_say_nothing_about_acceptance(
    make_rig: MakeRig, fault: str, status: int, code: int, accepted: int
) -> None:
    rig = await make_rig(faults={fault: 1})
    got, body = await rig.send(template(ANA, opaque="1"))
    assert (got, body["error"]["code"]) == (status, code)
    ledger = await rig.quiet()
    assert (ledger["accepted"], ledger["faults"], ledger["refused"]) == (accepted, {fault: 1}, {})
    assert bool(rig.platform.statuses()) == bool(accepted)


@pytest.mark.parametrize(("fault", "accepted"), [("drop_before", 0), ("drop_after", 1), ("timeout_after", 1)])
async def test_a_connection_without_an_answer_may_hide_an_acceptance(
    make_rig: MakeRig, fault: str, accepted: int
) -> None:
    rig = await make_rig(faults={fault: 1, "hold_seconds": 0.3})
    began = time.monotonic()
    await broken(rig, template(ANA, opaque="1"))
    assert (time.monotonic() - began >= 0.3) == (fault == "timeout_after")
    ledger = await rig.quiet()
    assert ledger["accepted"] == accepted
    if accepted:
        assert rig.platform.statuses()[0]["biz_opaque_callback_data"] == "1"


async def test_a_second_attempt_after_a_hidden_acceptance_is_seen_as_a_duplicate(make_rig: MakeRig) -> None:
    rig = await make_rig(scenario={"customers": [{"phone": ANA, "fault": "drop_after"}]})
    await broken(rig, template(ANA, opaque="1"))
    await rig.sent(template(ANA, opaque="1"))
    ledger = await rig.ledger()
    assert (ledger["accepted"], ledger["unique_opaque"], ledger["duplicates"]) == (2, 1, 1)
    assert (ledger["customers"], ledger["customers_written_twice"]) == (1, 1)


async def fates(rig: Rig, order: list[int], *, at_once: int) -> dict[str, tuple[Any, ...]]:
    """Send to every customer until accepted or three times; return each message's end by opaque id."""
    gate = asyncio.Semaphore(at_once)

    async def deliver(i: int) -> None:
        async with gate:
            for _ in range(3):
                try:
                    status, _ = await rig.send(template(f"+3363998{i:04d}", opaque=f"m{i}"))
                except PyreqwestError:
                    return
                if status == 200:
                    return

    await asyncio.gather(*(deliver(i) for i in order))
    await rig.quiet()
    return {row["opaque"]: (row["state"], row["error"], row["replied"], row["fault"]) for row in await rig.rows()}


async def test_the_same_seed_gives_the_same_fates_whatever_the_order_and_the_crowd(make_rig: MakeRig) -> None:
    harsh = {"faults": {"preset": "harsh", "hold_seconds": 0.05}, "throughput_limit": False, "speed": 1_000_000}
    one_by_one = await fates(await make_rig(seed=5, **harsh), list(range(150)), at_once=1)
    crowd = await fates(await make_rig(seed=5, **harsh), list(reversed(range(150))), at_once=30)
    other_seed = await fates(await make_rig(seed=6, **harsh), list(range(150)), at_once=30)
    assert one_by_one == crowd
    assert one_by_one != other_seed
    assert {"read", "delivered", "failed"} <= {end[0] for end in crowd.values()}


async def test_a_limit_that_refuses_does_not_change_a_fate(make_rig: MakeRig) -> None:
    rig = await make_rig(seed=5, speed=1, faults={"error_500": 0.5})
    crowded = await make_rig(seed=5, speed=1, faults={"error_500": 0.5})
    number = {"throughput": 3}
    await crowded.call("POST", "/_simulator/meta/numbers/111", number)
    free = [(await rig.send(template(ANA, opaque=f"m{i}")))[0] for i in range(6)]
    slow: list[int] = []
    async with asyncio.timeout(20):
        for i in range(6):
            status, body = await crowded.send(template(ANA, opaque=f"m{i}"))
            while status == 400 and body["error"]["code"] == 130429:
                await asyncio.sleep(0.05)
                status, body = await crowded.send(template(ANA, opaque=f"m{i}"))
            slow.append(status)
    assert free == slow
    assert (await crowded.ledger())["refused"]["130429"] > 0


async def test_a_slow_answer_takes_its_time(make_rig: MakeRig) -> None:
    rig = await make_rig(faults={"answer_seconds": 0.2})
    began = time.monotonic()
    await rig.sent(template(ANA))
    assert 0.1 <= time.monotonic() - began < 5
