"""From stored webhooks to what follows: claims a batch, parses, applies, and marks it done in one transaction.

A kill at any moment repeats the batch whole, which changes nothing twice. A webhook that fails holds up no other: it
is tried again alone, later and later, and is put aside as `broken` with the reason in the end.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from threading import Event

import psycopg
from django.db import connection, transaction

from ..contacts import actions as contacts
from ..contacts.identities import Key
from ..contacts.optout import in_force
from ..core import lately
from ..core.events import Fact, IdentityChanged, MessageReceived, PreferenceChanged, Receipt
from ..inbox.receipts import tell_receipts
from ..messaging import ledger
from ..messaging.actions import ledger_db
from ..providers.table import PROVIDERS
from ..replies.answering import Asked, answer
from . import store
from .bell import Bell
from .routes import ROUTES, Origin, keep, people_of, person_of, within
from .store import Stored

log = logging.getLogger("envoi.intake")

# What a statement costs is shared by so many; their locks are held for some tens of milliseconds.
MOST_AT_ONCE = 200

# Customers' messages: few at once, so that the first of them does not wait for the last. What follows from each takes
# longer than a receipt.
MOST_URGENT_AT_ONCE = 50

CHANNELS = "channels"

# Two processes wanted the same rows in another order: PostgreSQL stops one of them.
MET = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)


Routed = tuple[Fact, Origin, Stored]


class Passing(Exception):
    """The database went away, or two processes met: no webhook is to blame, all may be tried again as they are."""


def work(stop: Event, bell: Bell, *, urgent: bool) -> None:
    """Work until `stop` is set on what is urgent, or on all else; a step that runs is finished first."""
    at_most = MOST_URGENT_AT_ONCE if urgent else MOST_AT_ONCE
    pause = 0.5
    while not stop.is_set():
        try:
            if not step(at_most=at_most, urgent=urgent):
                bell.wait(stop)
            pause = 0.5
        except Exception as error:
            log.warning("intake pauses for %.1f s: %s", pause, error, exc_info=not isinstance(error, Passing))
            connection.close()
            stop.wait(pause)
            pause = min(pause * 2, 10.0)


def step(*, at_most: int = MOST_AT_ONCE, urgent: bool | None = None) -> int:
    """Handle what is due, `at_most` webhooks; returns how many were taken up, failed ones too. Raises Passing.

    urgent: only those that are, or are not; None for both.
    """
    batch: list[Stored] = []
    try:
        with transaction.atomic():
            batch = store.claim(at_most=at_most, urgent=urgent)
            if batch:
                apply((fact, stored) for stored in batch for fact in _facts(stored))
                store.note(batch)
        return len(batch)
    except Exception as error:
        _raise_if_passing(error)
        if not batch:
            raise Passing(str(error)) from error
        log.info("%s webhooks failed together (%s), trying one by one", len(batch), error)
    for stored in batch:
        _alone(stored.id)
    return len(batch)


def apply(facts: Iterable[tuple[Fact, Stored]]) -> None:
    """Let follow what follows from these facts, in the caller's transaction."""
    words = lately.known("words", in_force)
    # Scopes are read each time: under one that has just moved, somebody's STOP would found a second contact.
    channels, scopes = lately.known(CHANNELS, store.channels), store.scopes()
    doubted = False
    receipts: list[Receipt] = []
    routed: list[Routed] = []
    for fact, stored in facts:
        channel_id, account_id = None, stored.account_id
        if isinstance(fact, MessageReceived | Receipt | PreferenceChanged):
            found = channels.get((stored.provider, fact.channel), {})
            if not found and fact.channel and not doubted:
                # Perhaps it was made a moment ago.
                lately.doubt(CHANNELS)
                channels, scopes, doubted = lately.known(CHANNELS, store.channels), store.scopes(), True
                found = channels.get((stored.provider, fact.channel), {})
            # One webhook address may serve several accounts of one app: the others' numbers are found too.
            account_id = account_id if account_id in found else next(iter(found), account_id)
            channel_id = found.get(account_id)
            if channel_id is None and not _needs_no_channel(fact):
                stored.notes.append(f"No channel of ours has the id {fact.channel}.")
                continue
        if isinstance(fact, Receipt):
            receipts.append(fact)
        else:
            scoped = within(fact, scopes.get(account_id, ""))
            routed.append((scoped, Origin(stored.account_id, stored.provider, channel_id, words=words), stored))
    stretches = list(_stretches(routed))
    for number, stretch in enumerate(stretches):
        _follow(stretch, receipts if number == 0 else [])


def _stretches(routed: Sequence[Routed]) -> Iterator[list[Routed]]:
    """All at once, unless somebody's number changes: who writes after that is who they were before it."""
    stretch: list[Routed] = []
    for one in routed:
        stretch.append(one)
        if isinstance(one[0], IdentityChanged):
            yield stretch
            stretch = []
    yield stretch


