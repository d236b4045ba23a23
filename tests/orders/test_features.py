"""Figures of buyers, compared with libraries that others trust and with plain Python."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lifetimes.utils import summary_data_from_transaction_data

from envoi.contacts.models import Contact
from envoi.core import clock
from envoi.messaging.models import ActivityMonth
from envoi.orders import actions, bounds, exchange, queries, windows
from envoi.orders.actions import NewOrder
from envoi.orders.features import FEATURES, INTERACTIONS, MEASURES, WRITTEN_AND_READ, bound
from envoi.orders.models import Order, OrderTotals, RfmBounds
from envoi.records import merging

from .shop import CDNOW, cdnow, days_go_by, expected, kept

pytestmark = pytest.mark.django_db


def purchases() -> pd.DataFrame:
    return pd.read_csv(CDNOW, dtype={"customer": str})


def asked(sql: str) -> dict[int, object]:
    """A feature's SQL for everybody who has orders."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT o.contact_id, {sql} FROM order_totals o")
        return dict(cursor.fetchall())


@pytest.fixture
def ana(db: None) -> int:
    return Contact.objects.create(name="Ana").pk


def order(contact_id: int, number: str, *, ago: float, amount: str = "10.00", currency: str = "EUR") -> NewOrder:
    return NewOrder(contact_id, number, clock.now() - timedelta(days=ago), Decimal(amount), currency)


class TestRealPurchases:
    @pytest.mark.parametrize("until", [date(1998, 6, 30), date(1997, 9, 30), date(1997, 1, 1)])
    def test_frequency_recency_t_and_monetary_equal_lifetimes_for_every_customer(self, until):
        names = cdnow()
        theirs = summary_data_from_transaction_data(
            purchases(), "customer", "date", monetary_value_col="amount", observation_period_end=until.isoformat()
        )
        ours = {names[one.contact_id]: one for one in queries.summaries(until)}
        assert ours.keys() == set(theirs.index)
        for customer, row in theirs.iterrows():
            one = ours[customer]
            assert (one.frequency, one.recency, one.t) == (row.frequency, row.recency, row["T"]), customer
            assert float(one.monetary or 0) == pytest.approx(row.monetary_value, abs=1e-9), customer
        if until.year == 1998:
            assert len(ours) == 2357

    def test_scores_are_the_quintiles_of_pandas_for_every_customer(self):
        names = cdnow()
        assert bounds.refresh()
        data = purchases()
        data["cents"] = (data.amount * 100).round().astype(int)
        buyers = data.groupby("customer")
        measures = {
            "recency": pd.to_datetime(buyers.date.max()),
            "frequency": buyers.size(),
            "monetary": buyers.cents.sum(),
        }
        for measure, values in measures.items():
            edges = [values.quantile(share) for share in (0.2, 0.4, 0.6, 0.8)]
            theirs = {customer: 1 + sum(value > edge for edge in edges) for customer, value in values.items()}
            ours = {names[contact_id]: found for contact_id, found in asked(FEATURES[f"{measure}_score"]).items()}
            assert ours == theirs, measure
            if values.quantile([0, 0.2, 0.4, 0.6, 0.8, 1]).is_unique:
                assert ours == (pd.qcut(values, 5, labels=False) + 1).to_dict(), measure
        assert pd.qcut(measures["monetary"], 5).cat.categories.size == 5

    def test_counts_spend_and_dates_are_those_of_the_data(self):
        names = cdnow()
        buyers = purchases().groupby("customer")
        found = {
            names[one.contact_id]: (one.orders, float(one.spend), f"{one.first_at:%F}", f"{one.last_at:%F}")
            for one in OrderTotals.objects.all()
        }
        sums = {customer: round(total, 2) for customer, total in buyers.amount.sum().items()}
        assert found == {
            customer: (len(rows), sums[customer], rows.date.min(), rows.date.max()) for customer, rows in buyers
        }


