from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from django.db import connection

import envoi.config.shop
from envoi.contacts import actions as people
from envoi.contacts.cells import BadCell
from envoi.contacts.models import Contact, Identity
from envoi.core.errors import Busy
from envoi.core.events import Person
from envoi.orders import actions, exchange, queries, windows
from envoi.orders.actions import NewOrder
from envoi.orders.amounts import amount_of, currency_of, quantity_of
from envoi.orders.models import Order, OrderTotals

from ..contacts.files import Aside, brought, counts, reasons, rejects, run, stored, until, waiting

CDNOW = Path(envoi.config.shop.__file__).with_name("cdnow_sample.csv")


def order(contact_id: int, number: str, amount: str, day: int = 1) -> NewOrder:
    return NewOrder(contact_id, number, datetime(2026, 1, day, tzinfo=UTC), Decimal(amount), "EUR")


def totals(contact_id: int) -> tuple[int, Decimal] | None:
    found = queries.totals_of(contact_id)
    return (found.orders, found.spend) if found else None


def summed() -> bool:
    """Whether order_totals says what the orders say, for everybody."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FROM order_totals t
                 FULL JOIN (SELECT contact_id, count(*) AS n, sum(amount) AS spend, min(at) AS first, max(at) AS last
                              FROM orders GROUP BY contact_id) o USING (contact_id)
                WHERE (t.orders, t.spend, t.first_at, t.last_at) IS DISTINCT FROM (o.n, o.spend, o.first, o.last)"""
        )
        return cursor.fetchone()[0] == 0


@pytest.fixture
def ana(db) -> int:
    return people.contact_for_person(Person(phone="+33639980001", name="Ana"))


def test_orders_and_their_sums_are_written_together(ana):
    assert actions.add_orders([order(ana, "1", "10.00"), order(ana, "2", "5.50", day=3)]) == 2
    found = queries.totals_of(ana)
    assert (found.orders, found.spend, found.average) == (2, Decimal("15.50"), Decimal("7.75"))
    assert (found.first_at.day, found.last_at.day) == (1, 3)
    assert [one.external_id for one in queries.orders_of(ana)] == ["2", "1"]


def test_the_same_order_again_changes_nothing_and_another_amount_changes_the_sum(ana):
    actions.add_orders([order(ana, "1", "10.00")])
    assert actions.add_orders([order(ana, "1", "10.00")]) == 0
    assert actions.add_orders([order(ana, "1", "12.00")]) == 1
    assert totals(ana) == (1, Decimal("12.00"))


def test_sums_of_orders_that_are_gone_are_gone(ana):
    actions.add_orders([order(ana, "1", "10.00")])
    Order.objects.filter(contact_id=ana).delete()
    actions.recompute_totals([ana])
    assert queries.totals_of(ana) is None


@pytest.mark.django_db(transaction=True)
def test_two_writers_of_one_customers_orders_both_count(raw_db):
    ana = people.contact_for_person(Person(phone="+33639980001"))
    raw_db.execute("BEGIN")
    raw_db.execute("SELECT 1 FROM contacts FOR NO KEY UPDATE")
    work = [
        Aside(lambda: actions.add_orders([order(ana, "1", "10")])),
        Aside(lambda: actions.add_orders([order(ana, "2", "7")])),
    ]
    until(lambda: len(waiting(raw_db)) == 2)
    raw_db.execute("COMMIT")
    for one in work:
        one.result()
    assert totals(ana) == (2, Decimal("17.00"))


@pytest.mark.django_db(transaction=True)
def test_what_buyers_write_does_not_wait_for_a_file_of_orders_and_other_orders_are_asked_to_come_again(
    raw_db, test_database_url
):
    ana, ben = (people.contact_for_person(Person(phone=f"+3363998000{n}")) for n in (1, 2))
    actions.add_orders([order(ana, "1", "10")])
    file = stored("phone,date,amount,currency,order\n+33639980001,2026-01-05,5,EUR,2\n", kind="orders")
    with psycopg.connect(test_database_url) as other:
        # The file has its buyers and waits for this, in the middle of writing.
        other.execute("LOCK TABLE order_changes IN ACCESS EXCLUSIVE MODE")
        work = Aside(lambda: run(file))
        until(lambda: len(waiting(raw_db)) == 1)
        raw_db.execute("SET statement_timeout = '10s'")
        raw_db.execute("UPDATE contacts SET last_inbound_at = now(), name = 'Ana' WHERE id = %s", [ana])
        with pytest.raises(psycopg.errors.QueryCanceled):
            raw_db.execute("SET statement_timeout = '200ms'; DELETE FROM identities; DELETE FROM contacts")
        raw_db.execute("SET statement_timeout = 0")
        for one in (ana, ben):
            with pytest.raises(Busy):
                actions.add_orders([order(one, "3", "7")])
        assert windows.keep_stretch() == 0
        other.rollback()
    work.result()
    for one in (ana, ben):
        actions.add_orders([order(one, "3", "7")])
    file.refresh_from_db()
    assert (file.state, totals(ana), totals(ben)) == ("finished", (3, Decimal("22.00")), (1, Decimal("7.00")))
    assert summed()


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("29.33", "29.33"),
        ("7", "7.00"),
        (" 1234,5 ", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1 234 567,89 €", "1234567.89"),
        ("€1'234.50", "1234.50"),
        ("USD 12.00", "12.00"),
        ("¥128", "128.00"),
        ("1,234,567", "1234567.00"),
        ("0.125", "0.12"),
        ("11.7700", "11.77"),
        ("0", "0.00"),
    ],
)
def test_amounts_are_read_as_people_write_them(text, amount):
    assert amount_of(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text", ["1,234", "1.234", "-5", "€ -5", "", "abc", "1e5", "NaN", "12.3.4", "1,23,456", "=1+1", "9" * 40, "١٢"]
)
def test_an_amount_that_is_none_or_two_is_refused(text):
    with pytest.raises(BadCell):
        amount_of(text)