def _follow(routed: Sequence[Routed], receipts: Sequence[Receipt]) -> None:
    people = [person for fact, *_ in routed if (person := person_of(fact))]
    owners: dict[Key, int] = {}
    contact_ids = contacts.contacts_for_people(people, owners=owners)
    # All contacts that this changes are held here, in the order of their ids, so that two processes never wait for
    # each other in a circle; a STOP counts for all records of its sender.
    everybody = (person for fact, *_ in routed for person in people_of(fact))
    concerned = contacts.everybody_with_a_key(everybody, owners=owners)
    hold = {*contact_ids, *concerned}
    if receipts or hold:
        ledger.settle(ledger_db(), receipts, hold=hold)
    if receipts:
        tell_receipts(receipts)
    if people:
        contacts.fill_in(zip(contact_ids, people, strict=True))
    to_rules: list[Asked] = []
    for fact, origin, stored in _kept(_with_contacts(routed, contact_ids)):
        if note := ROUTES[type(fact)](fact, replace(origin, to_rules=to_rules)):
            stored.notes.append(note[:500])
    answer(to_rules)


def _with_contacts(routed: Iterable[Routed], found: Iterable[int]) -> list[Routed]:
    contact_ids = iter(found)
    return [
        (fact, replace(origin, contact_id=next(contact_ids)) if person_of(fact) else origin, stored)
        for fact, origin, stored in routed
    ]


def _kept(routed: Sequence[Routed]) -> Iterator[Routed]:
    """The same in the same order, with customers' messages kept, and those that came before left out."""
    received = [(fact, origin) for fact, origin, _stored in routed if isinstance(fact, MessageReceived)]
    kept = iter(keep(received) if received else [])
    for fact, origin, stored in routed:
        if not isinstance(fact, MessageReceived):
            yield fact, origin, stored
        elif (one := next(kept)) is not None:
            yield fact, replace(origin, message_id=one.message_id, opened=one.opened, asks=one.asks), stored


def _needs_no_channel(fact: MessageReceived | Receipt | PreferenceChanged) -> bool:
    """A receipt with our own token finds its message by that; a preference may hold for all numbers and name none."""
    match fact:
        case Receipt():
            return fact.key is not None
        case PreferenceChanged():
            return not fact.channel
    return False


def _alone(event_id: int) -> None:
    """Handle one webhook in a transaction of its own; when it fails, put it off or, in the end, aside."""
    try:
        with transaction.atomic():
            batch = store.claim(at_most=1, only=event_id)
            apply((fact, stored) for stored in batch for fact in _facts(stored))
            store.note(batch)
        return
    except Exception as error:
        _raise_if_passing(error)
        reason = _words(error)
    if store.put_off(event_id, reason):
        log.warning("webhook %s failed and is put off: %s", event_id, reason)
        return
    with transaction.atomic():
        for stored in store.claim(at_most=1, only=event_id):
            stored.notes = [reason]
            _salvage(stored)
            store.note([stored], state="broken")
            log.error("webhook %s is broken and put aside: %s", event_id, reason)


def _salvage(stored: Stored) -> None:
    """A webhook may hold a thousand good facts beside a bad one: apply each that works, note those that do not."""
    try:
        facts = _facts(stored)
    except Exception as error:
        stored.notes.append(_words(error))
        return
    for fact in facts:
        try:
            with transaction.atomic():
                apply([(fact, stored)])
        except Exception as error:
            _raise_if_passing(error)
            stored.notes.append(f"{type(fact).__name__}: {_words(error)}")


def _facts(stored: Stored) -> Sequence[Fact]:
    return PROVIDERS[stored.provider].parse(stored.delivery)


def _raise_if_passing(error: Exception) -> None:
    """Raise Passing unless the fault is the webhook's own."""
    if _is_stale(error) and connection.connection is not None:
        # Closed for good: handed back, the pool would keep it with the statements that it has prepared.
        connection.connection.close()
    # The ledger raises psycopg's errors as they are; Django wraps those of its own statements.
    met = isinstance(error, MET) or isinstance(error.__cause__, MET)
    if isinstance(error, Passing) or met or not connection.is_usable():
        raise Passing(_words(error)) from error


def _is_stale(error: BaseException | None) -> bool:
    """Whether a statement was prepared for columns that a migration has changed since; a new connection heals it."""
    if isinstance(error, psycopg.errors.FeatureNotSupported):
        return error.diag.source_function == "RevalidateCachedQuery"
    return error is not None and _is_stale(error.__cause__)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".replace("\x00", "").strip()[:1_000]
