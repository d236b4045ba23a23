"""Orders as a shop's own export writes them: a line an item, and the order's total on its first line alone."""

from __future__ import annotations

from decimal import Decimal

import pytest

from envoi.contacts import actions as people
from envoi.contacts import preparing
from envoi.orders import listing, queries, undoing
from envoi.orders.models import Order

from ..contacts.files import brought, counts, reasons, rejects, run, stored

pytestmark = pytest.mark.django_db(transaction=True)

# The first line of an export of orders from Shopify, as it is.
SHOPIFY = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,"
    "Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,"
    "Lineitem fulfillment status,Billing Name,Billing Phone,Shipping Name,Shipping Phone,Notes,Cancelled at,"
    "Payment Method,Refunded Amount,Vendor,Id,Tags,Source,Lineitem discount,Phone"
).split(",")


def line(**cells: str) -> str:
    given = {title.replace("_", " "): text for title, text in cells.items()}
    assert given.keys() <= set(SHOPIFY)
    return ",".join(f'"{given[title]}"' if title in given else "" for title in SHOPIFY)


def first(number: str, total: str, **more: str) -> str:
    usual = {"Financial_Status": "paid", "Refunded_Amount": "0.00", "Created_at": "2026-03-02 10:11:12 -0500"}
    return line(**usual | {"Name": number, "Currency": "EUR", "Total": total, "Id": "5512"} | more)


def item(name: str, quantity: str, price: str, sku: str = "") -> dict[str, str]:
    return {"Lineitem_name": name, "Lineitem_quantity": quantity, "Lineitem_price": price, "Lineitem_sku": sku}


def further(number: str, name: str, quantity: str, price: str, sku: str = "") -> str:
    return line(
        Name=number,
        Email="someone@example.com",
        Created_at="2026-03-02 10:11:12 -0500",
        **item(name, quantity, price, sku),
    )


def file(*lines: str) -> str:
    return "\n".join([",".join(SHOPIFY), *lines]) + "\n"


FILE = file(
    first("#1001", "61.00", Phone="'+33639980001", **item("Soap; 2 x Rose", "2", "12.50", "SOAP-1")),
    further("#1001", "Candle", "3", "12.00", "CAN-9"),
    first("#1002", "7.00", Billing_Phone="+33639980002", **item("Tea", "1", "7.00", "TEA")),
)


@pytest.fixture(autouse=True)
def buyers():
    return [people.add_contact(phone=f"+3363998000{n}", by=None) for n in (1, 2)]


@pytest.mark.parametrize("duplicates", ["ask", "last", "first", "add", "whole"])
def test_the_lines_of_an_order_belong_together_and_its_total_stands_on_the_first(buyers, duplicates):
    one = brought(FILE, kind="orders", duplicates=duplicates)
    assert counts(one) == {"created": 2, "duplicate": 1}
    order = Order.objects.get(external_id="#1001")
    assert (order.contact_id, order.amount, order.currency, order.quantity) == (buyers[0], Decimal("61.00"), "EUR", 5)
    assert order.at.isoformat() == "2026-03-02T15:11:12+00:00"
    assert order.items == [
        {"sku": "SOAP-1", "name": "Soap; 2 x Rose", "quantity": 2, "amount": 25.0},
        {"sku": "CAN-9", "name": "Candle", "quantity": 3, "amount": 36.0},
    ]
    assert queries.totals_of(buyers[0]).spend == Decimal("61.00")
    # A customer without a phone of their own is known by that of the bill.
    assert Order.objects.get(external_id="#1002").contact_id == buyers[1]
    assert counts(brought(FILE, kind="orders", duplicates=duplicates)) == {"unchanged": 2, "duplicate": 1}


def test_the_page_knows_the_columns_by_themselves():
    one = stored(FILE, kind="orders", draft=True)
    seems = {column.title: column.what for column in preparing.preview(one).columns}
    assert {title: what for title, what in seems.items() if not what.startswith("attribute:")} == {
        "Name": "external_id",
        "Currency": "currency",
        "Total": "amount",
        "Created at": "at",
        "Lineitem quantity": "quantity",
        "Lineitem name": "items",
        "Lineitem price": "price",
        "Lineitem sku": "sku",
        "Billing Phone": "other_phone",
        "Phone": "phone",
        "Financial Status": "state",
        "Refunded Amount": "refunded",
        "Cancelled at": "cancelled",
    }


def test_lines_before_their_total_find_it_and_an_order_that_stands_twice_keeps_its_lines_once():
    lines = FILE.splitlines()[1:]
    assert counts(brought(file(lines[1], lines[0]), kind="orders")) == {"created": 1, "duplicate": 1}
    # Two exports one after the other.
    twice = brought(file(*lines, *lines), kind="orders")
    assert counts(twice) == {"created": 1, "updated": 1, "duplicate": 4}
    assert [one["name"] for one in Order.objects.get(external_id="#1001").items] == ["Soap; 2 x Rose", "Candle"]


def test_a_line_of_no_order_is_refused_with_a_sentence():
    one = brought(file(further("#9", "Candle", "1", "2.00")), kind="orders")
    assert counts(one) == {"rejected": 1}
    assert "no other row of order #9" in reasons(one)[2]