def test_quantities_and_currencies_are_checked():
    assert (quantity_of("2"), quantity_of("3.0"), currency_of("eur ")) == (2, 3, "EUR")
    for read, bad in ((quantity_of, "-1"), (quantity_of, "1.5"), (quantity_of, "99999999999"), (currency_of, "euro")):
        with pytest.raises(BadCell):
            read(bad)


@pytest.mark.django_db(transaction=True)
class TestFile:
    def test_real_purchases_come_in_to_the_last_cent_and_twice_is_once(self):
        expected: dict[str, tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal(0)))
        for row in csv.DictReader(io.StringIO(CDNOW.read_text())):
            number, spend = expected[row["customer"]]
            expected[row["customer"]] = (number + 1, spend + Decimal(row["amount"]))
        file = CDNOW.read_bytes()
        options = {"kind": "orders", "currency": "USD", "unknown_customers": "create"}

        assert counts(brought(file, **options)) == {"created": 6919}
        owners = dict(Identity.objects.filter(kind="customer").values_list("contact_id", "value"))
        found = {owners[one.contact_id]: (one.orders, one.spend) for one in OrderTotals.objects.all()}
        assert found == expected
        before = sorted(Order.objects.values_list("contact_id", "id", "external_id", "created_at"))
        assert counts(brought(file, **options)) == {"unchanged": 6919}
        assert sorted(Order.objects.values_list("contact_id", "id", "external_id", "created_at")) == before
        assert summed()

    def test_the_same_purchase_twice_on_one_day_is_two_orders(self):
        text = "customer,date,amount,currency\nC1,2026-01-05,9.99,EUR\nC1,2026-01-05,9.99,EUR\n"
        assert counts(brought(text, kind="orders", unknown_customers="create")) == {"created": 2}
        assert counts(brought(text, kind="orders")) == {"unchanged": 2}
        assert totals(Contact.objects.get().pk) == (2, Decimal("19.98"))

    def test_an_order_number_makes_an_order_one_and_brings_its_changes(self):
        text = "order id;phone;date;amount;currency\nA-1;+33639980001;2026-01-05;10,00;EUR\n"
        brought(text, kind="orders", unknown_customers="create")
        assert counts(brought(text.replace("10,00", "12,50"), kind="orders")) == {"updated": 1}
        (contact,) = Contact.objects.all()
        assert (contact.phone, totals(contact.pk)) == ("+33639980001", (1, Decimal("12.50")))
        repeated = text + "A-1;+33639980001;2026-01-06;13,00;EUR\n"
        assert counts(brought(repeated, kind="orders")) == {"updated": 1, "duplicate": 1}
        assert totals(contact.pk) == (1, Decimal("13.00"))

    def test_a_refund_and_a_currency_without_a_rate_survive_a_file(self):
        text = "customer,order number,date,amount,currency\nC1,A,2026-01-01,10,EUR\nC1,B,2026-01-02,5,CHF\n"
        exchange.set_own_currency("EUR", by=None)
        brought(text, kind="orders", unknown_customers="create")
        c1 = Contact.objects.get().pk
        actions.refund(c1, "A", Decimal(4))
        found = queries.totals_of(c1)
        assert (found.currency, found.orders, found.spend, found.unconverted) == ("EUR", 2, Decimal(6), 1)
        brought(text.replace(",10,", ",12,"), kind="orders")
        assert queries.totals_of(c1).spend == Decimal(8)
        # Both are worth less now than what was given back, or nothing: the customer has bought nothing.
        actions.refund(c1, "B")
        brought(text.replace(",10,", ",3,"), kind="orders")
        assert queries.totals_of(c1) is None

    def test_orders_of_people_that_nobody_knows_are_refused_unless_chosen_otherwise(self):
        people.contact_for_person(Person(phone="+33639980001"))
        text = "customer,date,amount\n+33639980001,2026-01-05,10\nC9,2026-01-05,20\n"
        one = brought(text, kind="orders", currency="EUR")
        assert counts(one) == {"created": 1, "rejected": 1}
        assert "C9" in reasons(one)[3]
        assert rejects(one)[1][2:] == ["C9", "2026-01-05", "20"]
        assert counts(brought(text, kind="orders", currency="EUR", unknown_customers="create")) == {
            "created": 1,
            "unchanged": 1,
        }
        assert Contact.objects.count() == 2
        assert summed()

    @pytest.mark.parametrize("size", [40, 1 << 19])
    def test_refused_rows_come_back_as_they_were_wherever_the_file_is_cut(self, size, monkeypatch):
        monkeypatch.setattr("envoi.contacts.reading.READ", size)
        people.contact_for_person(Person(phone="+33639980001"))
        rows = [
            [
                f"C{number}" if number % 3 else "+33639980001",
                "2026-01-05",
                f"{10 + number}",
                ("Soap", "two\nlines")[number % 2],
            ]
            for number in range(40)
        ]
        out = io.StringIO()
        csv.writer(out).writerows([["customer", "date", "amount", "product"], *rows])
        one = brought(out.getvalue(), kind="orders", currency="EUR")
        strange = [row for row in rows if row[0].startswith("C")]
        assert counts(one) == {"created": len(rows) - len(strange), "rejected": len(strange)}
        assert [row[2:] for row in rejects(one)[1:]] == strange

    def test_bad_rows_are_refused_with_their_reasons(self):
        text = """customer,date,amount,quantity,currency
C1,2026-01-05,1.234,1,EUR
C1,03/04/2025,5,1,EUR
C1,2999-01-01,5,1,EUR
C1,2025-01-01,-5,1,EUR
C1,2025-01-01,5,half,EUR
C1,2025-01-01,5,1,euro
C1,2025-01-01,5,1,
,2025-01-01,5,1,EUR
C1,,5,1,EUR
C1,2025-01-01,5,1,EUR
"""
        one = brought(text, kind="orders", unknown_customers="create")
        assert counts(one) == {"created": 1, "rejected": 9}
        assert list(reasons(one)) == list(range(2, 11))

    def test_a_file_without_its_columns_or_currency_fails_with_a_sentence(self):
        assert "“date”" in brought("customer,amount\nC1,5\n", kind="orders").problem
        one = brought("customer,date,amount\nC1,2026-01-01,5\n", kind="orders")
        assert (one.state, "currency" in one.problem) == ("failed", True)
        assert Order.objects.count() == 0

    def test_a_cancelled_or_failed_file_leaves_no_order_and_no_customer(self, raw_db):
        raw_db.execute("ALTER TABLE order_totals RENAME TO hidden")
        text = "customer,date,amount,currency\nC1,2026-01-05,9.99,EUR\n"
        try:
            with pytest.raises(Exception, match="order_totals"):
                brought(text, kind="orders", unknown_customers="create")
        finally:
            raw_db.execute("ALTER TABLE hidden RENAME TO order_totals")
        assert (Order.objects.count(), Contact.objects.count(), Identity.objects.count()) == (0, 0, 0)


