"""What all faces share: what chance decides, what is counted; it refuses to know any provider's JSON."""

import os
from collections import Counter
from typing import Any

from envoi.simulator.clock import Clock
from envoi.simulator.customers import Customer, People, Scenario
from envoi.simulator.draws import Draws
from envoi.simulator.fates import Subject, fate_of
from envoi.simulator.ledger import Entry, Ledger
from envoi.simulator.limits import PairRate
from envoi.simulator.lives import Face, Life
from envoi.simulator.settings import Settings, changed
from envoi.simulator.webhooks import Mailbox, Webhooks

BEFORE_ACCEPTANCE = ("error_500", "error_503", "drop_before")
AFTER_ACCEPTANCE = ("error_500_after", "drop_after", "timeout_after")


class World:
    """Clock, customers, limits, faults, ledger and webhooks of one simulated world."""

    def __init__(self, *, seed: int = 1, settings: Settings | None = None, ledger_path: str | None = None) -> None:
        self.settings = settings or Settings()
        self.draws = Draws(seed)
        self.ledger = Ledger(ledger_path)
        self.webhooks = Webhooks(lambda: self.settings.webhooks)
        self.clock = Clock(self.settings.speed)
        self.clock.may_run = self.webhooks.has_room
        self.people = People(self.draws)
        self._begin()

    def _begin(self) -> None:
        self.pairs = PairRate()
        self._attempts: Counter[tuple[str, str]] = Counter()
        self._identities = 0
        # Ids differ from run to run, as a provider's do, so that a database that outlives the simulator never
        # takes a new message for an old one. Fates don't depend on them.
        self._nonce = os.urandom(9).hex().upper()

    def reset(self) -> None:
        """Forget customers, messages, limits and counts; settings and scripts stay."""
        self.clock.clear()
        self.people.forget()
        self.ledger.clear()
        self.webhooks.clear_counts()
        self._begin()

    def change_settings(self, changes: dict[str, Any]) -> None:
        self.settings = changed(self.settings, changes)
        if self.clock.speed != self.settings.speed:
            self.clock.speed = self.settings.speed

    def play(self, scenario: Scenario) -> None:
        """Apply a scenario's settings and bind its customers' scripts."""
        if scenario.settings:
            self.change_settings(scenario.settings)
        for script in scenario.customers:
            self.people.prescribe(script)

    def customer(self, identity: str) -> Customer:
        """The customer with these international digits or this business-scoped user id."""
        return self.people.by_phone(identity) if identity.isdigit() else self.people.by_user_id(identity)

    def identity(self) -> str:
        """A text no other call in any run returns, for message ids and traces."""
        self._identities += 1
        return f"{self._nonce}{self._identities:08X}"

    def attempt_key(self, customer: Customer, opaque: str | None, number: str) -> str:
        """Name this attempt: the sender's id (or the pair) and how often it got past the limits."""
        name = opaque if opaque is not None else f"pair {number}"
        self._attempts[customer.key, name] += 1
        return f"{name}#{self._attempts[customer.key, name]}"

    def fault_for(self, customer: Customer, key: str) -> str | None:
        """The name of the fault that hits this attempt, by script or by chance."""
        script = customer.script
        if script and script.fault and int(key.rpartition("#")[2]) <= script.fault_times:
            return script.fault
        for name in BEFORE_ACCEPTANCE + AFTER_ACCEPTANCE:
            if self.draws.happens(getattr(self.settings.faults, name), name, customer.key, key):
                return name
        return None

    def accept(self, entry: Entry, customer: Customer, subject: Subject, face: Face) -> Life:
        """Write an accepted message down and decide its fate; the caller says when its life begins."""
        self.ledger.accept(entry)
        fate = fate_of(subject, customer, self.draws, self.settings)
        if fate.reply_after is not None:
            customer.replies_given += 1
        return Life(self, entry, customer, subject, fate, face)

    def emit(self, posted: tuple[Mailbox, Any] | None, *about: str, held_for: float = 0.0) -> None:
        """Post an update, perhaps later than its time, perhaps twice."""
        if posted is None:
            return
        if held_for > 0:
            self.clock.after(held_for, self.webhooks.post, *posted)
        else:
            self.webhooks.post(*posted)
        if self.draws.happens(self.settings.faults.duplicate_webhooks, "duplicate webhook", *about):
            again = self.draws.between(0.5, 20.0, "duplicate after", *about)
            self.clock.after(held_for + again, self._post_again, *posted)

    def _post_again(self, mailbox: Mailbox, update: Any) -> None:
        self.webhooks.duplicated += 1
        self.webhooks.post(mailbox, update)

    def report(self) -> dict[str, Any]:
        """The ledger's figures with what is still under way; the world is quiet when both are 0."""
        return self.ledger.report() | {
            "pending_webhooks": self.webhooks.pending,
            "scheduled": self.clock.scheduled,
            "webhooks_sent": self.webhooks.posts,
            "webhook_updates_sent": self.webhooks.updates,
            "webhooks_duplicated": self.webhooks.duplicated,
            "webhooks_refused": self.webhooks.refused,
            "webhooks_lost": self.webhooks.lost,
        }
