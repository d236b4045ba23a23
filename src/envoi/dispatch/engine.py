"""The loop of one channel: claim within every limit, send at the channel's pace, record what happened.

Four tasks side by side, so that neither the network nor the database waits for the other. Two keep a quarter of a
second's worth of claimed messages and of slots; the pacer lets the most urgent message leave at each slot; the recorder
writes outcomes in batches. Database work runs in threads on plain connections, so that the ledger has one colour. A
channel that rests or is paused simply has no runner.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Any, TypeVar

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from ..messaging import limits
from ..messaging.ledger import Claimed, Refused
from ..providers import base
from ..providers.table import PROVIDERS
from . import store
from .clocks import DatabaseClock
from .deliver import Outcomes, deliver, not_ready, once_more
from .files import Files
from .record import record
from .store import Route

log = logging.getLogger("envoi.dispatch")
Pool = ConnectionPool[psycopg.Connection[Any]]
T = TypeVar("T")

IDLE = 0.1  # seconds between two looks at the outbox: a reply leaves within this
AGAIN = 0.02  # seconds between two looks at the pace while slots are lacking
FLUSH = 0.05  # seconds for which outcomes are gathered before they are recorded together
BATCH = 500  # messages claimed at once, at most
STRANGER = 1.0  # seconds in which another dispatcher of the channel shows, if there is one
COMPANY = 5.0  # seconds for which another dispatcher of the channel is believed to be there still
ALIKE = timedelta(microseconds=100)  # two readings of one moment differ by less


@dataclass(frozen=True, slots=True)
class Limits:
    """What one dispatcher allows itself for each channel. `answer` bounds a request; a claim lasts for `lease`."""

    in_flight: int = 256
    lease: timedelta = timedelta(seconds=120)
    answer: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Ready:
    """A claimed message that may leave at the next slot, until `last` (the loop's time).

    whole, form: the message and its lane's form with every file filled in; `message` is as it was claimed.
    """

    message: Claimed
    whole: Claimed
    form: base.Form | None
    last: float


class Runner:
    """Sends for one channel until `stop`; what it has claimed and not begun is given back."""

    def __init__(self, route: Route, pool: Pool, http: base.Http, allowed: Limits, files: Files) -> None:
        self.route = route
        self._pool = pool
        self._http = http
        self._allowed = allowed
        self._files = files
        self._provider = PROVIDERS[route.provider]
        self._forms: dict[int, base.Form | None] = {}
        self._clock = DatabaseClock()
        self._throughput = 1.0
        self._window = limits.Window()
        # Claimed and still here: those whose files are being uploaded, and those that may leave, the most urgent first.
        self._preparing: set[asyncio.Task[None]] = set()
        self._ready: list[tuple[int, int, Ready]] = []
        self._number = 0
        self._more = True
        self._room = 0
        # Slots that have not come, and those that have and are not used; the loop's times.
        self._slots: deque[float] = deque()
        self._come: deque[float] = deque()
        self._left: datetime | None = None
        self._company_until = float("inf")
        self._rests_until = 0.0
        self._sending: set[asyncio.Task[None]] = set()
        self._outcomes = Outcomes()
        self._stopping = asyncio.Event()
        self._to_claim = asyncio.Event()
        self._to_take_slots = asyncio.Event()
        self._to_send = asyncio.Event()
        self._to_record = asyncio.Event()
        self._recorded = 0

    def stop(self) -> None:
        """Claim nothing more and come to an end."""
        self._stopping.set()
        self._to_claim.set()
        self._to_take_slots.set()
        self._to_send.set()

    async def run(self) -> int:
        """Work until `stop`; returns how many outcomes were recorded."""
        recorder = asyncio.create_task(self._record())
        tasks = [asyncio.create_task(work()) for work in (self._claim, self._take_slots, self._pace)]
        # Whatever ends one of them ends the runner, and the next one starts afresh: nothing leaves without a recorder.
        for task in (recorder, *tasks):
            task.add_done_callback(lambda _: self.stop())
        try:
            await asyncio.gather(*tasks)
        finally:
            self.stop()
            await asyncio.wait(tasks)
            if self._preparing:
                await asyncio.wait(self._preparing)
            # Given back at once: kept, they would lapse and be called uncertain, though not a byte of them left.
            self._outcomes.unsent += [one.message for _, _, one in self._ready]
            self._ready.clear()
            if self._sending:
                await asyncio.wait(self._sending)
            self._to_record.set()
            await recorder
        return self._recorded

    # Claiming

    async def _claim(self) -> None:
        while not self._stopping.is_set():
            self._to_claim.clear()
            began = asyncio.get_running_loop().time()
            replies, bulk = self._waiting()
            taken = await self._in_database(
                store.take,
                self.route,
                at_most=max(self._batch() - len(self._ready) - len(self._preparing), 0),
                lease=self._allowed.lease,
                known_forms=list(self._forms),
                waiting_replies=replies,
                waiting_bulk=bulk + len(self._preparing),
            )
            if taken is not None:
                self._keep(taken, began)
            await self._until(self._to_claim, IDLE)

    def _keep(self, taken: store.Taken, began: float) -> None:
        self._forms |= taken.forms
        self._throughput = taken.throughput
        self._more = taken.more
        self._room = min(taken.room, self._batch())
        # By the loop's own clock, from before the claim: the database's may be set while the claim lasts.
        last = began + (self._allowed.lease - self._allowed.answer).total_seconds() - limits.HORIZON.total_seconds()
        for message in taken.messages:
            form = self._forms.get(message.lane_id)
            if message.content is None and (form is None or not (form.header or form.cards)):
                self._is_ready(Ready(message, message, form, last))
            else:
                task = asyncio.create_task(self._prepare(message, form, last))
                self._preparing.add(task)
                task.add_done_callback(self._preparing.discard)

    async def _prepare(self, message: Claimed, form: base.Form | None, last: float) -> None:
        """Have the message's files at the provider, before it takes a slot: an upload may last."""
        try:
            until = message.lease_until - self._allowed.answer - limits.HORIZON
            whole, whole_form = await self._files.ready(self.route, message, form, until=until)
        except base.SendError as error:
            self._outcomes.add(*not_ready(message, error))
            self._to_record.set()
            return
        self._is_ready(Ready(message, whole, whole_form, last))

    def _is_ready(self, one: Ready) -> None:
        heappush(self._ready, (one.message.priority, self._number, one))
        self._number += 1
        self._to_take_slots.set()

    async def _take_slots(self) -> None:
        """Keep slots for what is ready and can be in flight: any other would pass unused."""
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            self._to_take_slots.clear()
            replies, bulk = self._waiting()
            # None while too much is in flight: another dispatcher of the channel may have the slots.
            lacking = replies + bulk - self._slots_left() if len(self._sending) < self._most_in_flight() else 0
            pause = 1.0
            if lacking > 0 and loop.time() >= self._rests_until:
                replies = min(replies, lacking)
                taken = await self._in_database(store.slots, self.route, replies=replies, bulk=lacking - replies)
                if taken is not None:
                    self._keep_slots(taken, loop.time())
                pause = AGAIN
            await self._until(self._to_take_slots, pause)

    def _keep_slots(self, taken: store.Slots, now: float) -> None:
        self._clock.read(taken.now, now)
        start = self._clock.to_loop(taken.now)
        self._slots = deque(sorted((*self._slots, *(start + moment for moment in taken.moments))))
        if self._left is None:
            self._company_until = now + STRANGER
        elif abs(taken.found - self._left) > ALIKE:
            # Somebody else moved the pace: for a while ours are not all that leaves.
            self._company_until = now + COMPANY
        self._left = taken.left
        self._to_send.set()

    def _slots_left(self) -> int:
        return len(self._slots) + len(self._come)

    def _waiting(self) -> tuple[int, int]:
        replies = sum(1 for one in self._ready if one[0] == store.REPLIES)
        return replies, len(self._ready) - replies

    # Sending

    async def _pace(self) -> None:
        """Let the most urgent message leave at each slot, so that a reply overtakes all of a campaign that waits."""
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            self._to_send.clear()
            now = loop.time()
            self._follow_slots(now)
            if self._more and len(self._ready) <= self._room // 2:
                # Once for each answer of the database.
                self._more = False
                self._to_claim.set()
            if self._slots_left() <= len(self._ready) // 2:
                self._to_take_slots.set()
            if not self._ready or not self._slots_left():
                await self._until(self._to_send, 1.0)
            elif not self._come:
                await self._until(self._to_send, self._slots[0] - now)
            elif len(self._sending) >= self._most_in_flight() or not self._has_room(now):
                # An answer wakes us, and so does time: the provider's second moves on.
                await self._until(self._to_send, 0.002)
            else:
                self._come.popleft()
                self._begin(loop)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        _, _, one = heappop(self._ready)
        if loop.time() > one.last:
            # The answer could come after the lease: then somebody else may already call it uncertain.
            self._outcomes.unsent.append(one.message)
            self._to_record.set()
            return
        # Counted here and not when the task runs: several may be begun before the first of them does.
        self._window.sent()
        task = loop.create_task(self._send(one))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send(self, one: Ready) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        outcome, error = await deliver(
            self._provider,
            self._http,
            self.route.account,
            self.route.channel,
            one.whole,
            one.form,
            self._now,
        )
        now = loop.time()
        self._window.answered(began, now)
        if error is not None:
            self._heed(error, now)
        if isinstance(outcome, Refused) and await self._files.renew(
            self.route, one.message, self._forms.get(one.message.lane_id), (one.whole, one.form), outcome.failure.code
        ):
            outcome, error = once_more(one.message, outcome.failure, self._now()), None
        # Only now: while the answer was awaited, the recorder has put a new batch in the old one's place.
        self._outcomes.add(outcome, error)
        self._to_record.set()
        self._to_send.set()

    def _heed(self, error: base.SendError, now: float) -> None:
        """Hold back at once what the database will hold back from the next claim on."""
        match error:
            case base.Throttled() | base.Uncertain():
                least = 1.0 if isinstance(error, base.Throttled) else 0.0
                self._rests_until = max(self._rests_until, now + max(error.after, least))
            case base.Suspended():
                self._rests_until = max(self._rests_until, now + 5.0)

    def _follow_slots(self, now: float) -> None:
        while self._slots and self._slots[0] <= now:
            self._come.append(self._slots.popleft())
            self._window.slot(self._come[-1])
        tolerance = limits.TOLERANCE_ALONE if self._is_alone(now) else limits.TOLERANCE
        oldest = max(now - tolerance.total_seconds(), self._rests_until)
        while self._come and self._come[0] < oldest:
            self._come.popleft()

    def _is_alone(self, now: float) -> bool:
        return now >= self._company_until

    def _has_room(self, now: float) -> bool:
        return self._window.has_room(self._throughput, now, alone=self._is_alone(now))

    def _batch(self) -> int:
        return min(BATCH, 2 * self._most_in_flight())

    def _most_in_flight(self) -> int:
        # A second's worth: a provider that takes longer is in trouble, and so few need not fear for their lease.
        return min(self._allowed.in_flight, max(int(self._throughput), 8))

    def _now(self) -> datetime:
        return self._clock.now(asyncio.get_running_loop().time())

    # Recording

    async def _record(self) -> None:
        """Write outcomes in batches; while the database is away they wait here, and nothing new is claimed."""
        while True:
            await self._to_record.wait()
            if not self._stopping.is_set():
                await asyncio.sleep(FLUSH)
            self._to_record.clear()
            batch, self._outcomes = self._outcomes, Outcomes()
            await self._write(batch)
            self._recorded += len(batch)
            if (
                self._stopping.is_set()
                and not self._sending
                and not self._ready
                and not self._preparing
                and not len(self._outcomes)
            ):
                return

    async def _write(self, batch: Outcomes) -> None:
        """Record until it is done. What PostgreSQL will not have holds up nobody else: it is recorded as unclear."""
        while len(batch):
            try:
                await asyncio.to_thread(self._with_connection, record, self.route, batch)
                return
            except (psycopg.OperationalError, PoolTimeout) as error:
                log.warning("channel %s: the database answered %s; trying again", self.route.channel_id, error)
                await asyncio.sleep(1)
            except Exception as error:
                parts = batch.apart()
                if len(parts) > 1:
                    for part in parts:
                        await self._write(part)
                    return
                log.exception("channel %s: an outcome can't be recorded", self.route.channel_id)
                if batch.unclear:
                    return  # its lease lapses: park_lapsed says the same
                batch = batch.as_unclear(f"the answer could not be stored ({type(error).__name__})")

    # Waiting, and the database

    async def _rest(self, seconds: float) -> None:
        await self._until(self._stopping, seconds)

    async def _until(self, event: asyncio.Event, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), seconds)

    async def _in_database(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T | None:
        """Run `work(db, …)` in a transaction in a thread; None after a database error, logged and waited out."""
        try:
            return await asyncio.to_thread(self._with_connection, work, *args, **kwargs)
        except (psycopg.Error, PoolTimeout) as error:
            log.warning("channel %s: the database answered %s; trying again", self.route.channel_id, error)
            await self._rest(0.5)
            return None

    def _with_connection(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        with self._pool.connection() as db:
            return work(db, *args, **kwargs)
