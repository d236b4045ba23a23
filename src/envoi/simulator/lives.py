"""The life of an accepted message, step by step; it refuses to decide it (fates) or to word it (a face)."""

import time
from typing import TYPE_CHECKING, Any, Protocol

from envoi.simulator.customers import Customer
from envoi.simulator.fates import Fate, Subject
from envoi.simulator.ledger import Entry
from envoi.simulator.webhooks import Mailbox

if TYPE_CHECKING:
    from envoi.simulator.world import World


class Face(Protocol):
    """What a provider says about a message's life: (mailbox, update), or None if nobody listens."""

    def status_update(self, entry: Entry, customer: Customer, status: str, at: int) -> tuple[Mailbox, Any] | None: ...

    def reply_update(
        self, entry: Entry, customer: Customer, subject: Subject, fate: Fate, at: int
    ) -> tuple[Mailbox, Any] | None: ...


class Life:
    """Walks one message through its fate, one scheduled step at a time."""

    __slots__ = ("customer", "entry", "face", "fate", "steps", "subject", "world")

    def __init__(
        self, world: "World", entry: Entry, customer: Customer, subject: Subject, fate: Fate, face: Face
    ) -> None:
        self.world, self.entry, self.customer = world, entry, customer
        self.subject, self.fate, self.face = subject, fate, face
        if fate.failure:
            self.steps = [(fate.failed_after, "failed")]
        else:
            moments = (
                (fate.sent_after, "sent"),
                (fate.delivered_after, "delivered"),
                (fate.read_after, "read"),
                (fate.reply_after, "reply"),
            )
            self.steps = [(after, what) for after, what in moments if after is not None]
            self.steps.sort(key=lambda step: step[0])

    def begin(self) -> None:
        self.world.clock.after(self.steps[0][0], self._step, 0)

    def end_by(self, code: int) -> None:
        """Fail with this code instead of what fate had in mind."""
        self.fate = Fate(failure=code)
        self.steps = [(0.0, "failed")]
        self.begin()

    def _step(self, index: int) -> None:
        after, what = self.steps[index]
        world, entry, at = self.world, self.entry, int(time.time())
        if what == "reply":
            world.ledger.reply(entry)
            self.customer.written_at[entry.phone_number_id] = time.time()
            update = self.face.reply_update(entry, self.customer, self.subject, self.fate, at)
            world.emit(update, entry.customer, self.subject.key, what)
        else:
            world.ledger.change(entry, what, self.fate.failure)
            update = self.face.status_update(entry, self.customer, what, at)
            world.emit(update, entry.customer, self.subject.key, what, held_for=self._hold(index))
        if index + 1 < len(self.steps):
            world.clock.after(self.steps[index + 1][0] - after, self._step, index + 1)

    def _hold(self, index: int) -> float:
        """How long the webhook of an out-of-order status waits: until just after the next one left."""
        after, what = self.steps[index]
        if what != self.fate.late or index + 1 >= len(self.steps):
            return 0.0
        return self.steps[index + 1][0] - after + 0.5
