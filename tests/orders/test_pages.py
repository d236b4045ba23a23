"""The pages about orders, asked for as a browser would."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from envoi.contacts.models import Contact
from envoi.core.errors import BadInput
from envoi.orders import actions, exchange, listing, queries, tasks
from envoi.orders.actions import NewOrder
from envoi.orders.listing import Asked
from envoi.orders.models import ExchangeRate, Order
from envoi.team.models import Staff

pytestmark = pytest.mark.django_db
DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def signed_in(owner: Staff) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def ana(db: None) -> int:
    return Contact.objects.create(name="Ana Álvarez", phone="+33639980001").pk


@pytest.fixture
def shop(ana: int) -> list[int]:
    """Ana's two orders, and 120 of Ben's on one day."""
    ben = Contact.objects.create(name="Ben <b>", phone="+447700900123").pk
    actions.add_orders(
        [
            NewOrder(ana, "A-1", DAY, Decimal("29.33"), "EUR"),
            NewOrder(ana, "A-2", DAY + timedelta(days=5), Decimal("1250"), "USD"),
            *(NewOrder(ben, f"B-{n}", DAY + timedelta(days=n % 3), Decimal(n), "EUR") for n in range(120)),
        ]
    )
    return [ana, ben]


def numbers(asked: Asked) -> list[str]:
    return [one.external_id for one in listing.order_list(None, asked, limit=500).items]


class TestList:
    @pytest.mark.parametrize("sort", ["newest", "oldest"])
    def test_every_order_is_on_exactly_one_page_in_order(self, shop, sort):
        seen, after = [], None
        while True:
            page = listing.order_list(None, Asked(sort=sort), after=after, limit=7)
            seen += page.items
            after = page.next
            if after is None:
                break
        assert sorted(one.id for one in seen) == sorted(Order.objects.values_list("id", flat=True))
        times = [one.at for one in seen]
        assert times == sorted(times, reverse=sort == "newest")

    def test_it_is_searched_by_number_name_and_phone(self, shop):
        assert numbers(Asked(search="A-1")) == ["A-1"]
        for search in ("álva", "ANA", "06 39 98 00 01", "+33639980001"):
            assert numbers(Asked(search=search)) == ["A-2", "A-1"], search
        assert numbers(Asked(search="an")) == []
        assert numbers(Asked(search="100%\0")) == []

    def test_it_is_filtered_by_day_currency_customer_and_state(self, shop):
        ana, ben = shop
        actions.refund(ben, "B-7", Decimal(2))
        assert numbers(Asked(since=DAY.date() + timedelta(days=5))) == ["A-2"]
        assert len(numbers(Asked(until=DAY.date()))) == 41
        assert numbers(Asked(currency="USD")) == numbers(Asked(state="unconverted")) == ["A-2"]
        assert numbers(Asked(state="refunded")) == ["B-7"]
        assert numbers(Asked(contact_id=ana, sort="oldest")) == ["A-1", "A-2"]

    def test_a_page_that_we_never_gave_is_refused_in_words(self, shop, signed_in):
        for cursor in ("x", "1.2", "1.2 x", "-1.2 2026-01-01T00:00:00+00:00", "1.2 2026-01-01", f"{2**63}.1 {DAY}"):
            with pytest.raises(BadInput, match="start again"):
                listing.order_list(None, Asked(), after=cursor)
        assert signed_in.get("/orders/?after=x").status_code == 422

    def test_the_page_keeps_its_question_in_its_address(self, shop, signed_in):
        page = signed_in.get("/orders/?q=ben&currency=eur&since=2026-03-02&sort=oldest").content.decode()
        assert "Ben &lt;b&gt;" in page
        assert 'value="ben"' in page
        assert 'value="2026-03-02"' in page
        assert "sort=oldest" in page
        assert 'rel="next"' in page
        assert "29.33" not in page

    def test_what_the_address_cant_mean_is_left_out(self, shop, signed_in):
        page = signed_in.get("/orders/?since=yesterday&state=lost&contact=²&sort=up&currency=euros")
        assert page.status_code == 200
        assert page.context["asked"] == Asked()

    def test_an_empty_list_says_what_to_do_next(self, signed_in):
        assert "Import orders" in signed_in.get("/orders/").content.decode()
        assert "No order matches" in signed_in.get("/orders/?q=nobody").content.decode()

    def test_orders_without_a_rate_are_named_with_the_way_to_one(self, shop, signed_in):
        page = signed_in.get("/orders/").content.decode()
        assert "no exchange rate to EUR" in page
        assert "1 order in USD" in page
        assert "/orders/exchange/?currency=USD&amp;since=2026-03-06#rate" in page

    def test_it_is_downloaded_whole_and_runs_nothing_in_a_spreadsheet(self, shop, signed_in):
        Contact.objects.filter(pk=shop[1]).update(name="=HYPERLINK(1)")
        actions.add_orders([NewOrder(shop[1], "@cmd", DAY, Decimal(5), "EUR")])
        answer = signed_in.get("/orders/orders.csv?currency=EUR")
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text)))
        assert len(rows) == 1 + 122
        assert answer["Content-Disposition"].startswith('attachment; filename="orders-')
        assert {row[1] for row in rows[1:]} == {"Ana Álvarez", "'=HYPERLINK(1)"}
        assert "'@cmd" in {row[0] for row in rows}

    def test_a_download_longer_than_a_stretch_has_everything_once(self, ana, signed_in):
        actions.add_orders(NewOrder(ana, f"n{n}", DAY, Decimal(1), "EUR") for n in range(2500))
        rows = b"".join(signed_in.get("/orders/orders.csv").streaming_content).decode().splitlines()
        assert len(set(rows)) == 2501

    def test_only_staff_sees_it(self, shop):
        for address in ("/orders/", "/orders/orders.csv", "/orders/exchange/"):
            assert Client().get(address).status_code == 302


class TestExchangeRates:
    def test_a_rate_is_entered_corrected_and_removed(self, shop, signed_in):
        sent = {"currency": "usd", "rate": "0.92", "day": "2026-03-01", "source": "ECB"}
        assert signed_in.post("/orders/exchange/", sent).status_code == 302
        tasks.revalue()
        assert queries.totals_of(shop[0]).spend == Decimal("29.33") + Decimal("1150")
        one = ExchangeRate.objects.get()
        page = signed_in.get(f"/orders/exchange/{one.pk}/").content.decode()
        assert 'value="0.92"' in page
        assert signed_in.post(f"/orders/exchange/{one.pk}/", sent | {"rate": "1"}).status_code == 302
        tasks.revalue()
        assert queries.totals_of(shop[0]).spend == Decimal("1279.33")
        one = ExchangeRate.objects.get()
        assert one.changed_by.email == "owner@example.com"
        assert signed_in.post(f"/orders/exchange/{one.pk}/remove/").status_code == 302
        tasks.revalue()
        assert queries.totals_of(shop[0]).unconverted == 1

    def test_a_link_beside_the_missing_rate_fills_the_form(self, shop, signed_in):
        page = signed_in.get("/orders/exchange/?currency=USD&since=2026-03-06").content.decode()
        assert 'value="USD"' in page
        assert 'value="2026-03-06"' in page

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"rate": "0"}, "A rate is a number above 0."),
            ({"rate": "abc"}, "Enter a number"),
            ({"rate": "1e400"}, "digit"),
            ({"currency": "EUR"}, "needs no rate"),
            ({"currency": "€€€"}, "three letters"),
            ({"day": "2099-01-01"}, "before its day"),
            ({"day": "01/02/2026"}, "valid date"),
        ],
    )
    def test_a_rate_that_cant_be_is_explained_and_nothing_is_kept(self, shop, signed_in, wrong, sentence):
        sent = {"currency": "USD", "rate": "0.92", "day": "2026-03-01", "source": ""}
        answer = signed_in.post("/orders/exchange/", sent | wrong)
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
        assert not ExchangeRate.objects.exists()

    def test_the_companys_currency_is_changed_on_the_page(self, shop, signed_in):
        assert signed_in.post("/orders/exchange/own/", {"own": "usd"}).status_code == 302
        tasks.revalue()
        assert queries.totals_of(shop[0]).spend == Decimal("1250")
        assert signed_in.post("/orders/exchange/own/", {"own": "u$d"}).status_code == 422

    def test_an_analyst_reads_rates_and_changes_none(self, shop):
        exchange.set_rate(currency="USD", day=date(2026, 3, 1), rate=Decimal("0.9"), source="ECB", by=None)
        client = Client()
        client.force_login(Staff.objects.create(email="a@example.com", role=Staff.Role.ANALYST))
        page = client.get("/orders/exchange/").content.decode()
        assert "0.9" in page
        assert "Keep the rate" not in page
        sent = {"currency": "USD", "rate": "0.92", "day": "2026-03-01"}
        assert client.post("/orders/exchange/", sent).status_code == 403
        assert client.post("/orders/exchange/own/", {"own": "USD"}).status_code == 403
        assert client.post(f"/orders/exchange/{ExchangeRate.objects.get().pk}/remove/").status_code == 403
        assert ExchangeRate.objects.get().rate == Decimal("0.9")


def test_the_contacts_page_shows_how_they_buy(shop, signed_in):
    tasks.refresh_bounds()
    page = signed_in.get(f"/contacts/{shop[0]}/").content.decode()
    assert "29.33" in page
    assert "recency 5, frequency 1" in page
    assert "1 order has no exchange rate" in page
    assert f"/orders/?contact={shop[0]}" in page
    everything = signed_in.get(f"/orders/?contact={shop[0]}").content.decode()
    assert "Orders of Ana Álvarez" in everything
