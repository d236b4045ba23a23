"""The loop of one channel: claim within every limit, send each message at its slot, record what happened.

It keeps at most `limits.HORIZON` of claims ahead. Database work runs in threads on plain connections, so that the
ledger has one colour; sending is asyncio. A channel that rests or is paused simply has no runner.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from ..contacts import consents
from ..messaging import ledger, limits
from ..messaging.ledger import Refused
from ..providers import base
from ..providers.table import PROVIDERS
from . import store
from .deliver import Outcomes, deliver, not_ready, once_more
from .files import Files
from .store import Route, Slot

log = logging.getLogger("envoi.dispatch")
Pool = ConnectionPool[psycopg.Connection[Any]]
T = TypeVar("T")

IDLE = 0.1  # seconds between two looks at an empty outbox: a reply leaves within this
FLUSH = 0.02  # seconds for which outcomes are gathered before they are recorded together


@dataclass(frozen=True, slots=True)
class Limits:
    """What one dispatcher allows itself. `answer` bounds a request; a claim lasts for `lease`, much longer."""

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
        self._outcomes = Outcomes()
        self._news = asyncio.Event()
        self._stopping = asyncio.Event()
        self._sending: set[asyncio.Task[None]] = set()
        self._recorded = 0

    def stop(self) -> None:
        """Claim nothing more and come to an end."""
        self._stopping.set()

    async def run(self) -> int:
        """Work until `stop`; returns how many outcomes were recorded."""
        recorder = asyncio.create_task(self._record())
        # Without a recorder nothing may be sent: whatever ends it ends the runner, and the next one starts afresh.
        recorder.add_done_callback(lambda _: self._stopping.set())
        try:
            while not self._stopping.is_set():
                await self._round()
        finally:
            self._stopping.set()
            if self._sending:
                await asyncio.wait(self._sending)
            self._news.set()
            await recorder
        return self._recorded

    async def _round(self) -> None:
        free = self._allowed.in_flight - len(self._sending)
        if free <= 0:
            await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)
            return
        taken = await self._in_database(
            store.take, self.route, at_most=free, lease=self._allowed.lease, known_forms=list(self._forms)
        )
        if taken is None:
            return
        self._forms |= taken.forms
        offset = clock_offset(taken.now)
        for slot in taken.slots:
            task = asyncio.create_task(self._send(slot, offset))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        if taken.more:
            # Full: come back when about half of the horizon has passed.
            await self._rest(limits.HORIZON.total_seconds() / 2)
        else:
            await self._rest(IDLE)

    async def _send(self, slot: Slot, offset: float) -> None:
        loop = asyncio.get_running_loop()
        message, form = slot.message, self._forms.get(slot.message.lane_id)
        try:
            # Before the slot: a message that waited for an upload takes a new one, as any that comes late.
            until = message.lease_until - self._allowed.answer - limits.TOLERANCE
            whole, whole_form = await self._files.ready(self.route, message, form, until=until)
        except base.SendError as error:
            self._outcomes.add(*not_ready(message, error))
            self._news.set()
            return
        while True:
            wait = slot.at.timestamp() + offset - loop.time()
            if wait > 0 and not self._lapses(slot):
                await self._rest(wait)
            if self._stopping.is_set() or self._lapses(slot):
                # Given back at once: kept, it would lapse and be called uncertain, though not a byte of it left.
                self._outcomes.unsent.append(message)
                self._news.set()
                return
            late = loop.time() - offset - slot.at.timestamp()
            if late <= limits.TOLERANCE.total_seconds():
                break
            again = await self._in_database(store.take_again, self.route, [message])
            if again is None:
                continue
            slot = again[0]
        outcome = await deliver(self._provider, self._http, self.route.account, self.route.channel, whole, whole_form)
        refused = outcome[0]
        if isinstance(refused, Refused) and await self._files.renew(
            self.route, message, form, (whole, whole_form), refused.failure.code
        ):
            outcome = once_more(message, refused.failure), None
        # Only now: while the answer was awaited, the recorder has put a new batch in the old one's place.
        self._outcomes.add(*outcome)
        self._news.set()

    def _lapses(self, slot: Slot) -> bool:
        """Whether the answer could come after the lease: then somebody else may already call it uncertain."""
        return slot.at + self._allowed.answer + limits.TOLERANCE >= slot.message.lease_until

    async def _record(self) -> None:
        """Write outcomes in batches; while the database is away they wait here, and nothing new is claimed."""
        while True:
            await self._news.wait()
            if not self._stopping.is_set():
                await asyncio.sleep(FLUSH)
            self._news.clear()
            batch, self._outcomes = self._outcomes, Outcomes()
            await self._write(batch)
            self._recorded += len(batch)
            if self._stopping.is_set() and not self._sending and not len(self._outcomes):
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

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

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


def record(db: store.Connection, route: Route, batch: Outcomes) -> bool:
    """Write one batch of outcomes, and what they mean for the channel: one transaction."""
    channel_id = route.channel_id
    ledger.record_sent(db, channel_id, batch.sent)
    ledger.put_back(db, channel_id, batch.back)
    ledger.record_failed(db, channel_id, batch.failed)
    ledger.record_unclear(db, channel_id, batch.unclear)
    ledger.release(db, channel_id, batch.unsent)
    for refused in batch.opted_out:
        consents.record(
            db,
            refused.message.contact_id,
            purpose="marketing",
            state="withdrawn",
            source="provider",
            text=refused.failure.title,
            proof=f"{route.provider} {refused.failure.code}",
            at=refused.at,
        )
    # Lanes before the pace, as in store.take: the other way round the two could wait for each other in a circle.
    for lane_id, reason in batch.held_lanes.items():
        ledger.set_lane(db, lane_id, "held", reason=reason)
    if batch.throttled_seconds:
        store.slow_down(db, channel_id, seconds=batch.throttled_seconds)
    if batch.suspended:
        store.suspend(db, channel_id, whole_account=batch.suspended.scope == "account", reason=str(batch.suspended))
    return True


def clock_offset(database_now: datetime) -> float:
    """What to add to the database's Unix time to get this event loop's: slots are in the database's time."""
    return asyncio.get_running_loop().time() - database_now.timestamp()