LINES = (
    "customer,date,amount,currency,order,product,quantity\n"
    "C1,2026-01-02,{first},EUR,A1,Soap,2\n"
    "C1,2026-01-02,{second},EUR,A1,Candle,1\n"
    "C1,2026-01-03,5,EUR,A2,Tea,1\n"
)


def items_of(order: Order) -> list[tuple[str, int]]:
    return [(item["name"], item["quantity"]) for item in order.items]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("how", "first", "second", "amount"), [("add", 8, 12, "20.00"), ("whole", 20, 20, "20.00")])
def test_the_lines_of_one_order_become_one_order(how, first, second, amount):
    people.add_contact(customer="C1", by=None)
    text = LINES.format(first=first, second=second)
    one = brought(text, kind="orders", duplicates=how)
    assert counts(one) == {"created": 2, "duplicate": 1}
    order = Order.objects.get(external_id="A1")
    assert (str(order.amount), order.quantity) == (amount, 3)
    assert items_of(order) == [("Soap", 2), ("Candle", 1)]
    # The same file again says nothing new.
    assert counts(brought(text, kind="orders", duplicates=how)) == {"unchanged": 2, "duplicate": 1}


@pytest.mark.django_db(transaction=True)
def test_lines_are_refused_while_nobody_has_said_what_they_are():
    people.add_contact(customer="C1", by=None)
    one = brought(LINES.format(first=8, second=12), kind="orders", duplicates="ask")
    assert counts(one) == {"created": 1, "rejected": 2}
    assert "Order A1 stands in several rows with different products" in reasons(one)[2]
    # Rows that are alike are one order twice.
    again = brought(LINES.format(first=8, second=12).replace("Candle", "Soap"), kind="orders", duplicates="ask")
    assert counts(again) == {"created": 1, "unchanged": 1, "duplicate": 1}


@pytest.mark.django_db(transaction=True)
def test_lines_that_can_not_be_of_one_order_are_refused():
    people.add_contact(customer="C1", by=None)
    one = brought(LINES.format(first=8, second=12), kind="orders", duplicates="whole")
    assert counts(one) == {"created": 1, "rejected": 2}
    assert "have different amounts" in reasons(one)[3]
    mixed = brought(
        LINES.format(first=8, second="12,USD,A1,Candle,1\nC1,2026-01-02,1"), kind="orders", duplicates="add"
    )
    assert "several currencies" in reasons(mixed)[3]
