"""Taking an import of orders back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection

from envoi.contacts import actions
from envoi.contacts import undoing as contacts_undoing
from envoi.contacts.models import Contact
from envoi.orders import undoing
from envoi.orders.actions import refund
from envoi.orders.models import Order, OrderChange, OrderTotals
from tests.contacts.files import brought, counts, run, stored

pytestmark = pytest.mark.django_db(transaction=True)

FIRST = "order,phone,date,amount,currency\no1,+33639980001,2026-01-01,10,EUR\no2,+33639980001,2026-01-02,20,EUR\n"


def known() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT o.external_id, o.at, o.amount, o.quantity, o.value, t.orders, t.spend
                 FROM orders o LEFT JOIN order_totals t USING (contact_id) ORDER BY 1"""
        )
        return cursor.fetchall()


def undone(one):
    actions.undo_import(one.pk, by=None, queue=False)
    undoing.run(one.pk)
    one.refresh_from_db()
    return one


def test_orders_go_and_the_sums_follow():
    brought("phone\n+33639980001\n")
    brought(FIRST, kind="orders")
    before = known()
    one = brought(FIRST.replace(",10,", ",11,") + "o3,+33639980001,2026-01-03,5,EUR\n", kind="orders")
    assert counts(one) == {"created": 1, "updated": 1, "unchanged": 1}
    assert known() != before
    undone(one)
    assert known() == before
    assert (one.rows_undone, one.rows_kept, OrderChange.objects.count()) == (2, 0, 0)


def test_customers_made_for_them_go_as_well():
    one = brought(FIRST, kind="orders", unknown_customers="create")
    assert Contact.objects.count() == 1
    undone(one)
    assert (Contact.objects.count(), Order.objects.count(), OrderTotals.objects.count()) == (0, 0, 0)


def test_an_order_that_changed_since_stays():
    brought("phone\n+33639980001\n")
    one = brought(FIRST, kind="orders")
    later = brought(FIRST.replace(",10,", ",12,"), kind="orders")
    undone(one)
    assert [row[0] for row in known()] == ["o1"]
    undone(later)
    assert known()[0][2] == 10


def test_a_contact_with_orders_stays_when_its_own_import_is_undone():
    one = brought("phone,name\n+33639980001,Ana\n")
    brought(FIRST, kind="orders")
    actions.undo_import(one.pk, by=None, queue=False)
    contacts_undoing.run(one.pk)
    assert (Contact.objects.get().name, Order.objects.count()) == ("Ana", 2)


def test_a_check_of_orders_counts_and_changes_nothing():
    brought("phone\n+33639980001\n")
    brought(FIRST, kind="orders")
    before = known()
    one = stored(FIRST.replace(",10,", ",11,") + "o3,+33639980009,2026-01-03,5,EUR\n", kind="orders")
    type(one).objects.filter(pk=one.pk).update(check_only=True)
    run(one)
    assert (one.state, counts(one)) == ("checked", {"updated": 1, "unchanged": 1, "rejected": 1})
    assert known() == before


def test_products_come_with_their_orders_and_go_back_to_what_they_were():
    brought("phone\n+33639980001\n")
    text = "order,phone,date,amount,currency,products\no1,+33639980001,2026-01-01,10,EUR,%s\n"
    brought(text % "2 x Soap; TEA-01 x 3; Candle", kind="orders")
    first = [
        {"sku": "Soap", "name": "Soap", "quantity": 2},
        {"sku": "TEA-01", "name": "TEA-01", "quantity": 3},
        {"sku": "Candle", "name": "Candle", "quantity": 1},
    ]
    assert Order.objects.get().items == first
    assert counts(brought(text % "", kind="orders")) == {"unchanged": 1}
    one = brought(text % "Tea", kind="orders")
    assert counts(one) == {"updated": 1}
    undone(one)
    assert Order.objects.get().items == first
    assert counts(brought(text % ("x" * 121), kind="orders")) == {"rejected": 1}


def test_an_order_whose_refund_somebody_noted_since_stays():
    brought("phone\n+33639980001\n")
    one = brought(FIRST, kind="orders")
    refund(Contact.objects.get().pk, "o1", Decimal(4))
    undone(one)
    assert [row[0] for row in known()] == ["o1"]
    assert Order.objects.get().refunded == 4
