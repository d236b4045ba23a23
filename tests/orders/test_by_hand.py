"""Orders by hand: what was given back, rates as a table, figures as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from envoi.contacts.cells import BadCell
from envoi.contacts.models import Contact
from envoi.core.errors import BadInput
from envoi.orders import exchange, queries
from envoi.orders.actions import NewOrder, add_orders
from envoi.orders.amounts import figure_of
from envoi.orders.models import ExchangeRate, Order
from envoi.orders.ratetable import Line, lines_of
from envoi.team.models import AuditEntry, Staff

pytestmark = pytest.mark.django_db

DAY = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def signed_in(client: Client, owner: Staff) -> Client:
    client.force_login(owner)
    return client


@pytest.fixture
def order() -> Order:
    ana = Contact.objects.create(phone="+33639980001", name="Ana Silva").pk
    items = [{"sku": "S", "name": "Soap", "quantity": 2}]
    add_orders([NewOrder(ana, "A-1", DAY, Decimal("80.00"), "EUR", 2, items)])
    return Order.objects.get()


def spend(contact_id: int) -> Decimal | None:
    found = queries.totals_of(contact_id)
    return found.spend if found else None


def test_a_refund_is_noted_on_the_page_of_its_order(signed_in: Client, order: Order) -> None:
    address = f"/orders/{order.contact_id}/{order.id}/"
    page = signed_in.get(address).content.decode()
    assert "Soap" in page
    assert 'value="80.00"' in page, "the whole of it is offered"
    assert address in signed_in.get("/orders/").content.decode()

    assert signed_in.post(address, {"amount": "30,50"}).status_code == 302
    order.refresh_from_db()
    assert (order.refunded, spend(order.contact_id)) == (Decimal("30.50"), Decimal("49.50"))
    assert AuditEntry.objects.get(verb="orders.refund").detail == {"amount": "30.50"}
    # More than was paid is refused beside the field, and nothing changes.
    refused = signed_in.post(address, {"amount": "80.01"})
    assert refused.status_code == 422
    assert "between nothing and what was paid" in refused.content.decode()
    signed_in.post(address, {"amount": "0"})
    assert spend(order.contact_id) == Decimal("80.00")
    assert signed_in.get(f"/orders/{order.contact_id}/{order.id + 99}/").status_code == 404


def test_who_may_not_change_customers_notes_no_refund(client: Client, order: Order) -> None:
    client.force_login(Staff.objects.create(email="watch@example.com", role="viewer"))
    assert client.post(f"/orders/{order.contact_id}/{order.id}/", {"amount": "1"}).status_code == 403


def test_an_order_without_a_rate_is_named_on_its_customers_page(signed_in: Client, order: Order) -> None:
    add_orders([NewOrder(order.contact_id, "US-1", DAY, Decimal("10.00"), "USD")])
    page = signed_in.get(f"/contacts/{order.contact_id}/").content.decode()
    assert "no exchange rate for USD on this day" in page


@pytest.mark.parametrize(
    "text",
    [
        "currency\tday\trate\nUSD\t2026-03-01\t0.92\nGBP\t2026-03-01\t1,15\n",
        "USD;2026-03-01;0,92\nGBP;2026-03-01;1,15",
        "2026-03-01,USD,0.92\n2026-03-01,GBP,1.15\n\n",
        "usd 2026-03-01 0.92\ngbp 2026-03-01 1.15",
        "\ufeffDevise;Taux;Jour\nUSD;0.92;01.03.2026\nGBP;1.15;01.03.2026",
    ],
)
def test_a_table_of_rates_is_read_as_people_paste_it(text: str) -> None:
    day = date(2026, 3, 1)
    assert lines_of(text) == [Line("USD", day, Decimal("0.92")), Line("GBP", day, Decimal("1.15"))]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "No rate in it"),
        ("currency day rate", "No rate in it"),
        ("USD 2026-03-01 0.92\nUSD 2026-03-02", "Line 2"),
        ("USD 2026-03-01 0.92\nXYZ 2026-03-02 1", "Line 2"),
        ("USD 2026-03-01 much", "“much” is no date"),
        ("USD 2026-03-01 0.92 GBP", "Line 1"),
    ],
)
def test_a_table_that_can_not_be_meant_names_its_line(text: str, problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        lines_of(text)


def test_many_rates_are_kept_at_once_or_none(signed_in: Client, order: Order) -> None:
    answer = signed_in.post(
        "/orders/exchange/table/", {"table": "USD 2026-03-01 0.92\nGBP 2026-03-01 1.15"}, follow=True
    )
    assert "2 rates are kept." in answer.content.decode()
    file = SimpleUploadedFile("rates.csv", b"USD;2026-03-01;0,93\nUSD;2026-03-02;0,94\n")
    signed_in.post("/orders/exchange/table/", {"file": file, "origin": "ECB"})
    rates = {(one.currency, one.day.day): (one.rate, one.source) for one in ExchangeRate.objects.all()}
    assert rates == {
        ("USD", 1): (Decimal("0.93"), "ECB"),
        ("USD", 2): (Decimal("0.94"), "ECB"),
        ("GBP", 1): (Decimal("1.15"), ""),
    }
    assert "Entered by hand" in signed_in.get("/orders/exchange/").content.decode()
    refused = signed_in.post("/orders/exchange/table/", {"table": "CHF 2026-03-01 0.95\nEUR 2026-03-01 1"})
    assert refused.status_code == 422
    assert "EUR of 2026-03-01" in refused.content.decode()
    assert not ExchangeRate.objects.filter(currency="CHF").exists()
    with pytest.raises(BadInput, match="above 0"):
        exchange.set_rates([Line("USD", date(2026, 3, 1), Decimal(0))], source="", by=None)


def test_a_comma_is_a_point_unless_it_can_be_read_in_two_ways(signed_in: Client, order: Order) -> None:
    assert [figure_of(text) for text in ("0,92", "0.92", "1,5", "0,923", " 12 ")] == [
        "0.92",
        "0.92",
        "1.5",
        "0.923",
        "12",
    ]
    with pytest.raises(BadCell, match="two ways"):
        figure_of("1,234")
    with translation.override("fr"):
        assert figure_of("1,234") == "1.234"
    signed_in.post("/orders/exchange/", {"currency": "USD", "rate": "0,92", "day": "2026-03-01"})
    assert ExchangeRate.objects.get().rate == Decimal("0.92")
