"""Carries updates to the platform, again and again until it answers 200; it refuses to read them.

What an update is and how a batch is wrapped and signed is the face's business. Waiting and retrying are in
real seconds: a receiver that is down is down in real time, however fast the simulated clock runs.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import PyreqwestError

from envoi.simulator.settings import Postage

LAST_POSTS = 1.0  # real seconds that POSTs under way may still take when a mailbox closes
HEAVIEST_BODY = 3 * 1024 * 1024  # Meta fact sheet, D.1


@dataclass(slots=True)
class Parcel:
    """One POST: the exact bytes, repeated unchanged at each retry, and its headers. `url`: not the mailbox's."""

    body: bytes
    headers: dict[str, str]
    url: str = ""


@dataclass(slots=True, eq=False)
class Mailbox:
    """One receiver: its address, how a batch is wrapped for it, and what waits. `largest` caps a batch.

    A post that fails is repeated until it arrives, or `retries` times; then it is lost, as at that provider.
    """

    url: str
    wrap: Callable[[Sequence[Any]], Parcel]
    largest: int = 1000
    retries: float = float("inf")
    successes: tuple[int, ...] = (200,)
    waiting: deque[Any] = field(default_factory=deque)
    filled: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False


class Webhooks:
    """All mailboxes, and the carriers that empty them."""

    def __init__(self, postage: Callable[[], Postage]) -> None:
        self._postage = postage
        self._client: Client = ClientBuilder().user_agent("facebookexternalua").no_proxy().build()
        self._carriers: dict[Mailbox, list[asyncio.Task[None]]] = {}
        self.clear_counts()
        self.pending = 0

    def clear_counts(self) -> None:
        self.posts = 0
        self.updates = 0
        self.duplicated = 0
        self.refused = 0
        self.lost = 0

    def open(
        self,
        url: str,
        wrap: Callable[[Sequence[Any]], Parcel],
        *,
        largest: int = 1000,
        retries: float = float("inf"),
        successes: tuple[int, ...] = (200,),
    ) -> Mailbox:
        """Start carrying to a receiver."""
        mailbox = Mailbox(url, wrap, largest, retries, successes)
        carriers = range(self._postage().connections)
        self._carriers[mailbox] = [asyncio.create_task(self._carry(mailbox)) for _ in carriers]
        return mailbox

    def post(self, mailbox: Mailbox, update: Any) -> None:
        if mailbox.closed:
            return
        mailbox.waiting.append(update)
        self.pending += 1
        mailbox.filled.set()

    def has_room(self) -> bool:
        return self.pending < self._postage().queue_bound

    def forget(self, mailbox: Mailbox) -> None:
        """Throw away what still waits; what is on its way stays on its way."""
        self.pending -= len(mailbox.waiting)
        mailbox.waiting.clear()

    async def close(self, mailbox: Mailbox) -> None:
        """Stop carrying; what still waits is forgotten, as when an app unsubscribes."""
        mailbox.closed = True
        mailbox.filled.set()
        mailbox.over.set()
        # A request is not cancelled while there is hope: a task cancelled inside pyreqwest has been seen to go on.
        _, stubborn = await asyncio.wait(self._carriers.pop(mailbox), timeout=LAST_POSTS)
        for task in stubborn:
            task.cancel()
        if stubborn:
            await asyncio.wait(stubborn, timeout=LAST_POSTS)
        self.forget(mailbox)

    async def stop(self) -> None:
        for mailbox in list(self._carriers):
            await self.close(mailbox)
        await self._client.close()

    async def get(self, url: str, query: dict[str, str]) -> tuple[int, bytes]:
        """GET once, for handshakes; status 0 and the reason when there was no answer."""
        try:
            request = self._client.get(url).query(query).timeout(timedelta(seconds=10)).build()
            response = await request.send()
            return response.status, bytes(await response.bytes())
        except (PyreqwestError, ValueError, OSError) as error:
            return 0, str(error).encode()

    async def _carry(self, mailbox: Mailbox) -> None:
        while not mailbox.closed:
            await mailbox.filled.wait()
            if not mailbox.waiting:
                if not mailbox.closed:
                    mailbox.filled.clear()
                continue
            postage = self._postage()
            largest = min(postage.batch, mailbox.largest)
            if len(mailbox.waiting) < largest:
                await asyncio.sleep(postage.flush_seconds)  # let a batch gather
            batch = [mailbox.waiting.popleft() for _ in range(min(largest, len(mailbox.waiting)))]
            if batch:
                await self._deliver(mailbox, batch)

    async def _deliver(self, mailbox: Mailbox, batch: list[Any]) -> None:
        parcel = mailbox.wrap(batch)
        if len(parcel.body) > HEAVIEST_BODY and len(batch) > 1:
            middle = len(batch) // 2
            await self._deliver(mailbox, batch[:middle])
            await self._deliver(mailbox, batch[middle:])
            return
        pause, tries = self._postage().retry_first_seconds, 0
        try:
            while not await self._arrives(mailbox, parcel):
                self.refused += 1
                tries += 1
                if tries > mailbox.retries:
                    self.lost += len(batch)
                    return
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(mailbox.over.wait(), pause)
                if mailbox.closed:
                    return
                pause = min(pause * 2, self._postage().retry_longest_seconds)
            self.posts += 1
            self.updates += len(batch)
        finally:
            self.pending -= len(batch)

    async def _arrives(self, mailbox: Mailbox, parcel: Parcel) -> bool:
        with contextlib.suppress(PyreqwestError, ValueError, OSError):
            limit = timedelta(seconds=self._postage().timeout_seconds)
            request = self._client.post(parcel.url or mailbox.url).headers(parcel.headers)
            response = await request.body_bytes(parcel.body).timeout(limit).build().send()
            return response.status in mailbox.successes
        return False
