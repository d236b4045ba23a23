"""From an order that nobody can add up to a customer's real spend."""

from __future__ import annotations

import csv
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from playwright.sync_api import Page, expect

from envoi.contacts.models import Contact
from envoi.core import clock
from envoi.orders.actions import NewOrder, add_orders
from envoi.team.models import Staff

from ..rig import Rig, wait_until
from .test_main_job import sign_in


def test_an_order_in_dollars_is_missed_named_and_added_up(rig: Rig, page: Page, owner: Staff, tmp_path: Path) -> None:
    olivia, ben = (Contact.objects.create(name=name).pk for name in ("Olivia Smith", "Ben Lambert"))
    day = clock.now() - timedelta(days=10)
    add_orders(NewOrder(ben, f"F-{n}", day, Decimal("20.00"), "EUR") for n in range(60))
    add_orders([NewOrder(olivia, "US-1", day, Decimal("100.00"), "USD")])
    rig.begin(faults="none", door="web")
    rig.start("worker")
    sign_in(page)

    page.get_by_role("link", name="Orders", exact=True).click()
    expect(page.get_by_text("no exchange rate to EUR")).to_be_visible()
    page.get_by_label("Search customer or order number").fill("olivia")
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_text("no rate", exact=True)).to_be_visible()
    assert "q=olivia" in page.url

    page.get_by_role("link", name="Enter a rate").click()
    expect(page.get_by_label("Currency", exact=True)).to_have_value("USD")
    page.get_by_label("One of it is worth, in EUR").fill("0.92")
    page.get_by_role("button", name="Keep the rate").click()
    expect(page.get_by_text("The rate is kept.")).to_be_visible()

    # The worker adds up; whoever looks again sees it.
    def added_up() -> bool:
        page.goto("/orders/?q=olivia")
        return page.get_by_text("92.00").count() == 1

    wait_until(added_up, saying="the worker did not add up")
    expect(page.get_by_text("no exchange rate to EUR")).to_have_count(0)
    page.get_by_role("link", name="Olivia Smith").click()
    expect(page.locator("#orders")).to_contain_text("US-1")
    expect(page.locator(".stats")).to_contain_text("92.00")

    page.goto("/orders/?currency=EUR")
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("row")).to_have_count(11)
    with page.expect_download() as started:
        page.get_by_role("link", name="CSV", exact=True).click()
    path = tmp_path / "orders.csv"
    started.value.save_as(path)
    with path.open(newline="", encoding="utf-8-sig") as file:
        assert len(list(csv.reader(file))) == 61
