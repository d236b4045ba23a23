"""Orders that are given back, removed or moved; currencies; and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from envoi.contacts.models import Contact
from envoi.core import clock
from envoi.core.errors import BadInput, NotAllowed, NotFound
from envoi.orders import actions, exchange, queries, tasks
from envoi.orders.actions import NewOrder
from envoi.orders.models import ExchangeRate, Order
from envoi.records import merging
from envoi.team.models import Staff

from ..contacts.files import Aside, until, waiting
from .shop import expected, kept

pytestmark = pytest.mark.django_db
MARCH = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)


@pytest.fixture
def ana(db: None) -> int:
    return Contact.objects.create(name="Ana").pk


@pytest.fixture
def ben(db: None) -> int:
    return Contact.objects.create(name="Ben").pk


def order(contact_id: int, number: str, amount: str, currency: str = "EUR", at: datetime = MARCH) -> NewOrder:
    return NewOrder(contact_id, number, at, Decimal(amount), currency)


def spend(contact_id: int) -> Decimal | None:
    return queries.totals_of(contact_id).spend


def rate(day: int, worth: str, currency: str = "USD", **more) -> ExchangeRate:
    made = exchange.set_rate(
        currency=currency, day=date(2026, 3, day), rate=Decimal(worth), source="ECB", by=None, **more
    )
    exchange.revalue()
    return made


class TestRefunds:
    def test_what_was_given_back_is_not_spend(self, ana):
        actions.add_orders([order(ana, "1", "50"), order(ana, "2", "30")])
        actions.refund(ana, "1", Decimal("20"))
        assert (queries.totals_of(ana).orders, spend(ana)) == (2, Decimal("60"))

    def test_an_order_that_was_given_back_whole_counts_as_none_and_can_come_back(self, ana):
        actions.add_orders([order(ana, "1", "50")])
        actions.refund(ana, "1")
        assert queries.totals_of(ana) is None
        assert list(queries.summaries(MARCH.date())) == []
        actions.refund(ana, "1", Decimal(0))
        assert spend(ana) == Decimal("50")

    def test_an_order_that_cost_nothing_is_an_order(self, ana):
        actions.add_orders([order(ana, "gift", "0")])
        assert queries.totals_of(ana).orders == 1

    def test_a_refund_stays_when_the_shop_sends_the_order_again(self, ana):
        actions.add_orders([order(ana, "1", "50")])
        actions.refund(ana, "1", Decimal("20"))
        actions.add_orders([order(ana, "1", "40")])
        assert spend(ana) == Decimal("20")
        actions.add_orders([order(ana, "1", "10")])
        assert queries.totals_of(ana) is None

    def test_more_than_was_paid_is_refused(self, ana):
        actions.add_orders([order(ana, "1", "50")])
        for amount in ("50.01", "-1"):
            with pytest.raises(BadInput, match="between nothing and what was paid"):
                actions.refund(ana, "1", Decimal(amount))
        with pytest.raises(NotFound):
            actions.refund(ana, "other")
        assert spend(ana) == Decimal("50")


class TestMerges:
    def test_two_who_become_one_have_the_sums_of_both_and_part_as_they_were(self, ana, ben):
        actions.add_orders([order(ana, "1", "10"), order(ana, "2", "20"), order(ben, "2", "99"), order(ben, "3", "1")])
        before, rows = kept(), list(Order.objects.order_by("id").values())
        merged = merging.merge(kept_id=ben, gone_id=ana, by=None)
        # One number is one order: Ben's own stands, Ana's waits for an undo.
        assert (queries.totals_of(ben).orders, spend(ben)) == (3, Decimal("110"))
        assert kept() == expected()
        actions.add_orders([order(ben, "later", "5")])
        merging.undo(merged.pk, by=None)
        assert spend(ben) == Decimal("105")
        actions.remove_orders(ben, ["later"])
        assert kept() == before
        assert list(Order.objects.order_by("id").values()) == rows


class TestCurrencies:
    def test_the_first_orders_choose_the_companys_currency(self, ana):
        actions.add_orders([order(ana, "1", "10", "USD"), order(ana, "2", "10", "USD"), order(ana, "3", "10", "CHF")])
        found = queries.totals_of(ana)
        assert (found.currency, found.orders, found.spend, found.unconverted) == ("USD", 3, Decimal("20"), 1)
        assert found.average == Decimal("10")

    def test_an_order_without_a_rate_is_named_and_not_taken_for_nothing(self, ana):
        exchange.set_own_currency("EUR", by=None)
        actions.add_orders([order(ana, "1", "10", "USD"), order(ana, "2", "7", "GBP")])
        found = queries.totals_of(ana)
        assert (found.orders, found.spend, found.average, found.unconverted) == (2, None, None, 2)
        assert [(one.currency, one.orders) for one in queries.unconverted()] == [("GBP", 1), ("USD", 1)]
        rate(1, "0.9")
        assert [(one.currency, one.orders) for one in queries.unconverted()] == [("GBP", 1)]
        assert spend(ana) == Decimal("9")

    def test_an_order_is_worth_what_its_own_day_said(self, ana):
        exchange.set_own_currency("EUR", by=None)
        for day, worth in ((1, "0.90"), (10, "0.95"), (11, "0.50")):
            rate(day, worth)
        actions.add_orders([order(ana, "1", "100", "USD")])
        assert spend(ana) == Decimal("95")
        actions.add_orders([order(ana, "1", "100", "USD", at=MARCH - timedelta(days=1))])
        assert spend(ana) == Decimal("90")

    def test_a_corrected_a_moved_and_a_removed_rate_reach_the_orders_there_are(self, ana):
        exchange.set_own_currency("EUR", by=None)
        actions.add_orders([order(ana, "1", "100", "USD"), order(ana, "2", "1", "EUR")])
        first = rate(1, "0.90")
        assert spend(ana) == Decimal("91")
        second = rate(1, "0.80", instead_of=first.pk)
        assert spend(ana) == Decimal("81")
        third = rate(20, "0.80", instead_of=second.pk)
        assert (spend(ana), queries.totals_of(ana).unconverted) == (Decimal("1"), 1)
        exchange.remove_rate(third.pk, by=None)
        assert not ExchangeRate.objects.exists()

    def test_another_currency_of_the_company_needs_its_own_rates(self, ana):
        actions.add_orders([order(ana, "1", "100", "EUR"), order(ana, "2", "10", "USD")])
        rate(1, "0.90")
        exchange.set_own_currency("USD", by=None)
        exchange.revalue()
        assert (spend(ana), queries.totals_of(ana).unconverted) == (Decimal("10"), 1)
        assert queries.exchange_rates() == []
        exchange.set_own_currency("EUR", by=None)
        exchange.revalue()
        assert spend(ana) == Decimal("109")

    @pytest.mark.parametrize("worth", ["0", "-1", "NaN", "Infinity", "1e30"])
    def test_a_rate_is_a_number_above_nothing(self, worth):
        exchange.set_own_currency("EUR", by=None)
        with pytest.raises(BadInput):
            rate(1, worth)

    def test_what_a_rate_cant_be_is_said(self, ana):
        with pytest.raises(BadInput, match="own currency first"):
            rate(1, "1")
        exchange.set_own_currency("eur", by=None)
        with pytest.raises(BadInput, match="needs no rate"):
            rate(1, "1", currency="EUR")
        with pytest.raises(BadInput, match="before its day"):
            exchange.set_rate(
                currency="USD", day=clock.now().date() + timedelta(days=2), rate=Decimal(1), source="", by=None
            )
        with pytest.raises(BadInput, match="three letters"):
            exchange.set_own_currency("euros", by=None)
        with pytest.raises(NotAllowed):
            exchange.set_own_currency("USD", by=Staff(email="a@example.com", role=Staff.Role.AGENT))

    @pytest.mark.django_db(transaction=True)
    def test_orders_that_were_being_written_by_the_old_rates_are_met_by_a_later_pass(self, ana, raw_db):
        exchange.set_own_currency("EUR", by=None)
        with raw_db.transaction():
            # An import in the middle of its work: its orders are there, not yet to be seen.
            raw_db.execute(
                "INSERT INTO orders (contact_id, external_id, at, amount, currency, quantity)"
                " VALUES (%s, '1', '2026-03-10Z', 100, 'USD', 1)",
                [ana],
            )
            exchange.set_rate(currency="USD", day=date(2026, 3, 1), rate=Decimal("0.9"), source="", by=None)
            again = exchange.revalue()
            assert again
        assert exchange.revalue(again) == 0
        assert spend(ana) == Decimal("90")

    def test_the_worker_makes_the_pass(self, ana):
        exchange.set_own_currency("EUR", by=None)
        actions.add_orders([order(ana, "1", "100", "USD")])
        exchange.set_rate(currency="USD", day=date(2026, 3, 1), rate=Decimal("0.9"), source="", by=None)
        tasks.revalue()
        assert spend(ana) == Decimal("90")


class TestNonsense:
    @pytest.mark.parametrize(
        "bad",
        [
            {"amount": Decimal("-1")},
            {"amount": Decimal("NaN")},
            {"amount": Decimal(10) ** 12},
            {"currency": "euro"},
            {"currency": "eur"},
            {"external_id": ""},
            {"external_id": "x" * 121},
            {"external_id": "a\0b"},
            {"items": [{"name": "a\0b"}]},
            {"quantity": -1},
            {"quantity": 2**31},
            {"at": clock.now() + timedelta(days=2)},
            {"at": datetime(2026, 1, 1)},  # noqa: DTZ001 - that is what is wrong with it
        ],
    )
    def test_an_order_that_cant_be_meant_adds_none_of_its_batch(self, ana, bad):
        good = {"external_id": "1", "at": MARCH, "amount": Decimal(1), "currency": "EUR"}
        with pytest.raises(BadInput):
            actions.add_orders([order(ana, "0", "5"), NewOrder(ana, **(good | bad))])
        assert not Order.objects.exists()

    def test_orders_of_nobody_add_nothing(self, ana):
        with pytest.raises(NotFound):
            actions.add_orders([order(ana, "0", "5"), order(ana + 1000, "1", "5")])
        assert not Order.objects.exists()

    def test_what_is_in_an_order_is_kept_letter_by_letter(self, ana):
        items = [{"sku": "\\u0000 ' % \" 雪", "name": "%(x)s", "quantity": 2, "amount": "1.10"}]
        actions.add_orders([NewOrder(ana, "é'%s\\", MARCH, Decimal("0.10"), "EUR", 1, items)])
        one = Order.objects.get()
        assert (one.external_id, one.items, one.amount, one.at) == ("é'%s\\", items, Decimal("0.10"), MARCH)

    def test_no_orders_are_no_trouble(self):
        assert actions.add_orders([]) == 0

    def test_of_two_with_one_number_in_a_batch_the_last_counts(self, ana):
        assert actions.add_orders([order(ana, "1", "5"), order(ana, "1", "6")]) == 1
        assert spend(ana) == Decimal("6")


@pytest.mark.django_db(transaction=True)
def test_many_writers_and_the_pass_of_the_windows_leave_the_totals_right(raw_db):
    ids = [one.pk for one in Contact.objects.bulk_create(Contact() for _ in range(30))]
    raw_db.execute("BEGIN")
    raw_db.execute("SELECT 1 FROM contacts FOR NO KEY UPDATE")

    def write(writer: int) -> None:
        for turn in range(3):
            actions.add_orders(order(one, f"{writer}.{turn}", "5") for one in reversed(ids))

    work = [Aside(lambda writer=writer: write(writer)) for writer in range(4)]
    until(lambda: len(waiting(raw_db)) == 4)
    raw_db.execute("COMMIT")
    for one in work:
        one.result()
    assert kept() == expected()
    assert {row[0] for row in kept().values()} == {12}