class TestScores:
    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(amounts=st.lists(st.integers(0, 12), min_size=1, max_size=40))
    def test_any_population_is_parted_as_pandas_parts_it(self, amounts):
        Contact.objects.all().delete()
        people = Contact.objects.bulk_create(Contact() for _ in amounts)
        actions.add_orders(
            order(person.pk, "1", ago=amount, amount=str(amount))
            for person, amount in zip(people, amounts, strict=True)
        )
        bounds.refresh()
        edges = np.quantile(np.array(amounts), [0.2, 0.4, 0.6, 0.8])
        scores = asked(FEATURES["monetary_score"])
        assert [scores[one.pk] for one in people] == [1 + int((amount > edges + 1e-9).sum()) for amount in amounts]
        assert set(asked(FEATURES["frequency_score"]).values()) == {1}

    def test_a_score_follows_an_order_at_once(self, ana):
        others = Contact.objects.bulk_create(Contact() for _ in range(9))
        actions.add_orders(order(one.pk, "1", ago=days) for days, one in enumerate(others, 10))
        actions.add_orders([order(ana, "old", ago=100)])
        bounds.refresh()
        assert queries.totals_of(ana).recency_score == 1
        actions.add_orders([order(ana, "new", ago=0)])
        assert (queries.totals_of(ana).recency_score, queries.totals_of(ana).frequency_score) == (5, 5)

    def test_a_comparison_with_a_bound_says_what_the_score_says(self):
        cdnow()
        bounds.refresh()
        for measure, column in MEASURES.items():
            scores = asked(FEATURES[f"{measure}_score"])
            for least in range(2, 6):
                assert asked(f"{column} > {bound(measure, least)}") == {one: n >= least for one, n in scores.items()}

    def test_nobody_has_a_score_before_there_are_bounds(self, ana):
        assert not bounds.refresh()
        actions.add_orders([order(ana, "1", ago=1)])
        assert queries.totals_of(ana).recency_score is None

    def test_bounds_without_any_converted_order_leave_the_money_score_open(self, ana):
        actions.add_orders([order(ana, "1", ago=1)])
        exchange.set_own_currency("USD", by=None)
        exchange.revalue()
        bounds.refresh()
        found = queries.totals_of(ana)
        assert (found.frequency_score, found.monetary_score, found.spend, found.unconverted) == (1, None, None, 1)

    def test_old_bounds_are_forgotten_after_a_year_or_so(self, ana):
        actions.add_orders([order(ana, "1", ago=1)])
        bounds.refresh()
        RfmBounds.objects.update(at=clock.now() - timedelta(days=bounds.KEPT_DAYS + 1))
        bounds.refresh()
        assert RfmBounds.objects.count() == 1


class TestWindows:
    def test_orders_leave_the_last_days_as_time_passes(self, ana):
        actions.add_orders(order(ana, str(ago), ago=ago) for ago in (1, 29, 31, 89, 91, 364, 400))
        assert self.counts(ana) == (2, 4, 6)
        for days, left in ((2, (1, 3, 5)), (30, (0, 3, 5)), (40, (0, 1, 5)), (400, (0, 0, 0))):
            days_go_by(days)
            assert self.counts(ana) == left, "counted while it is asked"
            assert windows.keep_stretch() == 1
            assert kept() == expected()
            assert self.counts(ana) == left, "and kept"
        assert windows.keep_stretch() == 0

    def test_nobody_is_counted_again_before_something_changes(self, ana):
        actions.add_orders([order(ana, "1", ago=10), order(ana, "2", ago=500)])
        days_go_by(19.9)
        assert windows.keep_stretch() == 0
        assert OrderTotals.objects.get().fresh_until - clock.now() < timedelta(days=0.11)

    @pytest.mark.django_db(transaction=True)
    def test_a_customer_whom_somebody_else_is_writing_to_waits_for_the_next_pass(self, ana, raw_db):
        actions.add_orders([order(ana, "1", ago=10)])
        days_go_by(25)
        with raw_db.transaction():
            raw_db.execute("SELECT 1 FROM contacts FOR NO KEY UPDATE")
            assert windows.keep_stretch() == 0
        assert windows.keep_stretch() == 1

    @staticmethod
    def counts(contact_id: int) -> tuple[int, int, int]:
        found = queries.totals_of(contact_id)
        return found.orders_30, found.orders_90, found.orders_365


