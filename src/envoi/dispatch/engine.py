"""The loop of one channel: claim within every limit, send at the channel's pace, record what happened.

Four tasks side by side, so that neither the network nor the database waits for the other. Two keep a quarter of a
second's worth of claimed messages and of slots, which the gate lets leave; one claims answers as soon as the bell tells
of them; the recorder writes outcomes in batches.
Database work runs in threads on plain connections, so that the ledger has one colour. A channel that rests or is paused
simply has no runner.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, TypeVar

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from ..messaging import limits
from ..messaging.ledger import Claimed, Refused, Unclear
from ..providers import base
from ..providers.table import PROVIDERS
from . import store
from .clocks import DatabaseClock
from .deliver import Outcomes, deliver, not_ready, once_more
from .doubt import Doubt
from .files import Files
from .gate import Gate, Ready
from .record import record
from .store import Route

log = logging.getLogger("envoi.dispatch")
Pool = ConnectionPool[psycopg.Connection[Any]]
T = TypeVar("T")

IDLE = 0.1  # seconds between two looks at the outbox: a reply leaves within this
AGAIN = 0.02  # seconds between two looks at the pace while slots are lacking
FLUSH = 0.05  # seconds for which outcomes are gathered before they are recorded together
LONG_REST = 1.0  # seconds: what is claimed is given back rather than kept for longer
BATCH = 500  # messages claimed at once, at most
HELD = 3 * BATCH  # messages claimed and still here, at most: while one batch leaves, the next is on its way


@dataclass(frozen=True, slots=True)
class Limits:
    """What one dispatcher allows itself for each channel. `answer` bounds a request; a claim lasts for `lease`."""

    in_flight: int = 256
    lease: timedelta = timedelta(seconds=120)
    answer: timedelta = timedelta(seconds=30)


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
        self._doubt = Doubt()
        self._doubts = False
        self._begun = 0
        self._rested_at = float("-inf")
        # Claimed and still here: those whose files are being uploaded; those that may leave are at the gate.
        self._preparing: set[asyncio.Task[None]] = set()
        self._more = True
        self._room = 0
        # Tells this runner from all others, also from one before it: what that one sent last, this one does not know.
        self._number = secrets.randbits(62)
        self._heard = False
        self._sending: set[asyncio.Task[None]] = set()
        # A task whose message is answered takes the next one along, instead of a new task for each.
        self._at_hand = False
        self._next: Ready | None = None
        self._outcomes = Outcomes()
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._to_claim = asyncio.Event()
        self._to_answer = asyncio.Event()
        self._to_take_slots = asyncio.Event()
        self._to_record = asyncio.Event()
        self._recorded = 0
        self._gate = Gate(self._loop, begin=self._begin, low=self._ask, in_flight=allowed.in_flight)

    def stop(self) -> None:
        """Claim nothing more and come to an end."""
        self._stopping.set()
        self._to_claim.set()
        self._to_answer.set()
        self._to_take_slots.set()

    def wake(self) -> None:
        """Look at the outbox now: an answer waits."""
        self._to_answer.set()

    async def run(self) -> int:
        """Work until `stop`; returns how many outcomes were recorded."""
        recorder = asyncio.create_task(self._record())
        tasks = [asyncio.create_task(work()) for work in (self._claim, self._answer, self._take_slots)]
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
            self._outcomes.unsent += [one.message for one in self._gate.clear()]
            if self._sending:
                await asyncio.wait(self._sending)
            self._to_record.set()
            await recorder
        return self._recorded

    # Claiming

    async def _claim(self) -> None:
        while not self._stopping.is_set():
            self._to_claim.clear()
            if self._gate.rests_for > LONG_REST:
                # The database says so too as soon as it is recorded; until then it would hand out more.
                await self._until(self._stopping, IDLE)
                continue
            began = monotonic()
            replies = self._gate.replies
            here = len(self._gate) + len(self._preparing)
            taken = await self._in_database(
                store.take,
                self.route,
                at_most=max(min(self._hold() - here, BATCH), 0),
                lease=self._allowed.lease,
                known_forms=list(self._forms),
                waiting_replies=replies,
                waiting_bulk=here - replies,
            )
            if taken is not None:
                self._more = taken.more
                self._room = taken.room
                self._keep(taken, began)
            await self._until(self._to_claim, IDLE)

    async def _answer(self) -> None:
        """Claim what the bell has told of, beside whatever a campaign claims; a notice that is lost costs IDLE."""
        while not self._stopping.is_set():
            await self._to_answer.wait()
            self._to_answer.clear()
            if self._stopping.is_set() or self._gate.rests_for > LONG_REST:
                continue
            began = monotonic()
            taken = await self._in_database(
                store.take_replies,
                self.route,
                at_most=max(HELD - len(self._gate) - len(self._preparing), 0),
                lease=self._allowed.lease,
                known_forms=list(self._forms),
                waiting_replies=self._gate.replies,
            )
            if taken is not None:
                self._keep(taken, began)

    def _keep(self, taken: store.Taken, began: float) -> None:
        self._forms |= taken.forms
        self._gate.pace(taken.throughput)
        # By the loop's own clock, from before the claim: the database's may be set while the claim lasts.
        last = began + (self._allowed.lease - self._allowed.answer).total_seconds() - limits.HORIZON.total_seconds()
        for message in taken.messages:
            form = self._forms.get(message.lane_id)
            if message.content is None and (form is None or not (form.header or form.cards)):
                self._gate.put(Ready(message, message, form, last))
            else:
                task = asyncio.create_task(self._prepare(message, form, last))
                self._preparing.add(task)
                task.add_done_callback(self._preparing.discard)
        self._go_on()

    async def _prepare(self, message: Claimed, form: base.Form | None, last: float) -> None:
        """Have the message's files at the provider, before it takes a slot: an upload may last."""
        try:
            until = message.lease_until - self._allowed.answer - limits.HORIZON
            whole, whole_form = await self._files.ready(self.route, message, form, until=until)
        except base.SendError as error:
            self._outcomes.add(*not_ready(message, error))
            self._to_record.set()
            return
        self._gate.put(Ready(message, whole, whole_form, last))
        self._go_on()

    def _go_on(self) -> None:
        """Open the gate; or, in a rest, give back what waits at it: it could wait there until its lease lapses."""
        if self._gate.rests_for > LONG_REST:
            self._outcomes.unsent += [one.message for one in self._gate.clear()]
            self._to_record.set()
        else:
            self._gate.open()

    def _hold(self) -> int:
        return min(self._room or BATCH, HELD)

    def _ask(self) -> None:
        """Have the next batch and its slots fetched before those that are here are used up."""
        ready = len(self._gate)
        if self._more:
            hold = self._hold()
            if ready <= max(hold // 2, hold - BATCH):
                # Once for each answer of the database.
                self._more = False
                self._to_claim.set()
        if ready and self._gate.slots_left <= ready // 2:
            self._to_take_slots.set()

    async def _take_slots(self) -> None:
        """Keep slots for what is ready and can be in flight: any other would pass unused."""
        begun = -1
        while not self._stopping.is_set():
            self._to_take_slots.clear()
            # None while too much is in flight: another dispatcher of the channel may have the slots.
            lacking = len(self._gate) - self._gate.slots_left if self._gate.sending < self._gate.most_in_flight else 0
            pause = 1.0
            if lacking > 0 and not self._gate.rests_for:
                replies = min(self._gate.replies, lacking)
                # Where nothing left with the slots before, they came too late: then those of now, not of then.
                late = self._heard and begun != self._begun
                begun = self._begun
                taken = await self._in_database(
                    store.slots,
                    self.route,
                    sender=self._number,
                    replies=replies,
                    bulk=lacking - replies,
                    waited_since=self._clock.now(self._gate.ready_since) if late else None,
                )
                if taken is not None:
                    self._keep_slots(taken, monotonic())
                pause = AGAIN
            await self._until(self._to_take_slots, pause)

    def _keep_slots(self, taken: store.Slots, now: float) -> None:
        self._clock.read(taken.now, now)
        self._heard = True
        start = self._clock.to_loop(taken.now)
        if taken.waits:
            # What is claimed goes back for it: somebody else sends, and a reply need not wait here.
            self._gate.rest(now + taken.waits)
        alone_until = start + taken.alone_for if taken.moments or taken.waits else None
        self._gate.put_slots((start + moment for moment in taken.moments), alone_until=alone_until)
        self._go_on()

    # Sending

    def _begin(self, one: Ready) -> None:
        self._begun += 1
        now = monotonic()
        if now > one.last:
            # The answer could come after the lease: then somebody else may already call it uncertain.
            self._gate.answered(now, now)
            self._outcomes.unsent.append(one.message)
            self._to_record.set()
            return
        if self._at_hand:
            self._at_hand, self._next = False, one
            return
        task = self._loop.create_task(self._send_on(one))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send_on(self, one: Ready) -> None:
        """Send this one, and whatever leaves at the moment of its answer."""
        following: Ready | None = one
        while following is not None:
            await self._send(following)
            self._at_hand = True
            try:
                self._go_on()
            finally:
                self._at_hand = False
            following, self._next = self._next, None

    async def _send(self, one: Ready) -> None:
        began = monotonic()
        outcome, error = await deliver(
            self._provider,
            self._http,
            self.route.account,
            self.route.channel,
            one.whole,
            one.form,
            self._now,
        )
        now = monotonic()
        self._gate.answered(began, now)
        if error is not None:
            self._heed(error, now)
        if self._doubts or isinstance(outcome, Unclear):
            self._weigh(outcome, began, now)
        if isinstance(outcome, Refused) and await self._files.renew(
            self.route, one.message, self._forms.get(one.message.lane_id), (one.whole, one.form), outcome.failure.code
        ):
            outcome, error = once_more(one.message, outcome.failure, self._now()), None
        # Only now: while the answer was awaited, the recorder has put a new batch in the old one's place.
        self._outcomes.add(outcome, error)
        self._to_record.set()

    def _weigh(self, outcome: object, began: float, now: float) -> None:
        """Rest when one answer after the other says nothing; what had begun before the rest makes it no longer."""
        self._doubts = isinstance(outcome, Unclear)
        if not self._doubts:
            self._doubt.clear()
            self._gate.doubts(False)
        elif began >= self._rested_at and (seconds := self._doubt.unclear()):
            log.warning("channel %s rests %.0f s: the provider's answers say nothing", self.route.channel_id, seconds)
            self._rested_at = now
            self._gate.doubts(True)
            self._gate.rest(now + seconds)
            self._outcomes.rest_seconds = max(self._outcomes.rest_seconds, seconds)

    def _heed(self, error: base.SendError, now: float) -> None:
        """Hold back at once what the database will hold back from the next claim on."""
        match error:
            case base.Throttled() | base.Uncertain():
                least = 1.0 if isinstance(error, base.Throttled) else 0.0
                self._gate.rest(now + max(error.after, least))
            case base.Suspended():
                self._gate.rest(now + 5.0)

    def _now(self) -> datetime:
        return self._clock.now(monotonic())

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
                and not len(self._gate)
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
