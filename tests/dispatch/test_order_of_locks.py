"""Two real connections that want the same rows: each takes them in the one order, so neither is ended for a circle."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from envoi.channels.models import Channel
from envoi.core.events import Failure
from envoi.core.sessions import insist
from envoi.dispatch import store
from envoi.dispatch.deliver import Outcomes
from envoi.dispatch.main import SESSION
from envoi.dispatch.record import record
from envoi.messaging import ledger
from envoi.messaging.ledger import PutBack, Refused, pairs, portfolios
from tests.messaging.helpers import (
    CAP,
    Db,
    claim,
    free_form,
    lane,
    outbox,
    owe,
    people,
    promoted,
    receipt,
    state,
    window,
)
from tests.rig import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = timedelta(seconds=60)
CROWDED = {"code": "131056"}


class Beside:
    """Work in a thread, on a connection as dispatchers have them: it begins a transaction by itself."""

    def __init__(self, url: str) -> None:
        # As soon as possible: what waits in a circle is ended after this.
        self.db = psycopg.connect(url)
        insist(self.db, SESSION | {"deadlock_timeout": "200ms"})
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None

    def begin(self, work: Callable[[Db], Any]) -> None:
        def run() -> None:
            try:
                # As a pool does: what was left open commits or ends here.
                with self.db:
                    work(self.db)
            except psycopg.Error as error:
                self._error = error

        self._thread = threading.Thread(target=run)
        self._thread.start()

    def waits(self, db: Db) -> bool:
        query = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s"
        return db.execute(query, [self.db.info.backend_pid]).fetchone() == (True,)

    def end(self) -> None:
        assert self._thread
        self._thread.join(20)
        assert not self._thread.is_alive()
        assert self._error is None, self._error


@pytest.fixture
def beside(raw_db: Db, test_database_url: str) -> Iterator[Beside]:
    one = Beside(test_database_url)
    yield one
    one.db.close()


@pytest.fixture
def first(raw_db: Db, test_database_url: str) -> Iterator[Db]:
    """The connection that has the first row already."""
    with psycopg.connect(test_database_url, autocommit=True) as db:
        insist(db, SESSION | {"deadlock_timeout": "10s"})
        yield db


def route(db: Db, channel: Channel) -> store.Route:
    return store.routes(db, allow_base_url=False)[channel.pk]


def borrow(db: Db, channel: Channel, contact: int) -> None:
    assert pairs.borrow(db, channel.pk, {contact: 1}, promotions={}, now=datetime.now(UTC)) == {contact}


def test_a_second_round_of_a_claim_wants_the_portfolio_without_having_pairs(
    raw_db: Db, first: Db, beside: Beside, channel: Channel
) -> None:
    answers = lane(raw_db, channel, priority=0)
    open_one, refused, counting, other = people(raw_db, 4)
    window(raw_db, channel, open_one, "10 hours")
    free_form(raw_db, channel, answers, open_one)
    free_form(raw_db, channel, answers, refused)
    owe(raw_db, channel, answers, [counting], category="service")
    where = route(raw_db, channel)
    taken: list[store.Taken] = []
    with first.transaction():
        # Another claim, as it stands after its portfolio and before its pairs.
        portfolios.count(first, channel.pk, [(other, 1)])
        beside.begin(lambda db: taken.append(store.take_replies(db, where, at_most=2, lease=LEASE)))
        wait_until(lambda: beside.waits(raw_db), saying="the second round does not want the portfolio")
        borrow(first, channel, open_one)
    beside.end()
    assert sorted(message.contact_id for message in taken[0].messages) == sorted([open_one, counting])


def test_a_promotion_that_is_skipped_gives_back_in_the_order_of_the_claims(
    raw_db: Db, first: Db, beside: Beside, channel: Channel
) -> None:
    campaign = lane(raw_db, channel)
    skipped, written = people(raw_db, 2)
    [message, other] = owe(raw_db, channel, campaign, [skipped, written])
    # It was reserved once, came back, and they have withdrawn since.
    promoted(raw_db, channel, skipped)
    raw_db.execute("UPDATE pairs SET promoted_by = %s WHERE contact_id = %s", [message, skipped])
    raw_db.execute("UPDATE contacts SET marketing = 'withdrawn' WHERE id = %s", [skipped])
    promoted(raw_db, channel, written, ago="100 hours")
    where = route(raw_db, channel)
    with first.transaction():
        borrow(first, channel, skipped)
        beside.begin(lambda db: store.take(db, where, at_most=10, lease=LEASE))
        wait_until(lambda: beside.waits(raw_db), saying="nothing was given back")
        borrow(first, channel, written)
    beside.end()
    assert (state(raw_db, message), outbox(raw_db)) == ("skipped", {other: "sending"})
    assert raw_db.execute("SELECT promoted_by FROM pairs WHERE contact_id = %s", [skipped]).fetchone() == (None,)


def test_what_became_of_a_batch_is_told_to_lanes_before_pairs(
    raw_db: Db, first: Db, beside: Beside, channel: Channel
) -> None:
    campaign = lane(raw_db, channel)
    reached, waiting = people(raw_db, 2)
    owe(raw_db, channel, campaign, [reached])
    [message] = claim(raw_db, channel)
    promoted(raw_db, channel, reached)
    raw_db.execute("UPDATE pairs SET promoted_by = %s", [message.id])
    owe(raw_db, channel, campaign, [waiting])
    where = route(raw_db, channel)
    batch = Outcomes(
        failed=[Refused(message, Failure("131026", "", ""), datetime.now(UTC))], held_lanes={campaign: "no"}
    )

    def write(db: Db) -> None:
        with db.transaction():
            record(db, where, batch)

    with first.transaction():
        # Another dispatcher's claim: it has the lane, and then writes to the same customer's pair.
        assert ledger.claim(first, channel.pk, room=10, lease=LEASE)
        beside.begin(write)
        wait_until(lambda: beside.waits(raw_db), saying="the lane was not held")
        borrow(first, channel, reached)
    beside.end()
    assert state(raw_db, message.id) == "failed"


def test_what_became_of_a_batch_and_receipts_take_customers_before_pairs(
    raw_db: Db, first: Db, beside: Beside, channel: Channel
) -> None:
    campaign = lane(raw_db, channel)
    capped, crowded = people(raw_db, 2)
    # Receipts of an earlier message to both.
    owe(raw_db, channel, campaign, [capped, crowded])
    earlier = claim(raw_db, channel)
    owe(raw_db, channel, campaign, [capped, crowded])
    to_capped, to_crowded = sorted(claim(raw_db, channel), key=lambda one: one.contact_id)
    promoted(raw_db, channel, crowded)
    [failed] = [one.id for one in earlier if one.contact_id == crowded]
    raw_db.execute("UPDATE pairs SET promoted_by = %s", [failed])
    where = route(raw_db, channel)
    now = datetime.now(UTC)
    batch = Outcomes(back=[PutBack(to_crowded, "customer_waits", now, CROWDED)], failed=[Refused(to_capped, CAP, now)])

    def write(db: Db) -> None:
        with db.transaction():
            record(db, where, batch)

    with first.transaction():
        first.execute("SELECT 1 FROM contacts WHERE id = %s FOR NO KEY UPDATE", [capped])
        beside.begin(write)
        wait_until(lambda: beside.waits(raw_db), saying="the customer was not wanted")
        told = receipt(crowded, failed, "failed", failure=Failure("131026", "", ""))
        ledger.settle(first, [told], hold=[capped])
    beside.end()
    assert state(raw_db, to_capped.id) == "failed"
    assert state(raw_db, failed) == "failed"