class TestIntensity:
    def test_it_counts_what_was_written_read_and_bought_in_three_months(self, ana):
        assert queries.interactions_of(ana) == 0
        actions.add_orders([order(ana, "1", ago=80), order(ana, "2", ago=100)])
        month = clock.now().date().replace(day=1)
        ActivityMonth.objects.create(contact_id=ana, month=month, received=2, read=3, sent=9)
        ActivityMonth.objects.create(contact_id=ana, month=(month - timedelta(days=40)).replace(day=1), read=1)
        ActivityMonth.objects.create(contact_id=ana, month=(month - timedelta(days=130)).replace(day=1), read=50)
        assert queries.interactions_of(ana) == 1 + 5 + 1

    def test_everybody_is_counted_in_one_statement(self, ana):
        nobody = Contact.objects.create().pk
        actions.add_orders([order(ana, "1", ago=80)])
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT c.id, {INTERACTIONS} FROM contacts c"
                f" LEFT JOIN order_totals o ON o.contact_id = c.id {WRITTEN_AND_READ}"
            )
            assert dict(cursor.fetchall()) == {ana: 1, nobody: 0}


CURRENCIES = ["EUR", "USD", "GBP"]
number = st.sampled_from(["a", "b", "c"])
who = st.integers(0, 2)
steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("orders"),
            st.lists(
                st.tuples(who, number, st.integers(0, 400), st.integers(0, 50), st.sampled_from(CURRENCIES)),
                min_size=1,
                max_size=6,
            ),
        ),
        st.tuples(st.just("refund"), who, number, st.sampled_from([0, 1, 10, None])),
        st.tuples(st.just("remove"), who, number),
        st.tuples(st.just("merge"), who, who),
        st.tuples(st.just("rate"), st.sampled_from(["USD", "GBP"]), st.integers(0, 400), st.integers(1, 9)),
        st.tuples(st.just("no rates")),
        st.tuples(st.just("days"), st.integers(1, 100)),
    ),
    max_size=25,
)


def do(step: tuple, ids: list[int]) -> None:
    match step:
        case "orders", several:
            actions.add_orders(
                order(ids[who], number, ago=ago + 0.5, amount=str(amount), currency=currency)
                for who, number, ago, amount, currency in several
            )
        case "refund", who, number, amount:
            for one in Order.objects.filter(contact_id=ids[who], external_id=number):
                back = None if amount is None else min(Decimal(amount), one.amount)
                actions.refund(ids[who], number, back)
        case "remove", who, number:
            actions.remove_orders(ids[who], [number])
        case "merge", kept_id, gone_id if kept_id != gone_id:
            before = kept()
            merged = merging.merge(kept_id=ids[kept_id], gone_id=ids[gone_id], by=None)
            assert kept() == expected()
            merging.undo(merged.pk, by=None)
            assert kept() == before
        case "rate", currency, ago, rate:
            day = (clock.now() - timedelta(days=ago)).date()
            exchange.set_rate(currency=currency, day=day, rate=Decimal(rate) / 4, source="", by=None)
            exchange.revalue()
        case ("no rates",):
            for one in queries.exchange_rates():
                exchange.remove_rate(one.pk, by=None)
            exchange.revalue()
        case "days", days:
            days_go_by(days)
            exchange.revalue()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_whatever_happens_to_orders_the_totals_say_what_the_orders_say(steps, db):
    Contact.objects.all().delete()
    for one in queries.exchange_rates():
        exchange.remove_rate(one.pk, by=None)
    ids = [one.pk for one in Contact.objects.bulk_create(Contact() for _ in range(3))]
    exchange.set_own_currency("EUR", by=None)
    for step in steps:
        do(step, ids)
        windows.keep_stretch()
        assert kept() == expected()
    for one in Order.objects.all():
        assert one.value == by_hand(one)


def by_hand(one: Order) -> Decimal | None:
    """The order's value by plain Python; PostgreSQL rounds halves away from zero."""
    net = one.amount - one.refunded
    if one.currency == "EUR":
        return net
    rates = [rate for rate in queries.exchange_rates() if rate.currency == one.currency and rate.day <= one.at.date()]
    if not rates:
        return None
    return (net * max(rates, key=lambda rate: rate.day).rate).quantize(Decimal("0.01"), "ROUND_HALF_UP")
