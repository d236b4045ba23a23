"""A marketer’s morning: the shop’s workbook comes in with its errors, becomes a segment, and is taken back."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import xlsxwriter
from playwright.sync_api import Page, expect

from envoi.contacts.actions import add_contact
from envoi.contacts.models import Contact
from envoi.core import clock
from envoi.orders.models import Order
from envoi.segments.models import Segment
from envoi.team.models import Staff
from tests.rig import Rig, wait_until
from tests.stories.test_main_job import sign_in
from tests.stories.test_segments import choose

pytestmark = pytest.mark.django_db(transaction=True)


def customers() -> None:
    """Ines and Li wrote lately, Karim long ago."""
    now = clock.now()
    for number, (name, wrote) in enumerate((("Ines", 2), ("Karim", 40), ("Li", 1)), start=1):
        one = add_contact(phone=f"+3363998000{number}", name=name, by=None)
        Contact.objects.filter(pk=one).update(last_inbound_at=now - timedelta(days=wrote))


def workbook(folder: Path) -> Path:
    """Sales as a till writes them: phones as numbers, titles nobody knows, one amount and one customer that fail."""
    day = (clock.now() - timedelta(days=5)).date().isoformat()
    rows = [
        ["Cellulaire", "Vendu le", "Encaissé", "Ticket"],
        [33639980001, day, 250, "T-1"],
        [33639980002, day, "300,00", "T-2"],
        [33639980003, day, 20.5, "T-3"],
        [33639980003, day, "a lot", "T-4"],
        [33639989999, day, 90, "T-5"],
    ]
    path = folder / "sales.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return path


def test_a_workbook_becomes_a_segment_and_is_taken_back(rig: Rig, page: Page, owner: Staff, tmp_path: Path) -> None:
    customers()
    rig.begin(faults="none", door="web")
    rig.start("worker")
    sign_in(page)

    # The file comes in. None of its titles is known; somebody says what they are.
    page.get_by_role("link", name="Contacts").click()
    page.get_by_role("link", name="Import").first.click()
    page.get_by_label("Orders").check()
    page.set_input_files("input[type=file]", workbook(tmp_path))
    page.get_by_role("button", name="Go on to the columns").click()
    expect(page.get_by_text("33639980001")).to_be_visible()
    page.get_by_label("What “Cellulaire” is").select_option("phone")
    page.get_by_label("What “Vendu le” is").select_option("at")
    page.get_by_label("What “Ticket” is").select_option("amount")
    page.get_by_label("What “Encaissé” is").select_option("external_id")
    page.get_by_label("Country of numbers without one").fill("FR")
    page.get_by_label("Currency").fill("EUR")
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("0 new, 0 changed, 5 rejected.")).to_be_visible(timeout=30_000)

    # Two were mixed up. What was chosen is still there: only those are chosen anew.
    page.get_by_role("link", name="Change the columns").click()
    expect(page.get_by_label("What “Cellulaire” is")).to_have_value("phone")
    expect(page.get_by_label("Currency")).to_have_value("EUR")
    page.get_by_label("What “Ticket” is").select_option("external_id")
    page.get_by_label("What “Encaissé” is").select_option("amount")
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("3 new, 0 changed, 2 rejected.")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Bring it in").click()
    expect(page.get_by_text("finished").first).to_be_visible(timeout=30_000)
    where = page.url

    # What was refused comes back with its line and its reason.
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the rejects").click()
    refused = download.value.path().read_text("utf-8-sig").splitlines()
    assert refused[0].endswith("Cellulaire,Vendu le,Encaissé,Ticket")
    assert refused[1].startswith("5,")
    assert "a lot" in refused[1]
    assert refused[2].startswith("6,")
    assert "+33639989999" in refused[2]

    # High value and interacted in 7 days: Ines alone. Karim spends as much, Li wrote as lately.
    page.goto("/segments/new/")
    page.get_by_label("Name").first.fill("High value, interacted")
    choose(page, "What:", "average")
    page.get_by_label("Comparison").select_option(">")
    page.locator("input[name='value.n2']").fill("200")
    expect(page.locator("#people")).to_contain_text("2 people")
    page.get_by_role("button", name="Add a condition").click()
    choose(page, "What: Tag", "interacted")
    page.locator("input[name='value.n3']").fill("7")
    expect(page.locator("#people")).to_contain_text("1 person")
    expect(page.locator("#people").get_by_role("link", name="Ines")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("“High value, interacted” is saved.")).to_be_visible()
    segment = page.url

    # The import is taken back: its orders go, its customers stay, and the count follows.
    page.goto(where)
    page.get_by_role("button", name="Undo").click()
    page.locator("#undo-import").get_by_role("button", name="Undo the import").click()
    expect(page.get_by_text("This import was taken back: 3 entries are as before.")).to_be_visible(timeout=30_000)
    wait_until(lambda: not Order.objects.exists(), saying="the orders are still there")
    assert Contact.objects.count() == 3
    page.goto(segment)
    expect(page.locator("#people")).to_contain_text("0 people")
    page.goto("/segments/")
    # The count, and under it of when it is.
    number = page.get_by_role("row", name="High value, interacted").get_by_role("cell").nth(1)
    expect(number).to_have_text(re.compile(r"^0\d\d:\d\d$"))
    assert Segment.objects.get().counted == 0
