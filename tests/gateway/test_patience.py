"""The time limit for bodies: it ends what is late, and only that."""

from __future__ import annotations

import asyncio

import pytest

from envoi.gateway.patience import Patience


async def test_what_is_late_ends_with_a_timeout_and_the_rest_goes_on():
    patience, come = Patience(0.02), asyncio.Event()

    async def late() -> None:
        with patience:
            await asyncio.Event().wait()

    async def early() -> str:
        with patience:
            await asyncio.sleep(0)
        await come.wait()
        return "answered"

    one, other = asyncio.create_task(late()), asyncio.create_task(early())
    with pytest.raises(TimeoutError):
        await one
    come.set()
    assert await other == "answered"
    assert other.cancelling() == 0


async def test_who_begins_later_is_given_as_long():
    patience = Patience(0.05)
    loop = asyncio.get_running_loop()

    async def late() -> float:
        begun = loop.time()
        with pytest.raises(TimeoutError), patience:
            await asyncio.Event().wait()
        return loop.time() - begun

    first = asyncio.create_task(late())
    await asyncio.sleep(0.02)
    assert min(await asyncio.gather(first, asyncio.create_task(late()))) >= 0.05


async def test_somebody_elses_cancellation_stays_one():
    patience = Patience(60)

    async def waits() -> None:
        with patience:
            await asyncio.Event().wait()

    task = asyncio.create_task(waits())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