@pytest.mark.parametrize("check_only", [False, True])
def test_the_lines_of_a_refused_order_are_refused_with_it_and_come_in_once_it_is_mended(check_only):
    text = file(
        first("#7", "9.00", Phone="+33639980007", **item("Soap", "1", "4.00")), further("#7", "Candle", "1", "5.00")
    )
    if check_only:
        draft = stored(text, kind="orders", draft=True)
        preparing.choose(draft.pk, options={}, check_only=True, by=None)
        assert counts(run(draft)) == {"rejected": 2}
        return
    one = brought(text, kind="orders")
    assert counts(one) == {"rejected": 2}
    assert reasons(one)[2] == reasons(one)[3] != ""
    people.add_contact(phone="+33639980007", by=None)
    mended = "\n".join(",".join(f'"{cell}"' for cell in row) for row in rejects(one))
    assert counts(brought(mended, kind="orders")) == {"created": 1, "duplicate": 1}
    assert [item["name"] for item in Order.objects.get(external_id="#7").items] == ["Soap", "Candle"]


def sold(status: str, refunded: str = "0.00", number: str = "#5", **more: str) -> str:
    return first(
        number,
        "60.00",
        Phone="+33639980001",
        Financial_Status=status,
        Refunded_Amount=refunded,
        **item("Tea", "1", "60"),
        **more,
    )


@pytest.mark.parametrize(
    ("status", "refunded", "cancelled", "back", "counted"),
    [
        ("paid", "0.00", "", 0, (1, 60)),
        ("pending", "0.00", "", 0, (1, 60)),
        ("refunded", "60.00", "", 60, None),
        # Given back in part by a voucher: still no purchase.
        ("refunded", "50.00", "", 60, None),
        ("voided", "0.00", "", 60, None),
        ("partially_refunded", "20.50", "", "20.50", (1, "39.50")),
        ("paid", "-15.00", "", 15, (1, 45)),
        ("partially_refunded", "75.00", "", 60, None),
        ("pending", "0.00", "2026-03-03 09:00:00 -0500", 60, None),
    ],
)
def test_what_was_given_back_or_never_paid_is_no_spend(buyers, status, refunded, cancelled, back, counted):
    text = file(sold(status, refunded, Cancelled_at=cancelled), further("#5", "Candle", "1", "0.00"))
    assert counts(brought(text, kind="orders")) == {"created": 1, "duplicate": 1}
    assert Order.objects.get().refunded == Decimal(back)
    totals = queries.totals_of(buyers[0])
    assert (totals and (totals.orders, totals.spend)) == (counted and (counted[0], Decimal(counted[1])))
    assert counts(brought(text, kind="orders")) == {"unchanged": 1, "duplicate": 1}


def test_what_is_given_back_later_comes_with_the_next_export_and_goes_with_its_undo(buyers):
    brought(file(sold("paid"), sold("paid", number="#6")), kind="orders")
    assert queries.totals_of(buyers[0]).spend == 120
    later = file(sold("refunded", "60.00"), sold("partially_refunded", "10.00", number="#6"))
    check = stored(later, kind="orders", draft=True)
    preparing.choose(check.pk, options={}, check_only=True, by=None)
    assert counts(run(check)) == {"updated": 2}
    one = brought(later, kind="orders")
    assert counts(one) == {"updated": 2}
    assert (queries.totals_of(buyers[0]).orders, queries.totals_of(buyers[0]).spend) == (1, 50)

    # An export from before the refund takes none of it back.
    assert counts(brought(file(sold("paid")), kind="orders")) == {"unchanged": 1}
    people.undo_import(one.pk, by=None, queue=False)
    undoing.run(one.pk)
    assert (queries.totals_of(buyers[0]).orders, queries.totals_of(buyers[0]).spend) == (2, 120)


def test_a_part_that_nobody_names_is_asked_for(buyers):
    one = brought(file(sold("partially_refunded")), kind="orders")
    assert counts(one) == {"rejected": 1}
    assert reasons(one)[2] == "A part of the order was given back, and the row does not say how much."


@pytest.mark.parametrize(("how", "spend"), [("add", 80), ("whole", 30)])
def test_lines_that_each_say_what_was_given_back_say_it_of_their_order(buyers, how, spend):
    head = "phone,order,date,amount,currency,product,refunded"
    rows = ["+33639980001,A1,2026-03-02,50,EUR,Tea,20", "+33639980001,A1,2026-03-02,50,EUR,Soap,"]
    text = "\n".join([head, *rows])
    brought(text, kind="orders", duplicates=how)
    assert queries.totals_of(buyers[0]).spend == spend


@pytest.mark.parametrize("status", ["wc-refunded", "Cancelled", "Remboursé", "annulée", "已退款", "Failed"])
def test_the_words_of_other_shops_say_the_same(buyers, status):
    text = f"phone,order,date,amount,currency,order status\n+33639980001,A1,2026-03-02,50,EUR,{status}\n"
    brought(text, kind="orders")
    assert queries.totals_of(buyers[0]) is None


def test_the_list_of_orders_as_a_file_brings_its_refunds_back(buyers):
    brought(file(sold("partially_refunded", "20.00")), kind="orders")
    header, rows = listing.export(None, listing.Asked())
    cells = dict(zip(header, next(iter(rows)), strict=True))
    text = ",".join(header) + "\n" + ",".join("" if cell is None else str(cell) for cell in cells.values()) + "\n"
    Order.objects.all().delete()
    assert counts(brought(text, kind="orders")) == {"created": 1}
    assert Order.objects.get().refunded == 20
